"""Everything that a simulated Zendesk account holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from cs_connector.errors import UsageError
from cs_connector.sandbox.wire import SeedRow, World

from .kinds import KINDS, Kind
from .limits import PROFILES, VENDOR, Buckets
from .table import Key, Record, Table

Definition = dict[str, Any]
FIRST_ID = 46_406_146_000_000
DEFINED = ("organization_fields", "user_fields", "ticket_fields")


class State:
    """Tables, field definitions and jobs, and what every handler needs: time, urls, ids, the ledger."""

    def __init__(self, world: World, name: str, base_url: str) -> None:
        self.world = world
        self.name = name
        self.base_url = base_url
        self.limits = PROFILES.get(world.profile, VENDOR)
        self.buckets = Buckets(self.limits, world.clock)
        self.tables = {kind.plural: Table(_clock_of(kind)) for kind in KINDS.values()}
        self.fields: dict[str, dict[str, Definition]] = {noun: {} for noun in DEFINED}
        self.removed: dict[str, frozenset[str]] = {}
        self.jobs: dict[str, dict[str, Any]] = {}
        self.answered: dict[str, tuple[int, bytes, dict[str, Any]]] = {}
        self._last_id = FIRST_ID

    def table(self, kind: Kind) -> Table:
        return self.tables[kind.plural]

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
        while any(self._last_id in table.records for table in self.tables.values()):
            self._last_id += 1
        return self._last_id

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
            shown[kind.custom] = {key: held.get(key) for key in self.fields[kind.definitions]}
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

    def hide(self, noun: str, share: float) -> None:
        """Make a share of the records invisible, chosen by the world's dice; 0 shows them all again."""
        table = self.tables[noun]
        ids = table.ids()
        table.hidden = frozenset(self.world.dice.sample(ids, round(share * len(ids))))

    def drop_field(self, noun: str, name: str) -> None:
        """A field disappears: the customer's own by its definition, any other from what is shown."""
        key = name.rpartition(".")[2]
        definitions = self.fields.get(KINDS[noun].definitions, {})
        if key in definitions:
            del definitions[key]
        else:
            self.removed[noun] = self.removed.get(noun, frozenset()) | {name}

    def retype(self, noun: str, name: str, kind: str) -> None:
        definitions = self.fields.get(KINDS[noun].definitions, {})
        key = name.rpartition(".")[2]
        if key in definitions:
            definitions[key] = {**definitions[key], "type": kind}

    def snapshot(self) -> dict[str, Any]:
        return {
            "tables": {noun: table.snapshot() for noun, table in self.tables.items()},
            "fields": {noun: dict(fields) for noun, fields in self.fields.items()},
            "removed": dict(self.removed),
            "jobs": {key: dict(job) for key, job in self.jobs.items()},
            "answered": dict(self.answered),
            "last_id": self._last_id,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        for noun, table in self.tables.items():
            table.restore(state["tables"][noun])
        self.fields = {noun: dict(fields) for noun, fields in state["fields"].items()}
        self.removed = dict(state["removed"])
        self.jobs = {key: dict(job) for key, job in state["jobs"].items()}
        self.answered = dict(state["answered"])
        self._last_id = state["last_id"]


def epoch(text: str) -> int:
    """Seconds since 1970 of a time in ISO 8601."""
    moment = datetime.fromisoformat(text)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def stamp(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def changed_at(record: Record) -> int:
    """The second at which a record last changed, by whatever column tells it."""
    generated = record.get("generated_timestamp")
    if generated is not None:
        return int(generated)
    text = record.get("updated_at") or record.get("created_at")
    return epoch(text) if text else 0


def created_at(record: Record) -> int:
    text = record.get("created_at")
    return epoch(text) if text else answered_at(record)


def answered_at(record: Record) -> int:
    """The second of a survey's first answer."""
    times = [answer["created_at"] for answer in record.get("answers") or () if answer.get("created_at")]
    return epoch(min(times)) if times else 0


def _clock_of(kind: Kind) -> Any:
    return created_at if kind.plural in ("satisfaction_ratings", "survey_responses") else changed_at
