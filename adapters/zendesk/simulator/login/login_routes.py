"""What the API tells of the tokens that it is asked with."""

from __future__ import annotations

from cs_connector.sandbox.wire import Response

from ..answers import empty, not_found, reply
from ..call import Call
from ..paths import Routes
from ..records.paging import whole
from ..state import State
from .oauth import Logins
from .tokens import view


class LoginRoutes:
    def __init__(self, state: State, logins: Logins) -> None:
        self._logins, self._url = logins, state.url("").rstrip("/")

    def routes(self) -> Routes:
        return {
            ("GET", "oauth/tokens"): self.all,
            ("GET", "oauth/tokens/current"): self.current,
            ("DELETE", "oauth/tokens/current"): self.revoke_current,
            ("GET", "oauth/tokens/:id"): self.show,
            ("DELETE", "oauth/tokens/:id"): self.revoke,
        }

    def all(self, call: Call) -> Response:
        rows = [view(token, self._url) for token in self._logins.tokens.all()]
        return reply({"tokens": rows, **whole(call, len(rows))})

    def current(self, call: Call) -> Response:
        return reply({"token": view(self._logins.current(call.request), self._url)})

    def show(self, call: Call) -> Response:
        token = self._logins.tokens.get(int(call.ident))
        if token is None:
            raise not_found()
        return reply({"token": view(token, self._url)})

    def revoke_current(self, call: Call) -> Response:
        self._logins.tokens.revoke(self._logins.current(call.request).id)
        return empty()

    def revoke(self, call: Call) -> Response:
        if not self._logins.tokens.revoke(int(call.ident)):
            raise not_found()
        return empty()
