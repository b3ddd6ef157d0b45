"""Where things are at HubSpot, in both families of addresses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

HOST = "https://api.hubapi.com"
Version = Literal["2026-03", "v3"]

_DATED = {
    "objects": "/crm/objects/2026-03/{a}",
    "links": "/crm/associations/2026-03/{a}/{b}",
    "properties": "/crm/properties/2026-03/{a}",
    "pipelines": "/crm/pipelines/2026-03/{a}",
    "schemas": "/crm-object-schemas/2026-03/schemas",
    "owners": "/crm/owners/2026-03",
    "account": "/account-info/2026-03/details",
    "token": "/oauth/2026-03/token",
}
_NUMBERED = {
    "objects": "/crm/v3/objects/{a}",
    "links": "/crm/v4/associations/{a}/{b}",
    "properties": "/crm/v3/properties/{a}",
    "pipelines": "/crm/v3/pipelines/{a}",
    "schemas": "/crm/v3/schemas",
    "owners": "/crm/v3/owners",
    "account": "/account-info/v3/details",
    "token": "/oauth/v3/token",
}


@dataclass(frozen=True, slots=True)
class Paths:
    """Absolute addresses of one family; dated ones are the default, numbered ones end in 2027."""

    version: Version = "2026-03"

    def objects(self, kind: str, rest: str = "") -> str:
        return self._at("objects", kind) + rest

    def links(self, start: str, end: str, rest: str) -> str:
        return self._at("links", start, end) + rest

    def properties(self, kind: str) -> str:
        return self._at("properties", kind)

    def pipelines(self, kind: str) -> str:
        return self._at("pipelines", kind)

    @property
    def schemas(self) -> str:
        return self._at("schemas")

    @property
    def owners(self) -> str:
        return self._at("owners")

    @property
    def account(self) -> str:
        return self._at("account")

    @property
    def token(self) -> str:
        return self._at("token")

    def translate(self, url: str) -> str:
        """An address as HubSpot's client library writes it (v3, v4), in this family."""
        if self.version == "v3":
            return url
        for use, old in _NUMBERED.items():
            stem, new = old.split("{")[0], _DATED[use].split("{")[0]
            if url.startswith(HOST + stem):
                return HOST + new + url.removeprefix(HOST + stem)
        return url

    def _at(self, use: str, a: str = "", b: str = "") -> str:
        table = _DATED if self.version == "2026-03" else _NUMBERED
        return HOST + table[use].format(a=a, b=b)
