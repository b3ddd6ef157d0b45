"""Taking back what a run wrote: what goes back, what goes away, what is made again, and what is left as it is.

A value goes back only where the CRM still has what was written; a record that was made goes away only where nobody
touched it since.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from functools import partial

from cs_connector.act.plan import Planned
from cs_connector.ports import Value, Verdict
from cs_connector.store.audit.book import HIDDEN
from cs_connector.store.audit.finding import Row

from .world import Current, Rule, Where, World

_WAY_OUT = "put that into write: of the mapping again, undo, and take it out"
SLACK = timedelta(seconds=2)  # two clocks are compared by answers that tell whole seconds


@dataclass(slots=True)
class Written:
    """What a run did to one record, all its rows taken together: `before` the first of them, `after` the last.

    `known` says whether anything was known of the record before; `at` is when the last row was written.
    """

    connection: str
    object: str
    record_id: str
    key: str
    known: bool
    at: datetime
    verdicts: list[str] = field(default_factory=list)
    before: dict[str, Value] = field(default_factory=dict)
    after: dict[str, Value] = field(default_factory=dict)

    @property
    def made(self) -> bool:
        return Verdict.CREATED in self.verdicts and not self.gone

    @property
    def gone(self) -> bool:
        return self.verdicts[-1] == Verdict.DELETED


@dataclass(frozen=True, slots=True)
class Left:
    """Something that is not taken back, and why; without a field the whole record."""

    connection: str
    object: str
    record_id: str
    key: str
    field: str | None
    why: str


class _Same(Enum):
    """What a field of the CRM is, next to what was written and what stood there before."""

    WRITTEN = 1
    BEFORE = 2
    OTHER = 3


def together(rows: Iterable[Row]) -> list[Written]:
    """What a run did to each record, from its rows, oldest first; the record that was last written to comes first."""
    found: dict[Where, Written] = {}
    for row in rows:
        where = row.connection, row.object, row.record_id or ""
        known = row.before is not None
        mine = found.pop(where, None) or Written(*where, row.key, known, row.at)
        found[where] = _with(mine, row)
    return list(reversed(found.values()))


def _with(mine: Written, row: Row) -> Written:
    mine.verdicts.append(row.verdict)
    mine.before = {**(row.before or dict.fromkeys(row.after)), **mine.before}
    mine.after = {} if row.verdict == Verdict.DELETED else {**mine.after, **row.after}
    mine.at = row.at
    return mine


def plan(written: Iterable[Written], world: World, reason: str) -> Iterator[Planned | Left]:
    """What takes a run back, and what it leaves; a field that is as it was before the run is neither."""
    every = list(written)
    gone = {(mine.connection, mine.record_id): mine.key for mine in every if mine.gone}
    for mine in every:
        rule = world.rules.get((mine.connection, mine.object))
        if rule is None:
            yield _left(mine, f"nothing is written to this object any more: {_WAY_OUT}")
            continue
        way = partial(_again, gone) if mine.gone else _away if mine.made else _back
        yield from way(mine, rule, world, reason)


def _left(mine: Written, why: str, name: str | None = None) -> Left:
    return Left(mine.connection, mine.object, mine.record_id, mine.key, name, why)


def _where(mine: Written) -> Where:
    return mine.connection, mine.object, mine.record_id


def _back(mine: Written, rule: Rule, world: World, reason: str) -> Iterator[Planned | Left]:
    """The fields of a record that was changed go back."""
    current = world.current.get(_where(mine))
    if current is None:
        yield _left(mine, "the record is not there any more")
        return
    back = []
    for name, value in sorted(mine.after.items()):
        if name == rule.key_field:  # without it the record would be nobody's
            continue
        held = _held(mine, rule, world, name)
        found = _same(mine, name, world, held)
        why = _why_not(mine, rule, world, name, found)
        if why:
            yield _left(mine, why, name)
        elif found is _Same.WRITTEN and value != mine.before.get(name):
            back.append((name, _text(held), _before(mine, name, world)))
    if back:
        yield _planned(mine, rule, "update", tuple(back), reason)


def _why_not(mine: Written, rule: Rule, world: World, name: str, found: _Same) -> str:
    """Why a field cannot go back; nothing where it can, or need not."""
    if name not in rule.columns and not _former(mine, world, name):
        return f"the mapping does not write this field any more, or it cannot be read now: {_WAY_OUT}"
    if found is _Same.OTHER:
        return _changed(mine, world)
    if found is _Same.BEFORE:
        return ""
    if not mine.known:
        return "what stood there before is not known: the record was found only when it was written"
    if str(_before(mine, name, world)).startswith(HIDDEN):
        return "what stood there before may name a person, and is not kept"
    return ""


def _former(mine: Written, world: World, name: str) -> bool:
    """Whether a field that no rule writes any more can go back all the same: a digest tells nobody what was written."""
    there = name in world.former.get((mine.connection, mine.object), ()) and name in _told(mine, world)
    return there and not str(mine.after[name]).startswith(HIDDEN)


def _told(mine: Written, world: World) -> Mapping[str, Value]:
    return world.told.get(_where(mine), {})


def _held(mine: Written, rule: Rule, world: World, name: str) -> Value:
    """What the CRM has in a field. Of a former one that is what we told it last: it is asked before anything is written."""
    here = world.current[_where(mine)].values if name in rule.columns else _told(mine, world)
    return here.get(name)


def _before(mine: Written, name: str, world: World) -> str | None:
    """What stood in a field; the digest of it, where that is all that is left."""
    value = _text(mine.before.get(name))
    kept = world.texts.get(_where(mine), {}).get(name)
    same = kept is not None and world.hidden(mine.connection, mine.object, name, kept) == value
    return _text(kept) if same else value


def _same(mine: Written, name: str, world: World, held: Value) -> _Same:
    value = world.hidden(mine.connection, mine.object, name, _text(held))
    if value == _text(mine.after[name]):
        return _Same.WRITTEN
    return _Same.BEFORE if value == _text(mine.before.get(name)) else _Same.OTHER


def _changed(mine: Written, world: World) -> str:
    later = world.later.get(_where(mine))
    return f"run {later} wrote to it since" if later else "somebody changed it since"


def _away(mine: Written, rule: Rule, world: World, reason: str) -> Iterator[Planned | Left]:
    """A record that was made goes away, if nobody touched it."""
    current = world.current.get(_where(mine))
    if current is None:
        return
    why = _touched(mine, rule, world, current)
    if why:
        yield _left(mine, why)
        return
    fields = tuple((n, _text(current.values.get(n)), None) for n in sorted(mine.after) if n in rule.columns)
    yield _planned(mine, rule, "delete", fields, reason)


def _touched(mine: Written, rule: Rule, world: World, current: Current) -> str:
    """How somebody touched a record since it was made, or why that cannot be told."""
    names = [name for name in mine.after if name in rule.columns]
    if any(_same(mine, name, world, current.values.get(name)) is not _Same.WRITTEN for name in names):
        return _changed(mine, world)
    if current.modified is None:
        return "it was not read since it was made: try again in a while"
    ours = mine.at + SLACK + timedelta(seconds=world.skew.get(mine.connection, 0.0))
    return _changed(mine, world) if current.modified > ours else ""


def _again(
    gone: Mapping[tuple[str, str], str], mine: Written, rule: Rule, world: World, reason: str
) -> Iterator[Planned | Left]:
    """A record that was deleted is made again, with what we had written there; `gone` are the keys of others that were.

    Those get new ids, so a lookup to one of them goes by its key.
    """
    if Verdict.CREATED in mine.verdicts or (mine.connection, mine.object, mine.key) in world.keys:
        return
    hidden = [name for name, value in mine.before.items() if str(value).startswith(HIDDEN)]
    if rule.key_field is None or hidden:
        yield _left(mine, "it cannot be made again: not everything that stood there is kept")
        return
    fields = tuple(
        (rule.by_key[n], None, gone[there])
        if n in rule.by_key and (there := (mine.connection, str(v))) in gone
        else (n, None, _text(v))
        for n, v in sorted(mine.before.items())
        if n in rule.columns and v is not None
    )
    yield _planned(mine, rule, "upsert", fields, reason)


def _planned(
    mine: Written,
    rule: Rule,
    action: str,
    fields: tuple[tuple[str, str | None, str | None], ...],
    reason: str,
) -> Planned:
    record, key_field = (None, rule.key_field) if action == "upsert" else (mine.record_id, None)
    return Planned(
        mine.connection, mine.object, rule.source, mine.key, action, key_field, record, fields, (), reason
    )


def _text(value: Value) -> str | None:
    return None if value is None else str(value)
