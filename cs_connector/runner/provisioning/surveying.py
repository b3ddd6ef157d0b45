"""What each CRM has of what it shall have."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from cs_connector.act.face import Standing, Step, compare, left_over, signed
from cs_connector.config.documents import suggest
from cs_connector.errors import AdapterError, UsageError
from cs_connector.ports import CORE, Adapter, Identity, Receipt
from cs_connector.runner.engine import Engine

from .record import Record
from .room import Room, room

PARTS = "the parts are listed in docs/provisioning.md"


@dataclass(slots=True)
class Site:
    """One connection, and what is to be done there; `receipts` are what it said when it was done, by `kind name`.

    `filled` says of pieces that are to go how many records hold something that goes with them.
    """

    connection: str
    adapter: Adapter
    identity: Identity
    record: Record
    parts: tuple[str, ...]
    steps: Sequence[Step]
    room: Room | None = None
    filled: dict[str, int] = field(default_factory=dict)
    receipts: dict[str, Receipt] = field(default_factory=dict)

    @property
    def to_do(self) -> list[Step]:
        return [step for step in self.steps if step.to_do]


@dataclass(slots=True)
class Survey:
    """What was found; a connection that could not be asked stops no other one."""

    sites: list[Site]
    unreached: dict[str, AdapterError]


def survey(engine: Engine, names: Sequence[str], parts: Sequence[str], *, adopt: bool = False) -> Survey:
    """What is to be done in the named connections, or in all that we write to. Changes nothing.

    `parts` are wanted besides the core, those that the project names, and those that are there already. Raises UsageError
    for a connection that we do not write to or a part that none has, GuardStopped for another org than the pinned one.
    """
    found = each(engine, names, lambda name: _site(engine, name, parts, adopt=adopt))
    for part in _unknown(found, parts):
        raise UsageError(f"no connection has a part called {part}", safe="nothing was changed", fix=PARTS)
    for part in _unknown(found, () if names else engine.project.settings.provision.parts):
        raise engine.project.document.error(
            ("provision", "parts"), f"no connection has a part called {part!r}", fix=PARTS
        )
    return found


def each(engine: Engine, names: Sequence[str], look: Callable[[str], Site]) -> Survey:
    """Look at the named connections, or at all that we write to; those where nothing is of interest are left out."""
    found = Survey([], {})
    for name in connections(engine, names):
        try:
            site = look(name)
        except AdapterError as error:
            found.unreached[name] = error
        else:
            found.sites += [site] if site.steps else []
    return found


@dataclass(frozen=True, slots=True)
class Lack:
    """How many of the fields that we write are missing, of how many; and how many other pieces are."""

    fields: int
    written: int
    others: int


def missing(engine: Engine, name: str) -> Lack:
    """What a connection lacks. Raises GuardStopped and AdapterError."""
    source = next(s for s in engine.sources() if s.connection == name)
    written = {field for rule in source.mapping.write for field in (*rule.fields, rule.key_field)}
    wanted = [step for step in _looked(engine, name, ()).steps if step.standing is not Standing.LEFT]
    fields = [step for step in wanted if step.piece.name.rpartition(".")[2] in written]
    gone = [step for step in wanted if step.standing is Standing.CREATE]
    lacking = sum(1 for step in gone if step in fields)
    return Lack(lacking, len(fields), len(gone) - lacking)


def connections(engine: Engine, names: Sequence[str]) -> list[str]:
    """The named connections, or all that we write to. Raises UsageError for one that we do not write to."""
    known = engine.project.settings.connections
    able = [n for n, c in known.items() if c.write and engine.adapter(n).capabilities.writes]
    for name in names:
        if name not in able:
            why = "it is only read" if name in known else "there is no such connection"
            fix = suggest(name, able) or f"use one of: {', '.join(able)}"
            raise UsageError(f"nothing can be put into {name}", why=why, safe="nothing was changed", fix=fix)
    return list(dict.fromkeys(names)) or able


def _unknown(found: Survey, parts: Sequence[str]) -> list[str]:
    """Parts that nobody has, where everybody could be asked."""
    there = {step.piece.part for site in found.sites for step in site.steps} - {CORE}
    return [part for part in parts if part not in there and not found.unreached]


def _site(engine: Engine, name: str, parts: Sequence[str], *, adopt: bool) -> Site:
    site = _looked(engine, name, parts, adopt=adopt)
    site.room = room(engine, name, site.steps) if site.steps else None
    return site


def _looked(engine: Engine, name: str, parts: Sequence[str], *, adopt: bool = False) -> Site:
    """A part that was put there once is wanted until it is removed."""
    identity, adapter = engine.identify(name), engine.adapter(name)
    record = Record(engine, name, identity.org_id)
    made = record.read()
    own = sorted({m.piece.part for m in made.values()} - {CORE})
    wanted = tuple(dict.fromkeys((*engine.project.settings.provision.parts, *parts, *own)))
    pieces = signed(adapter.face(wanted), engine.install_id())
    steps = compare(pieces, adapter.present(pieces), made, adopt=adopt) if pieces else []
    steps += _there(adapter, left_over(made, pieces))
    here = tuple(dict.fromkeys(piece.part for piece in pieces))
    return Site(name, adapter, identity, record, here, steps)


def _there(adapter: Adapter, steps: Sequence[Step]) -> list[Step]:
    """Without the pieces that somebody has removed already."""
    if not steps:
        return []
    found = adapter.present([step.piece for step in steps])
    return [step for step, piece in zip(steps, found, strict=True) if piece is not None]
