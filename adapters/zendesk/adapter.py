"""The connection to one Zendesk account."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar
from urllib.parse import urlencode

import msgspec
from requests import Response

from cs_connector.errors import AdapterError, AuthFailed, UsageError
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
    ObjectInfo,
    Page,
    Piece,
    Read,
    Receipt,
    Surroundings,
    Usage,
)
from cs_connector.transport import Transport
from cs_connector.transport.looking import look
from cs_connector.transport.oauth import Login

from .auth import SCOPES, STEPS
from .auth import Settings as ZendeskSettings
from .client import client, objects
from .counting import Counter
from .discovery import OWN, defined, documents
from .errors import classify
from .memberships import NOUN as MEMBERSHIPS
from .memberships import Memberships
from .objects import OrganizationField
from .provisioning import Provisioner, face
from .reading import Reader
from .writing import Writer

_FIELDS = {
    "organizations": "id name domain_names external_id created_at updated_at deleted_at details notes tags",
    "users": "id name email phone organization_id role active suspended created_at updated_at",
    "tickets": "id subject type status priority organization_id requester_id created_at updated_at",
    MEMBERSHIPS: "id user_id organization_id default organization_name created_at updated_at",
    "satisfaction_ratings": "id score ticket_id requester_id created_at updated_at",
    "survey_responses": "id responder_id subjects answers",
}


_PAGES = frozenset({"organizations", "users", "tickets"})


class _Current(msgspec.Struct):
    scopes: tuple[str, ...] = ()


class _Token(msgspec.Struct):
    token: _Current


class Zendesk(Assembled[Writer, Provisioner]):
    """Reads organizations, users, tickets and survey answers; writes organization fields."""

    crm: ClassVar[str] = "zendesk"
    Settings: ClassVar[type[ZendeskSettings]] = ZendeskSettings
    # a hundred jobs, which are asked for at once
    capabilities: ClassVar[Capabilities] = Capabilities(batch=10_000)

    def __init__(self, settings: ZendeskSettings, around: Surroundings) -> None:
        self._settings = settings
        self._login = Login(settings.client, around, self._exchange)
        self._transport = Transport(
            connection=around.connection,
            hosts=(f"{settings.subdomain}.zendesk.com",),
            clock=around.clock,
            base=settings.base_url,
            ca_file=settings.ca_file,
            authorize=self._login.authorize,
            classify=classify,
            renew=self._login.renew if settings.oauth else None,
            meter=around.meter,
        )
        self._objects = objects(self._transport, settings.subdomain, settings.host)
        self._reader = Reader(self._transport, settings.host, around.clock, around.notes)
        self._memberships = Memberships(self._transport, settings.host, around.clock, settings.sweep_seconds)
        self._counter = Counter(self._transport, settings.host)
        self._provisioner = Provisioner(self._transport, settings.host)
        self._writer = Writer(self._transport, settings.host, around.clock, around.notes)

    scopes = SCOPES
    steps = STEPS

    def consent(self, redirect: str, state: str) -> str | None:
        if not self._settings.oauth:
            return None
        query = {
            "response_type": "code", "client_id": self._settings.client_id, "redirect_uri": redirect,
            "scope": self._settings.scope, "state": state,
        }  # fmt: skip
        return f"{self._settings.base_url or self._settings.host}/oauth/authorizations/new?{urlencode(query)}"

    def approve(self, code: str, redirect: str) -> None:
        self._login.approve(code, redirect)

    def check(self) -> Identity:
        me = self._objects.me()
        if me.id is None:
            raise AuthFailed(
                "Zendesk does not know this login",
                why="it answered as to an anonymous visitor",
                fix="check the credentials of the connection, then: cs-connector doctor",
            )
        return Identity(
            crm=self.crm,
            org_id=self._settings.subdomain,
            name=f"Zendesk {self._settings.subdomain}",
            sandbox=self._settings.sandbox or self._settings.base_url is not None,
            user_id=str(me.id),
            scopes=self._scopes(),
        )

    def describe(self, objects: Sequence[str]) -> Sequence[ObjectInfo]:
        return [self._describe(name) for name in objects if name in _FIELDS]

    def read(self, read: Read) -> Iterator[Page]:
        return self._memberships.read(read) if read.object == MEMBERSHIPS else self._reader.read(read)

    def estimate(self, read: Read) -> Estimate:
        found = self._counter.estimate(read)
        return replace(found, exact=found.exact and not self._reader.may_ask_more(read))

    def total(self, object_name: str) -> int | None:
        return self._counter.total(object_name)

    def ids(self, object_name: str) -> Iterator[Sequence[str]]:
        return self._counter.ids(object_name)

    def metadata(self, objects: Sequence[str]) -> Iterator[Document]:
        return documents(self._transport, self._settings.host, objects)

    def shown(self, document: Document) -> ObjectInfo | None:
        name = next((name for name, noun in OWN.items() if noun == document.path), None)
        if name is None:
            return None
        found = msgspec.convert(document.body[document.path], list[OrganizationField])
        fields = [replace(_field(f), name=f"{document.path}.{f.key}", writable=False) for f in found]
        return ObjectInfo(name, (*_plain(name), *fields), writable=name == "organizations")

    def find(self, object_name: str, key_field: str, keys: Sequence[str]) -> Mapping[str, str]:
        if object_name != "organizations":
            raise UsageError(f"{object_name} of Zendesk are not found by key", fix="only organizations are")
        return self._writer.lookup.find(key_field, keys)

    def resume(self, changes: Sequence[Change]) -> Sequence[Receipt]:
        return self._writer.lookup.resume(changes)

    def address(self, object_name: str, record_id: str) -> str | None:
        """A page for agents."""
        if object_name not in _PAGES:
            return None
        return f"{self._settings.base_url or self._settings.host}/agent/{object_name}/{record_id}"

    def face(self, parts: Sequence[str]) -> Sequence[Piece]:
        return face(parts)

    def look(self, ask: Ask) -> Answer:
        return look(self._transport, f"{self._settings.host}/api/v2", ask)

    def usage(self) -> Usage:
        """Zendesk counts by the minute, so there is no allowance to report."""
        return self._transport.usage

    def close(self) -> None:
        self._transport.close()

    def client(self) -> Any:
        """The client library zenpy on this connection. Raises ConfigError where it is not installed."""
        return client(self._transport, self._settings.subdomain)

    def _exchange(self, form: Mapping[str, str]) -> Response:
        with self._transport.bare(), self._transport.safe():
            return self._transport.post(self._settings.token_address, data=form)

    def _scopes(self) -> tuple[str, ...]:
        try:
            response = self._transport.get(f"{self._settings.host}/api/v2/oauth/tokens/current.json")
            return msgspec.json.decode(response.content, type=_Token).token.scopes if response.ok else ()
        except (AdapterError, msgspec.MsgspecError):  # a narrow login may not look at itself
            return ()

    def _describe(self, name: str) -> ObjectInfo:
        fields = list(_plain(name))
        if name == "organizations":
            own = [_field(found) for found in self._objects.organization_fields()]
            fields += [*own, *(_read_as(field) for field in own)]
        elif name in OWN:
            fields += self._own(OWN[name])
        return ObjectInfo(name, tuple(fields), writable=name == "organizations")

    def _own(self, noun: str) -> Iterator[FieldInfo]:
        """The customer's own fields, by the names under which a mapping reads them."""
        for told in defined(self._transport, f"{self._settings.host}/api/v2/{noun}.json", noun):
            field = _field(msgspec.convert(told, OrganizationField))
            yield replace(field, name=f"{noun}.{field.name}", writable=False)


def _plain(name: str) -> Iterator[FieldInfo]:
    return (FieldInfo(field, "string", writable=False) for field in _FIELDS[name].split())


def _read_as(field: FieldInfo) -> FieldInfo:
    """A field of the customer's own, by the name under which a mapping reads it."""
    return replace(field, name=f"organization_fields.{field.name}", writable=False)


def _field(found: OrganizationField) -> FieldInfo:
    return FieldInfo(
        name=found.key,
        type=found.type,
        label=found.title,
        writable=found.active,
        values=tuple(o.value for o in found.custom_field_options or ()),
        about=found.description or "",
    )
