"""The connection to one HubSpot portal."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import urlencode

import msgspec
from requests import Response

from cs_connector.errors import AdapterError, ConfigError, NotPermitted
from cs_connector.ports import (
    Answer,
    Ask,
    Assembled,
    Capabilities,
    Change,
    Document,
    Estimate,
    FieldInfo,
    Identity,
    Merging,
    ObjectInfo,
    Page,
    Piece,
    Read,
    Receipt,
    Surroundings,
    Usage,
)
from cs_connector.transport import Transport, bucket
from cs_connector.transport.looking import look
from cs_connector.transport.oauth import Login
from cs_connector.transport.sensible import sensible

from .auth import OPTIONAL, SCOPES, STEPS, WEBSITE
from .auth import Settings as HubSpotSettings
from .client import client
from .columns import MERGED
from .counting import Counter
from .discovery import documents
from .errors import classify
from .linking import FIELDS, Linker, is_link, linked
from .paths import HOST, Paths
from .provisioning import Provisioner, face
from .reading import Reader
from .writing import Lookup, Writer

_OWNER_FIELDS = ("id", "email", "firstName", "lastName", "userId", "archived")
_TYPES = {"contacts": "0-1", "companies": "0-2", "deals": "0-3", "tickets": "0-5", "tasks": "0-27"}
_OWN = re.compile(r"2-\d+")  # an object of the portal's own
_READ_ONLY = frozenset({"feedback_submissions", "owners"})


class _Account(msgspec.Struct, rename="camel"):
    portal_id: int
    account_type: str = "STANDARD"
    ui_domain: str = WEBSITE.removeprefix("https://")


class _Introspection(msgspec.Struct):
    active: bool = True
    scopes: tuple[str, ...] = ()
    user_id: int | None = None


class _Option(msgspec.Struct):
    value: str
    hidden: bool = False


class _Modification(msgspec.Struct, rename="camel"):
    read_only_value: bool = False


class _Property(msgspec.Struct, rename="camel"):
    name: str
    type: str
    label: str = ""
    description: str | None = None
    has_unique_value: bool = False
    calculated: bool = False
    options: list[_Option] = []
    modification_metadata: _Modification = msgspec.field(default_factory=_Modification)


class _Properties(msgspec.Struct):
    results: list[_Property]


_UNCOUNTED = frozenset({"owners", "feedback_submissions"})  # not in the search index of every portal


class HubSpot(Assembled[Writer, Provisioner]):
    """Reads companies, contacts, feedback, deals, tasks and owners; writes company fields and tasks."""

    crm: ClassVar[str] = "hubspot"
    Settings: ClassVar[type[HubSpotSettings]] = HubSpotSettings
    capabilities: ClassVar[Capabilities] = Capabilities(
        upsert=frozenset({"companies", "tasks"}), merging=Merging(losers=f"properties.{MERGED}"), history=True,
        batch=1000, owners=frozenset({"INVALID_OWNER_ID"}),
    )  # fmt: skip

    def __init__(self, settings: HubSpotSettings, around: Surroundings) -> None:
        self._settings, self._around = settings, around
        self._paths = Paths(settings.paths)
        self._login = Login(settings.client, around, self._exchange)
        self._transport = Transport(
            connection=around.connection,
            hosts=("api.hubapi.com",),
            clock=around.clock,
            base=settings.base_url,
            ca_file=settings.ca_file,
            authorize=self._login.authorize,
            classify=classify,
            renew=self._login.renew if settings.oauth else None,
            quota=_quota,
            limiter=bucket(around, "calls", 9, 10),  # the smallest allowance is 100 in 10 seconds
            meter=around.meter,
        )
        self._reader = Reader(self._transport, self._paths, around)
        self._linker = Linker(self._transport, self._paths, self._reader, settings.sweep_millis)
        self._counter = Counter(self._transport, self._paths, self._reader.searches)
        self._provisioner = Provisioner(self._transport, self._paths, self._counter)
        self._lookup = Lookup(self._transport, self._paths)
        self._writer = Writer(self._transport, self._paths, self._lookup)
        self._account: _Account | None = None

    scopes = SCOPES
    steps = STEPS

    def consent(self, redirect: str, state: str) -> str | None:
        if not self._settings.oauth:
            return None
        names = " ".join(["oauth", *(scope.name for scope in SCOPES)])
        query = {
            "client_id": self._settings.client_id,
            "redirect_uri": redirect,
            "scope": names,
            "optional_scope": " ".join(scope.name for scope in OPTIONAL),
            "state": state,
        }
        return f"{self._settings.base_url or WEBSITE}/oauth/authorize?{urlencode(query)}"

    def approve(self, code: str, redirect: str) -> None:
        self._login.approve(code, redirect)

    def check(self) -> Identity:
        with sensible("HubSpot"):
            account = msgspec.json.decode(self._get(self._paths.account).content, type=_Account)
        self._expect(str(account.portal_id))
        self._account = account
        token = self._introspect()
        return Identity(
            crm=self.crm,
            org_id=str(account.portal_id),
            name=f"HubSpot portal {account.portal_id}",
            sandbox=account.account_type != "STANDARD",
            user_id=str(token.user_id or ""),
            scopes=token.scopes,
        )

    def describe(self, objects: Sequence[str]) -> Sequence[ObjectInfo]:
        return [info for name in objects if (info := self._describe(name))]

    def read(self, read: Read) -> Iterator[Page]:
        return self._linker.read(read) if is_link(read.object) else self._reader.read(read)

    def estimate(self, read: Read) -> Estimate:
        by = self._linker if is_link(read.object) else self._reader
        return by.estimate(read, self._counter)

    def total(self, object_name: str) -> int | None:
        kind = linked(object_name)
        return None if kind in _UNCOUNTED else self._counter.total(kind)

    def ids(self, object_name: str) -> Iterator[Sequence[str]]:
        return self._counter.ids(linked(object_name))

    def metadata(self, objects: Sequence[str]) -> Iterator[Document]:
        return documents(self._transport, self._paths, objects)

    def shown(self, document: Document) -> ObjectInfo | None:
        kind, _, name = document.path.partition("/")
        if kind != "properties":
            return None
        found = msgspec.convert(document.body, _Properties).results
        return ObjectInfo(name, tuple(map(_field, found)), writable=name not in _READ_ONLY)

    def find(self, object_name: str, key_field: str, keys: Sequence[str]) -> Mapping[str, str]:
        return self._lookup.find(object_name, key_field, keys)

    def resume(self, changes: Sequence[Change]) -> Sequence[Receipt]:
        return self._lookup.resume(changes)

    def address(self, object_name: str, record_id: str) -> str | None:
        """A page of the portal; None before `check` where the settings do not name the portal."""
        kind = _TYPES.get(object_name, object_name if _OWN.fullmatch(object_name) else "")
        portal = str(self._account.portal_id) if self._account else self._settings.portal_id
        if not kind or not portal:
            return None
        site = f"https://{self._account.ui_domain}" if self._account else WEBSITE
        return f"{self._settings.base_url or site}/contacts/{portal}/record/{kind}/{record_id}"

    def face(self, parts: Sequence[str]) -> Sequence[Piece]:
        return face(parts)

    def filled(self, pieces: Sequence[Piece]) -> Sequence[int | None]:
        return self._provisioner.filled(pieces)

    def look(self, ask: Ask) -> Answer:
        return look(self._transport, HOST, ask)

    def usage(self) -> Usage:
        return self._transport.usage

    def close(self) -> None:
        self._transport.close()

    def client(self) -> Any:
        """HubSpot's client library on this connection. Raises ConfigError where it is not installed."""
        return client(self._transport, self._paths)

    def _expect(self, portal: str) -> None:
        wanted = self._settings.portal_id
        if wanted and wanted != portal:
            raise ConfigError(
                f"The login is for portal {portal}, not {wanted}",
                safe="nothing was read or written",
                fix="correct portal_id, or connect again in the right portal",
            )

    def _exchange(self, form: Mapping[str, str]) -> Response:
        with self._transport.bare(), self._transport.safe():
            return self._transport.post(self._settings.token_address, data=form)

    def _introspect(self) -> _Introspection:
        """What the login may do; a static app token cannot be asked."""
        if not self._settings.oauth:
            return _Introspection()
        form = {
            "token": self._login.current(),
            "token_type_hint": "access_token",
            "client_id": self._settings.client_id,
            "client_secret": self._settings.client_secret.get_secret_value(),
        }
        with self._transport.bare(), self._transport.safe():
            response = self._transport.post(f"{self._settings.token_address}/introspect", data=form)
        if not response.ok:
            return _Introspection()
        return msgspec.json.decode(response.content, type=_Introspection)

    def _describe(self, name: str) -> ObjectInfo | None:
        if name == "owners":
            fields = tuple(FieldInfo(n, "string", writable=False) for n in _OWNER_FIELDS)
            return ObjectInfo(name, fields, writable=False, incremental=False)
        if is_link(name):
            return ObjectInfo(
                name, tuple(FieldInfo(n, "string", writable=False) for n in FIELDS), writable=False
            )
        library = self.client()
        from hubspot.crm.properties import ApiException

        try:
            reply = library.crm.properties.core_api.get_all(name, _preload_content=False)
        except (ApiException, NotPermitted):
            return None
        with sensible("HubSpot"):
            found = msgspec.json.decode(reply.data, type=_Properties).results
        return ObjectInfo(name, tuple(map(_field, found)), writable=name not in _READ_ONLY)

    def _get(self, path: str) -> Response:
        response = self._transport.get(path)
        if not response.ok:
            raise AdapterError(f"HubSpot answered {response.status_code}", why=f"asked for {path}")
        return response


def _field(found: _Property) -> FieldInfo:
    return FieldInfo(
        name=found.name,
        type=found.type,
        label=found.label,
        writable=not (found.modification_metadata.read_only_value or found.calculated),
        unique=found.has_unique_value,
        values=tuple(o.value for o in found.options),
        about=found.description or "",
    )


def _quota(response: Response) -> tuple[int, int] | None:
    """The calls of a day; OAuth answers do not tell them."""
    limit = response.headers.get("X-HubSpot-RateLimit-Daily", "")
    left = response.headers.get("X-HubSpot-RateLimit-Daily-Remaining", "")
    return (int(limit), int(left)) if limit.isdigit() and left.isdigit() else None
