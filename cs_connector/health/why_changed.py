"""Why a score is not what it was: `why-changed/1`, from the published tables of two dates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from cs_connector.errors import UsageError
from cs_connector.health.basis import Basis
from cs_connector.health.change_words import told
from cs_connector.health.changes import FACTS, KINDS, Line, Mark, Reading, decompose, touched
from cs_connector.health.explain import rows_of
from cs_connector.health.outline import Outlines, outlines
from cs_connector.health.unscored import unscored
from cs_connector.language.executor import Connection

if TYPE_CHECKING:
    from cs_connector.health.scorecard import Definitions

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class End:
    """One of the two dates, and the tables or views in which its scores are."""

    day: date
    snapshot: str = "snapshot"
    measure: str = "measure_score"
    scorecard: str = "scorecard"

    @classmethod
    def kept(cls, day: date) -> End:
        """The scores of a day as they were known then: the views of `kept.attach`."""
        return cls(day, f"snapshot {day}", f"measure {day}", f"scorecard {day}")


@dataclass(frozen=True, slots=True)
class Side:
    """The relationship that is told of, at one of the dates."""

    snapshot: Row
    reading: Reading
    measures: Mapping[str, Row]

    @property
    def rounding(self) -> float | None:
        """What rounding added to its score; None without one."""
        exact = self.reading.exact
        return None if exact is None else self.snapshot["score"] - exact


def why_changed(
    con: Connection, known: Definitions | Outlines, entity_id: str, ends: tuple[End, End], reading: str
) -> Row:
    """The why-changed/1 document of a relationship or an account; `reading` is known or restated.

    An account is told by the relationship that decides at the second date. Raises UsageError for what had no score then.
    """
    first, last = ends
    shown = _shown(con, entity_id, last)
    deciding = _deciding(con, shown, last)
    was, before, after = (
        _snapshot(con, entity_id, first),
        _side(con, deciding, first),
        _side(con, deciding, last),
    )
    assert after is not None, "it decides"
    found = outlines(known)
    lines = _lines(before, after) if was and before else []
    return {
        "schema": "why-changed/1", "id": entity_id, "name": _name(con, shown), "entity": shown["entity"],
        "relationship": deciding, "reading": reading, "from": was and _said(was), "to": _said(shown),
        **_summed(was, shown, before, after, lines),
        "lines": [_line(line, before, after, _titles(found, before, after)) for line in lines if before],
    }  # fmt: skip


def _shown(con: Connection, entity_id: str, end: End) -> Row:
    found = _snapshot(con, entity_id, end)
    if found is None:
        if not con.execute(
            "SELECT 1 FROM snapshot WHERE entity_id = ? AND entity <> 'group' LIMIT 1", [entity_id]
        ).fetchone():
            raise unscored(con, entity_id)
        raise UsageError(
            f"{entity_id} had no score on {end.day}",
            why="it was not a scored customer on that day, or the id is not known",
            safe="nothing was changed",
            fix="name another day with --to, or an account or relationship that is scored",
        )
    return found


def _snapshot(con: Connection, entity_id: str, end: End) -> Row | None:
    found = rows_of(
        con,
        f"""SELECT * FROM "{end.snapshot}" WHERE entity_id = ? AND entity IN ('relationship', 'account') AND main
        AND on_date = ? ORDER BY entity LIMIT 1""",
        [entity_id, end.day],
    )
    return found[0] if found else None


def _deciding(con: Connection, shown: Row, end: End) -> str:
    """The relationship itself, or the one by which an account is judged: its worst."""
    if shown["entity"] == "relationship":
        return str(shown["entity_id"])
    found = rows_of(
        con,
        f"""SELECT entity_id FROM "{end.snapshot}" WHERE entity = 'relationship' AND main AND account_id = ?
        AND on_date = ? AND scorecard = ? AND uncapped IS NOT DISTINCT FROM ?
        ORDER BY score IS NOT DISTINCT FROM ? DESC, score NULLS LAST, entity_id LIMIT 1""",
        [shown["entity_id"], end.day, shown["scorecard"], shown["uncapped"], shown["score"]],
    )
    return str(found[0]["entity_id"])


def _side(con: Connection, relationship: str, end: End) -> Side | None:
    own = _snapshot(con, relationship, end)
    if own is None:
        return None
    rows = rows_of(
        con,
        f'SELECT * FROM "{end.measure}" WHERE relationship_id = ? AND scorecard = ? AND on_date = ?',
        [relationship, own["scorecard"], end.day],
    )
    measures = {row["measure"]: row for row in rows}
    return Side(own, _reading(con, own, measures, end), measures)


def _reading(con: Connection, own: Row, measures: Mapping[str, Row], end: End) -> Reading:
    found = con.execute(
        f'SELECT basis FROM "{end.scorecard}" WHERE scorecard = ?', [own["scorecard"]]
    ).fetchone()
    if found is None:
        raise UsageError(
            f"what the scores of {end.day} were based on was not kept",
            why="an earlier version of the program computed them",
            safe="nothing was changed",
            fix="cs-connector run, and ask again",
        )
    segment = con.execute("SELECT segment FROM account WHERE account_id = ?", [own["account_id"]]).fetchone()
    return Reading(
        basis=Basis.model_validate_json(found[0]),
        marks={name: _mark(row) for name, row in measures.items()},
        cap=own["cap"],
        override=own["override"],
        unsure=frozenset((own["cap_unsure"] or "").split()),
        segment=segment[0] if segment else None,
    )


def _mark(row: Row) -> Mark:
    return Mark(row["value"], row["score"], bool(row["known"]), row["carried_from"])


def _lines(before: Side, after: Side) -> list[Line]:
    """Without a score at one of the dates there are no points; what became known or unknown is named all the same."""
    one, two = before.reading, after.reading
    if one.exact is None or two.exact is None:
        return [Line("coverage", 0.0, name) for name in sorted(touched(one, two))]
    return decompose(one, two)


def _summed(was: Row | None, now: Row, before: Side | None, after: Side, lines: Sequence[Line]) -> Row:
    """The difference of the rounded scores and its parts.

    Roll-up is what the deciding relationship does not tell of an account: another one decided before, or a small one
    counts for less.
    """
    if was is None or was["score"] is None or now["score"] is None:
        return {"change": None, "facts": None, "parts": None}
    change = now["score"] - was["score"]
    parts: dict[str, float] = {kind: sum(n.points for n in lines if n.kind == kind) for kind in KINDS}
    rounding, rolled = 0.0, float(change)
    if before and before.rounding is not None and after.rounding is not None:
        rounding = after.rounding - before.rounding
        rolled = float(change - (after.snapshot["score"] - before.snapshot["score"]))
    facts = sum(parts[kind] for kind in FACTS)
    return {"change": change, "facts": facts, "parts": {**parts, "roll_up": rolled, "rounding": rounding}}


def _said(row: Row) -> Row:
    names = ("score", "band", "uncapped", "coverage", "cap", "override", "scorecard")
    return {"on": row["on_date"].isoformat(), **{name: row[name] for name in names}}


def _name(con: Connection, shown: Row) -> str | None:
    table = shown["entity"]
    found = rows_of(con, f'SELECT name FROM "{table}" WHERE {table}_id = ?', [shown["entity_id"]])
    return found[0]["name"] if found else None


def _titles(found: Outlines, *sides: Side) -> dict[str, str]:
    """Of the metrics that either side was judged by; those of a scorecard that is gone have none."""
    cards = [found.of(side.snapshot["scorecard"]) for side in sides]
    return {m.metric: m.title for card in cards if card for m in card.measures.values()}


def _line(line: Line, before: Side, after: Side, titles: Mapping[str, str]) -> Row:
    rows = [side.measures.get(line.measure or "") for side in (before, after)]
    row: Row = rows[1] or rows[0] or {}
    reasons = {
        side.snapshot["override"]: side.snapshot["override_reason"]
        for side in (before, after)
        if side.snapshot["override_reason"]
    }
    unit = row.get("unit") or ""
    return {
        "kind": line.kind, "points": line.points, "measure": line.measure, "override": line.override,
        "group": row.get("group_name"), "metric": row.get("metric"), "title": titles.get(row.get("metric", "")), "unit": unit,
        "value": [r and r["value"] for r in rows], "score": [r and r["score"] for r in rows],
        "weight": [r and r["weight"] for r in rows], "known": [bool(r and r["known"]) for r in rows],
        "text": told(line, before.reading, after.reading, unit, reasons),
    }  # fmt: skip
