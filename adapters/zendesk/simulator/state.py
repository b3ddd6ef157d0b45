"""Everything that a simulated Zendesk account holds."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from typing import Any

from cs_connector.errors import UsageError
from cs_connector.sandbox.wire import SeedRow, World

from .kinds import KINDS, ORGANIZATION, Kind
from .limits import PROFILES, VENDOR, Buckets
from .people.domains import Domains
from .records.recent import Recent
from .records.table import Key, Record, Table
from .records.values import shown as custom
from .settings import Settings
from .times import changed_at, created_at, stamp

Definition = dict[str, Any]
ACCOUNT_ID = 10_000_001
ME = ACCOUNT_ID + 1  # the user behind every login
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
FIRST_ID = 46_406_146_000_000
DEFINED = ("organization_fields", "user_fields", "ticket_fields")
_BY_CREATION = ("satisfaction_ratings", "survey_responses")


class State:
    """Tables, field definitions and jobs, and what every handler needs: time, urls, ids, the ledger."""

    def __init__(self, world: World, name: str, base_url: str) -> None:
        self.world = world
        self.name = name
        self.base_url = base_url
        self.settings = Settings()
        self.recent = Recent(world.clock)
        self.domains = Domains()
        self.limits = PROFILES.get(world.profile, VENDOR)
        self.buckets = Buckets(self.limits, world.clock)
        self.tables = {kind.plural: Table(_clock_of(kind)) for kind in KINDS.values()}
        self.fields: dict[str, dict[str, Definition]] = {noun: {} for noun in DEFINED}
        self.removed: dict[str, frozenset[str]] = {}
        self.altered: dict[tuple[str, str], Definition] = {}  # as they were before an order
        self.jobs: dict[str, dict[str, Any]] = {}
        self.answered: dict[str, tuple[int, bytes, dict[str, Any]]] = {}
        self.look = 0  # another number whenever the same records are shown differently
        self._last_id = FIRST_ID
        self._last_key = 0

    def table(self, kind: Kind) -> Table:
        return self.tables[kind.plural]

    def definitions(self, noun: str) -> dict[str, Definition]:
        """The fields of a noun by key, to read and to change."""
        return self.fields.setdefault(noun, {})

    def keep(self, kind: Kind, new: Record, old: Record | None) -> None:
        """Add a record, or put it in the place of `old`."""
        self.recent.note(kind.plural, new["id"], old)
        self.tables[kind.plural].put(new)
        if kind == ORGANIZATION:
            self.domains.forget()

    def drop(self, kind: Kind, ident: Key) -> None:
        """Remove a record for good."""
        old = self.tables[kind.plural].remove(ident)
        self.recent.note(kind.plural, ident, old)

    def now(self) -> int:
        return int(self.world.clock.now().timestamp())

    def stamp(self) -> str:
        """The time as Zendesk writes it: whole seconds, UTC."""
        return stamp(self.now())

    def url(self, path: str) -> str:
        """The absolute address of a path below /api/v2/."""
        return f"{self.base_url}/api/v2/{path}"

    def new_id(self) -> int:
        self._last_id += 1
        while any(self._last_id in table for table in self.tables.values()):
            self._last_id += 1
        return self._last_id

    def new_key(self, dice: random.Random | None = None) -> str:
        """An id of the newer kind: a ULID, of the time and dice (the world's, if none are given), above the one before."""
        chance = (dice or self.world.dice).getrandbits(80)
        number = int(self.world.clock.now().timestamp() * 1000) << 80 | chance
        number = self._last_key = max(number, self._last_key + 1)
        text = ""
        for _ in range(26):
            number, digit = divmod(number, 32)
            text = CROCKFORD[digit] + text
        return text

    def view(self, kind: Kind, record: Record) -> dict[str, Any]:
        """A record as the API shows it: every column, and every defined field of the customer's own."""
        shown = {
            "url": self.url(f"{kind.where}/{record['id']}.json"),
            "id": record["id"],
            **kind.columns,
            **record,
        }
        if "updated_at" in kind.columns and shown["updated_at"] is None:
            shown["updated_at"] = shown["created_at"]
        if kind.custom:
            held = record.get(kind.custom) or {}
            shown[kind.custom] = custom(self.definitions(kind.definitions), held)
        if not kind.kept.isdisjoint(record):
            for name in kind.kept:
                shown.pop(name, None)
        for name in self.removed.get(kind.plural, ()):
            shown.pop(name, None)
        return shown

    def log(self, noun: str, ident: Key, action: str, before: Any, after: Any) -> None:
        """Enter an accepted mutation in the ledger, under this simulator's name."""
        self.world.ledger.write(self.name, noun, str(ident), action, before, after)

    def load(self, rows: Iterable[SeedRow]) -> None:
        """Records that were always there. Raises UsageError for an object that Zendesk does not have."""
        found: dict[str, list[Record]] = {noun: [] for noun in self.tables}
        for noun, record in rows:
            if noun not in found:
                raise UsageError(f"Zendesk has no {noun}", fix=f"known: {', '.join(found)}")
            found[noun].append(record)
        for noun, records in found.items():
            if records:
                self.tables[noun].load(records)
        self.domains.forget()

    def hide(self, noun: str, share: float) -> None:
        """Make a share of the records invisible, chosen by the world's dice; 0 shows them all again."""
        table = self.tables[noun]
        ids = table.ids()
        table.hidden = frozenset(self.world.dice.sample(ids, round(share * len(ids))))

    def drop_field(self, noun: str, name: str) -> None:
        """A field disappears: the customer's own by its definition, any other from what is shown."""
        key = name.rpartition(".")[2]
        definitions = self.definitions(KINDS[noun].definitions)
        if key in definitions:
            del definitions[key]
        else:
            self.removed[noun] = self.removed.get(noun, frozenset()) | {name}

    def retype(self, noun: str, name: str, kind: str) -> None:
        definitions = self.definitions(KINDS[noun].definitions)
        key = name.rpartition(".")[2]
        if key in definitions:
            definitions[key] = {**definitions[key], "type": kind}

    def snapshot(self) -> dict[str, Any]:
        return {
            "tables": {noun: table.snapshot() for noun, table in self.tables.items()},
            "fields": {noun: dict(fields) for noun, fields in self.fields.items()},
            "removed": dict(self.removed),
            "altered": dict(self.altered),
            "jobs": {key: dict(job) for key, job in self.jobs.items()},
            "answered": dict(self.answered),
            "last_id": self._last_id,
            "used": self.buckets.snapshot(),
            "recent": self.recent.snapshot(),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        for noun, table in self.tables.items():
            table.restore(state["tables"][noun])
        self.fields = {noun: dict(fields) for noun, fields in state["fields"].items()}
        self.removed = dict(state["removed"])
        self.altered = dict(state["altered"])
        self.jobs = {key: dict(job) for key, job in state["jobs"].items()}
        self.answered = dict(state["answered"])
        self._last_id = state["last_id"]
        self.buckets.restore(state["used"])
        self.recent.restore(state["recent"])
        self.domains.forget()


def _clock_of(kind: Kind) -> Any:
    return created_at if kind.plural in _BY_CREATION else changed_at
