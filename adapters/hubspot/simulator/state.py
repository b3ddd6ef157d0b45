"""All that a portal holds, in one place that can be copied and put back."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any, Self

from cs_connector.sandbox.clock import SandboxClock

from .account import defaults
from .account.audit import Audit
from .account.segments import Segments
from .errors import Refusal, no_scope, unknown_kind, unsimulated
from .limits import PROFILES, Limits
from .links import links
from .links.links import Links
from .properties.fields import Property
from .properties.rules import Rule
from .records import builtin
from .records.history import History, Source
from .records.kinds import BUILT_IN, Kind
from .records.shelf import Record, Shelf
from .times import DAY_MS, iso, millis, parsed
from .unsimulated import KINDS
from .webhooks.hooks import Hooks

FIRST_ID = 406_260_750_000
BIN_DAYS = 90  # how long what was archived can be restored
_NOUNS = ("companies", "contacts", "deals", "custom", "products", "line_items")
DEFAULT_SCOPES = frozenset(
    {f"crm.objects.{name}.{act}" for name in _NOUNS for act in ("read", "write")}
    | {f"crm.schemas.{name}.{act}" for name in _NOUNS for act in ("read", "write")}
    | {"crm.objects.feedback_submissions.read", "crm.objects.owners.read", "tickets", "oauth"}
    | {"crm.lists.read", "crm.lists.write"}
)


@dataclass(slots=True)
class State:
    """`names` leads from any name of a kind, in lower case, to its type id; `tokens` to an expiry in ms.

    `rules` are those for the values of a property, by type id and name; `blocked` are e-mail addresses of people
    who were deleted for good.
    Of what orders changed and have not put back, `altered` keeps the definitions, `spent` the calls that nobody made.
    """

    clock: SandboxClock
    portal_id: int
    limits: Limits
    shelves: dict[str, Shelf] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    links: Links = field(default_factory=links.built_in)
    owners: dict[str, dict[str, Any]] = field(default_factory=dict)
    pipelines: dict[str, dict[str, dict[str, Any]]] = field(default_factory=defaults.pipelines)
    schemas: dict[str, dict[str, Any]] = field(default_factory=dict)
    tokens: dict[str, int] = field(default_factory=dict)
    scopes: frozenset[str] = DEFAULT_SCOPES
    history: History = field(default_factory=History)
    rules: dict[tuple[str, str], tuple[Rule, ...]] = field(default_factory=dict)
    audit: Audit = field(default_factory=Audit)
    segments: Segments = field(default_factory=Segments)
    hooks: Hooks = field(default_factory=Hooks)
    blocked: frozenset[str] = frozenset()
    next_id: int = FIRST_ID
    next_type: int = 1
    omits_misses: bool = False
    traced: bool = True
    uninstalled: bool = False
    altered: dict[tuple[str, str], Property] = field(default_factory=dict)
    spent: int = 0

    def copy(self) -> Self:
        """A copy that later changes do not touch."""
        return type(self)(
            self.clock,
            self.portal_id,
            self.limits.copy(),
            {type_id: shelf.copy() for type_id, shelf in self.shelves.items()},
            dict(self.names),
            self.links.copy(),
            dict(self.owners),
            {kind: dict(pipelines) for kind, pipelines in self.pipelines.items()},
            dict(self.schemas),
            dict(self.tokens),
            self.scopes,
            self.history.copy(),
            dict(self.rules),
            self.audit.copy(),
            self.segments.copy(),
            self.hooks.copy(),
            self.blocked,
            self.next_id,
            self.next_type,
            self.omits_misses,
            self.traced,
            self.uninstalled,
            dict(self.altered),
            self.spent,
        )

    def adopt(self, other: Self) -> None:
        """Become a copy of another state; whoever holds this one sees it."""
        fresh = other.copy()
        for name in self.__dataclass_fields__:
            setattr(self, name, getattr(fresh, name))

    def now(self) -> int:
        """Milliseconds since 1970, by the clock of the sandbox."""
        return millis(self.clock.now())

    def new_id(self) -> int:
        self.next_id += 1
        return self.next_id

    def shelf(self, name: str) -> Shelf:
        """The records of a kind, by any name that the API knows. Raises Refusal 400, or 501 for a kind that
        only the real portal has.
        """
        type_id = self.names.get(name.lower())
        if type_id is None:
            raise unsimulated(f"the object type {name}") if name.lower() in KINDS else unknown_kind(name)
        return self.shelves[type_id]

    def named(self, name: str) -> Shelf:
        """The same for what is not traffic: a custom object may go by its bare name."""
        bare = (shelf for shelf in self.shelves.values() if shelf.kind.singular == name)
        return next(bare, None) or self.shelf(name)

    def permit(self, kind: Kind, act: str) -> None:
        """Raises Refusal 403 unless the app may `read` or `write` the kind, 405 for a kind without writing."""
        if kind.read_only and act == "write":
            raise Refusal(405, "HTTP 405 Method Not Allowed")
        self.demand(*kind.scopes(act))

    def demand(self, *scopes: str) -> None:
        """Raises Refusal 403 unless the app has one of these scopes."""
        if self.scopes.isdisjoint(scopes):
            raise no_scope(scopes)

    def keep(self, shelf: Shelf, record: Record, source: Source) -> None:
        """Put a record or a new version of it on its shelf, and remember what it changed."""
        old = shelf.live.get(record.id)
        created = parsed(record.properties[shelf.kind.created])
        before = None if old is None else old.properties
        moved = old is None or old.modified != record.modified
        now = record.modified if moved else self.now()
        moments = (now, created)
        self.history.note((shelf.kind.type_id, record.id), before, record.properties, moments, source)
        if old is not None:
            self.hooks.changed(shelf.kind, record.id, (old.properties, record.properties), now, source)
        shelf.put(record)

    def tidied(self, shelf: Shelf) -> Shelf:
        """The shelf, with what was archived too long ago gone for good."""
        if not shelf.bin:
            return shelf
        until = iso(self.now() - BIN_DAYS * DAY_MS)
        old = takewhile(lambda record: (record.archived_at or "") < until, shelf.bin.values())
        for record_id in [record.id for record in old]:
            shelf.purge(record_id)
            self.history.forget((shelf.kind.type_id, record_id))
        return shelf

    def add_kind(self, kind: Kind) -> Shelf:
        """An empty shelf for a kind, with the properties and the group that it always has."""
        own = kind.singular if kind.custom else kind.name
        name, label = builtin.group(own)
        group = {"name": name, "label": label, "displayOrder": 0, "archived": False}
        lag = self.limits.sizes.index_lag_ms
        shelf = Shelf(kind, builtin.properties(own), {name: group}, lag=lag, portal=self.portal_id)
        self.shelves[kind.type_id] = shelf
        self.names |= dict.fromkeys(kind.names(), kind.type_id)
        return shelf

    def drop_kind(self, kind: Kind) -> None:
        """Forget a kind with its records, its links and the types of its associations."""
        del self.shelves[kind.type_id]
        self.names = {name: type_id for name, type_id in self.names.items() if type_id != kind.type_id}
        self.schemas.pop(kind.type_id, None)
        self.links.forget(kind.type_id)

    def allowed(self, kind: Kind, prop: Property) -> Collection[str] | None:
        """The values that a property takes; None where any will do."""
        match prop.reference:
            case "OWNER":
                return {owner_id for owner_id, owner in self.owners.items() if not owner["archived"]}
            case "PIPELINE":
                return self.pipelines.get(kind.name, {}).keys()
            case "STAGE":
                pipelines = self.pipelines.get(kind.name, {}).values()
                return {stage["id"] for pipeline in pipelines for stage in pipeline["stages"]}
        if prop.type not in ("enumeration", "bool"):
            return None
        # Of HubSpot's own, and of those whose options are kept elsewhere, not all are known here.
        unknown = prop.spec.get("hubspotDefined") or prop.spec.get("externalOptions")
        return prop.values or (None if unknown else prop.values)


def new_state(clock: SandboxClock, portal_id: int, profile: str) -> State:
    """A portal as it is on its first day. Raises KeyError for an unknown profile."""
    state = State(clock, portal_id, Limits(PROFILES[profile]))
    for kind in BUILT_IN:
        state.add_kind(kind)
    return state
