"""Who is logged in: /id/{organization}/{user} and /services/oauth2/userinfo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cs_connector.sandbox.wire import Response

SERVICES = {
    "enterprise": "/services/Soap/c/{version}/", "metadata": "/services/Soap/m/{version}/",
    "partner": "/services/Soap/u/{version}/", "rest": "/services/data/v{version}/",
    "sobjects": "/services/data/v{version}/sobjects/", "search": "/services/data/v{version}/search/",
    "query": "/services/data/v{version}/query/", "recent": "/services/data/v{version}/recent/",
}  # fmt: skip
FIRST_NAME, LAST_NAME = "CS", "Connector"


@dataclass(frozen=True, slots=True)
class Identity:
    org_id: str
    user_id: str
    username: str
    base_url: str

    @property
    def url(self) -> str:
        """The identity's address. A real one is at the login host; nothing here leaves this machine."""
        return f"{self.base_url}/id/{self.org_id}/{self.user_id}"

    def body(self) -> dict[str, Any]:
        """What the identity's address answers."""
        return {
            "id": self.url,
            "asserted_user": True,
            "user_id": self.user_id,
            "organization_id": self.org_id,
            "username": self.username,
            "nick_name": "cs-connector",
            "display_name": f"{FIRST_NAME} {LAST_NAME}",
            "email": self.username,
            "email_verified": True,
            "first_name": FIRST_NAME,
            "last_name": LAST_NAME,
            "timezone": "UTC",
            "photos": {},
            "status": {"created_date": None, "body": None},
            "urls": self._urls(),
            "active": True,
            "user_type": "STANDARD",
            "language": "en_US",
            "locale": "en_US",
            "utcOffset": 0,
            "is_app_installed": True,
        }

    def userinfo(self) -> dict[str, Any]:
        """The same person as OpenID Connect says it."""
        return {
            "sub": self.url,
            "user_id": self.user_id,
            "organization_id": self.org_id,
            "preferred_username": self.username,
            "nickname": "cs-connector",
            "name": f"{FIRST_NAME} {LAST_NAME}",
            "email": self.username,
            "email_verified": True,
            "given_name": FIRST_NAME,
            "family_name": LAST_NAME,
            "zoneinfo": "UTC",
            "photos": {},
            "profile": f"{self.base_url}/{self.user_id}",
            "picture": "",
            "address": {},
            "urls": self._urls(),
            "active": True,
            "user_type": "STANDARD",
            "language": "en_US",
            "locale": "en_US",
            "utcOffset": 0,
        }

    def _urls(self) -> dict[str, str]:
        return {name: self.base_url + path for name, path in SERVICES.items()}


def no_identity(why: str, status: int = 403) -> Response:
    """The answer of an identity's address that refuses: a word in plain text."""
    return Response(status, why.encode(), {"Content-Type": "text/html;charset=UTF-8"})
