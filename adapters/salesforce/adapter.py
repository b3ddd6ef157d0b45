"""The Salesforce adapter: one connection to one organisation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from functools import cached_property
from typing import Any, ClassVar
from urllib.parse import quote_plus

import msgspec
from pydantic import BaseModel

from cs_connector.errors import ConfigError, Rejected, Unavailable
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
    Release,
    Storage,
    Surroundings,
    Usage,
)
from cs_connector.transport import Transport
from cs_connector.transport.looking import look
from cs_connector.transport.routing import is_loopback
from cs_connector.transport.sensible import sensible

from . import auth
from .client import client
from .counting import Counter
from .discovery import documents
from .errors import allowance, classify, decode
from .features import OPTIONAL
from .provisioning.assembly import assembled
from .provisioning.face import face
from .provisioning.provisioner import Provisioner
from .reading import Reader
from .soql import by_key, long_id
from .versions import release
from .writing import Writer
from .writing.looking import AT_ONCE
from .writing.meaning import NUMBERS
from .writing.verdicts import OWNERS

HOSTS = ("*.salesforce.com", "*.force.com")
_STAND_IN = "https://sandbox.my.salesforce.com"  # the address of an org that lives on this machine
BATCH = 20_000  # changes: a job of the Bulk API that two batches of Salesforce hold
_KEYED = frozenset({"Account", "Task", "CS_Relationship__c", "CS_Health_Snapshot__c", "CS_Heartbeat__c"})


class Choice(msgspec.Struct):
    value: str
    active: bool = True


class Described(msgspec.Struct):
    """A field of a describe."""

    name: str
    type: str
    label: str = ""
    createable: bool = False
    updateable: bool = False
    nillable: bool = True
    unique: bool = False
    length: int = 0
    precision: int = 0
    digits: int = 0
    scale: int = 0
    restricted: bool = msgspec.field(default=False, name="restrictedPicklist")
    choices: list[Choice] = msgspec.field(default_factory=list, name="picklistValues")
    refers_to: tuple[str, ...] = msgspec.field(default=(), name="referenceTo")
    relation: str | None = msgspec.field(default=None, name="relationshipName")


class RecordType(msgspec.Struct):
    """`available` to our user: another one may stand in records, but we may not set it."""

    id: str = msgspec.field(name="recordTypeId")
    active: bool = True
    available: bool = True


class Description(msgspec.Struct):
    name: str
    fields: list[Described]
    label: str = ""
    queryable: bool = True
    createable: bool = False
    updateable: bool = False
    record_types: list[RecordType] = msgspec.field(default_factory=list, name="recordTypeInfos")


class User(msgspec.Struct):
    user_id: str
    organization_id: str


class Organisation(msgspec.Struct):
    name: str = msgspec.field(name="Name")
    sandbox: bool = msgspec.field(name="IsSandbox")


class Organisations(msgspec.Struct):
    records: list[Organisation]


class Found(msgspec.Struct):
    records: list[dict[str, Any]]
    done: bool
    next: str | None = msgspec.field(default=None, name="nextRecordsUrl")


class Salesforce(Assembled[Writer, Provisioner]):
    crm: ClassVar[str] = "salesforce"
    Settings: ClassVar[type[BaseModel]] = auth.Settings
    capabilities: ClassVar[Capabilities] = Capabilities(
        upsert=_KEYED, merging=Merging(into="MasterRecordId"), batch=BATCH, seen=AT_ONCE, owners=OWNERS
    )

    def __init__(self, settings: auth.Settings, around: Surroundings) -> None:
        self._settings = settings
        self._login = auth.Login(settings, around)
        self._session = Transport(
            connection=around.connection,
            hosts=HOSTS,
            clock=around.clock,
            base=settings.base_url,
            ca_file=settings.ca_file,
            authorize=self._login.authorize,
            renew=self._login.renew,
            classify=classify,
            quota=allowance,
            meter=around.meter,
        )
        self._login.session = self._session
        self._described: dict[str, bytes | None] = {}
        anew = timedelta(hours=settings.formula_hours)
        self._reader = Reader(
            self._session, self._root, around.clock, self._description, settings.bulk_from, anew
        )
        self._counter = Counter(self._session, self._root, self._reader)
        self._writer = Writer(
            self._session, self._origin, self._root, around, self._fields, settings.bulk_write_from
        )
        self._provisioner = assembled(self._session, self._login, self._origin, settings.api_version)

    scopes = auth.SCOPES
    steps = auth.STEPS

    def check(self) -> Identity:
        token = self._login.token()
        user: User = decode(self._session.get(f"{self._origin()}/services/oauth2/userinfo").content, User)
        found = self._organisations()
        if not found.records:
            raise Unavailable("Salesforce did not say which organisation this is")
        org = found.records[0]
        org_id, user_id = long_id(user.organization_id), long_id(user.user_id)
        return Identity(self.crm, org_id, org.name, org.sandbox, user_id, tuple(token.scope.split()))

    def _organisations(self) -> Organisations:
        salesforce = self._client
        from simple_salesforce.exceptions import SalesforceError

        try:
            with sensible("Salesforce", SalesforceError):
                answer = salesforce.query("SELECT Name, IsSandbox FROM Organization")
                return msgspec.convert(answer, Organisations)
        except Rejected as error:
            known = self.release()
            if known.taken:
                raise
            raise ConfigError(
                f"Salesforce does not take version {known.pinned} of its API",
                why=f"this org takes {known.oldest} to {known.newest}",
                safe="nothing was read or written",
                fix="set api_version of the connection in cs-connector.yml to one of these",
            ) from error

    def release(self) -> Release:
        return release(self._session, self._origin(), self._settings.api_version)

    def describe(self, objects: Sequence[str]) -> Sequence[ObjectInfo]:
        return [info for name in objects if (info := self._describe(name))]

    def read(self, read: Read) -> Iterator[Page]:
        return self._reader.pages(read)

    def estimate(self, read: Read) -> Estimate:
        return self._counter.estimate(read)

    def total(self, object_name: str) -> int | None:
        return self._counter.total(object_name)

    def ids(self, object_name: str) -> Iterator[Sequence[str]]:
        return self._counter.ids(object_name)

    def metadata(self, objects: Sequence[str]) -> Iterator[Document]:
        return documents(self._session, self._root(), objects)

    def shown(self, document: Document) -> ObjectInfo | None:
        if not document.path.startswith("describe/"):
            return None
        return _object_info(msgspec.convert(document.body, Description))

    def resume(self, changes: Sequence[Change]) -> Sequence[Receipt]:
        return self._writer.resume(changes)

    def address(self, object_name: str, record_id: str) -> str:
        host = self._settings.instance_url or self._login.token().instance_url
        return f"{host.rstrip('/')}/lightning/r/{object_name}/{record_id}/view"

    def find(self, object_name: str, key_field: str, keys: Sequence[str]) -> Mapping[str, str]:
        given = {key.casefold(): key for key in keys}  # a unique key does not depend on case
        found: dict[str, str] = {}
        for query in by_key(object_name, key_field, keys):
            for record in self._rows(query):
                key = str(record[key_field])
                found[given.get(key.casefold(), key)] = long_id(record["Id"])
        return found

    def face(self, parts: Sequence[str]) -> Sequence[Piece]:
        return face(parts)

    def filled(self, pieces: Sequence[Piece]) -> Sequence[int | None]:
        return self._provisioner.filled(pieces)

    def storage(self) -> Storage | None:
        return self._provisioner.storage()

    def look(self, ask: Ask) -> Answer:
        return look(self._session, self._root(), ask)

    def usage(self) -> Usage:
        return self._session.usage

    def close(self) -> None:
        self._session.close()

    def _origin(self) -> str:
        """The address of the org; one on this machine is reached under a stand-in, see the transport."""
        address = self._settings.instance_url or self._login.token().instance_url
        return _STAND_IN if is_loopback(address) and self._settings.base_url else address.rstrip("/")

    def _root(self) -> str:
        return f"{self._origin()}/services/data/v{self._settings.api_version}"

    @cached_property
    def _client(self) -> Any:
        return client(self._session, self._origin(), self._settings.api_version)

    def _describe(self, name: str) -> ObjectInfo | None:
        content = self._description(name)
        return _object_info(decode(content, Description)) if content else None

    def _description(self, name: str) -> bytes | None:
        """A describe as it came, None for an object that is not there; asked once by an adapter, which lives for one run."""
        if name in self._described:
            return self._described[name]
        found = self._asked(name)
        if found is not None or name in OPTIONAL:  # others may be ours, and made at any moment
            self._described[name] = found
        return found

    def _asked(self, name: str) -> bytes | None:
        try:
            return self._session.get(f"{self._root()}/sobjects/{name}/describe").content
        except Rejected as error:
            if error.code == "NOT_FOUND":
                return None
            raise

    def _fields(self, name: str) -> Mapping[str, FieldInfo]:
        info = self._describe(name)
        return {field.name: field for field in info.fields} if info else {}

    def _rows(self, query: str) -> Iterator[dict[str, Any]]:
        url: str | None = f"{self._root()}/query?q={quote_plus(query)}"
        while url:
            answer: Found = decode(self._session.get(url).content, Found)
            yield from answer.records
            url = f"{self._origin()}{answer.next}" if answer.next else None


def _object_info(found: Description) -> ObjectInfo:
    return ObjectInfo(
        found.name,
        tuple(_field_info(field, found.record_types) for field in found.fields),
        readable=found.queryable,
        writable=found.createable or found.updateable,
        incremental=any(field.name == "SystemModstamp" for field in found.fields),
        label=found.label,
    )


def _field_info(found: Described, record_types: Iterable[RecordType]) -> FieldInfo:
    return FieldInfo(
        found.name,
        found.type,
        label=found.label,
        writable=found.createable or found.updateable,
        nullable=found.nillable,
        unique=found.unique,
        length=found.length or found.precision or found.digits or None,
        values=tuple(choice.value for choice in found.choices if choice.active),
        refers_to=found.refers_to,
        called=f"{found.relation}.Name" if found.relation else "",
        scale=found.scale if found.type in NUMBERS else None,
        restricted=found.restricted,
        choices=tuple(kind.id for kind in record_types if kind.active and kind.available)
        if found.refers_to == ("RecordType",)
        else (),
    )
