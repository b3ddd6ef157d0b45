"""How OAuth says no: an object, not the array of the other answers."""

from __future__ import annotations

from cs_connector.sandbox.wire import Response

from ..answers import as_json


class Refused(Exception):
    """A request to /services/oauth2 is refused; `code` is OAuth's."""

    def __init__(self, code: str, why: str, status: int = 400) -> None:
        super().__init__(why)
        self.code, self.why, self.status = code, why, status

    def response(self) -> Response:
        body = {"error": self.code, "error_description": self.why}
        return as_json(body, self.status, {"Cache-Control": "no-store"})
