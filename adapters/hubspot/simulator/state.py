"""All that a portal holds, in one place that can be copied and put back."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Self

from cs_connector.sandbox.clock import SandboxClock

from . import builtin, defaults, links
from .errors import Refusal, bad_request, no_scope
from .fields import Property
from .kinds import BUILT_IN, Kind
from .limits import PROFILES, Limits
from .links import Links
from .shelf import Shelf
from .times import millis

FIRST_ID = 406_260_750_000
DEFAULT_SCOPES = frozenset(
    {
        f"crm.objects.{name}.{act}"
        for name in ("companies", "contacts", "deals", "custom")
        for act in ("read", "write")
    }
    | {
        f"crm.schemas.{name}.{act}"
        for name in ("companies", "contacts", "deals", "custom")
        for act in ("read", "write")
    }
    | {"crm.objects.feedback_submissions.read", "crm.objects.owners.read", "tickets", "oauth"}
)


@dataclass(slots=True)
class State:
    """`names` leads from any name of a kind, in lower case, to its type id; `tokens` to an expiry in ms."""

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
    next_id: int = FIRST_ID
    next_type: int = 1
    omits_misses: bool = False

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
            self.next_id,
            self.next_type,
            self.omits_misses,
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
        """The records of a kind, by any of its names. Raises Refusal 400."""
        type_id = self.names.get(name.lower())
        if type_id is None:
            raise bad_request(f"Unable to infer object type from: {name}")
        return self.shelves[type_id]

    def permit(self, kind: Kind, act: str) -> None:
        """Raises Refusal 403 unless the app may `read` or `write` the kind, 405 for a kind without writing."""
        if kind.read_only and act == "write":
            raise Refusal(405, "HTTP 405 Method Not Allowed")
        missing = [scope for scope in kind.scopes(act) if scope not in self.scopes]
        if missing:
            raise no_scope(missing)

    def add_kind(self, kind: Kind) -> Shelf:
        """An empty shelf for a kind, with the properties and the group that it always has."""
        own = kind.singular if kind.custom else kind.name
        name, label = builtin.group(own)
        group = {"name": name, "label": label, "displayOrder": 0, "archived": False}
        shelf = Shelf(kind, builtin.properties(own), {name: group})
        self.shelves[kind.type_id] = shelf
        self.names |= dict.fromkeys(kind.names(), kind.type_id)
        return shelf

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
        return (prop.values or None) if prop.type in ("enumeration", "bool") else None


def new_state(clock: SandboxClock, portal_id: int, profile: str) -> State:
    """A portal as it is on its first day. Raises KeyError for an unknown profile."""
    state = State(clock, portal_id, Limits(PROFILES[profile]))
    for kind in BUILT_IN:
        state.add_kind(kind)
    return state
