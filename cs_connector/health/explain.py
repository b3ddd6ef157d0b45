"""Why a score is what it is, and what would change it: `explain/1` and `levers/1`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from cs_connector.errors import UsageError
from cs_connector.health import carry
from cs_connector.health.levers import Part, levers, reachable
from cs_connector.health.scorecard import Card, Definitions
from cs_connector.health.sources import sources
from cs_connector.language.executor import Connection
from cs_connector.measure import evaluate

Row = dict[str, Any]


def explain(
    con: Connection,
    definitions: Definitions,
    entity_id: str,
    scorecard: str | None = None,
    on: date | None = None,
) -> Row:
    """The explain/1 document of a relationship or an account, newest or on a date, from the published tables.

    Needs `metric_value`, `measure_score`, `snapshot` and the entities. Raises UsageError for an unknown id.
    """
    snapshot = _snapshot(con, entity_id, scorecard, on)
    relationship = _deciding(con, snapshot)
    card = _card(definitions, snapshot)
    measures = _measures(con, relationship, snapshot)
    evidence = sources(con, definitions, relationship, snapshot["on_date"], [m["metric"] for m in measures])
    for measure in measures:
        measure["sources"] = evidence.get(measure["metric"], [])
    exact = _exact(snapshot)
    return {
        "schema": "explain/1", "id": entity_id, "name": _name(con, snapshot), "scorecard": snapshot["scorecard"],
        "as_of": snapshot["on_date"].isoformat(), "score": snapshot["score"], "band": snapshot["band"],
        "coverage": snapshot["coverage"], "interval": [snapshot["low"], snapshot["high"]],
        "uncapped": snapshot["uncapped"], "published": snapshot["published"],
        "rounding": None if exact is None else snapshot["score"] - exact,
        "reason": snapshot["reason"], "next_step": snapshot["next_step"],
        "measures": measures, "overrides": _overrides(con, definitions, card, relationship, snapshot),
        "relationships": _relationships(con, snapshot),
    }  # fmt: skip


def levers_for(
    con: Connection,
    definitions: Definitions,
    entity_id: str,
    target: float,
    scorecard: str | None = None,
    on: date | None = None,
) -> Row:
    """The levers/1 document: each measure that alone reaches the target, cheapest first."""
    snapshot = _snapshot(con, entity_id, scorecard, on)
    parts = _parts(con, definitions, snapshot)
    uncapped = snapshot["uncapped"]
    found = [] if uncapped is None else levers(parts, uncapped, target, snapshot["on_date"])
    return {
        "schema": "levers/1", "id": entity_id, "target": target,
        "reachable": uncapped is not None and reachable(parts, uncapped, target, snapshot["cap"]),
        "first": snapshot["override_reason"] if (snapshot["cap"] or 100) < target else None,
        "levers": [
            {
                "measure": lever.measure, "score_from": lever.score_from, "score_to": lever.score_to,
                "value_from": lever.value_from, "value_to": lever.value_to, "unit": lever.unit,
                "sentence": lever.sentence,
            }
            for lever in found
        ],
    }  # fmt: skip


def rows_of(con: Connection, query: str, values: Sequence[Any] = ()) -> list[Row]:
    cursor = con.execute(query, list(values))
    names = [d[0] for d in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _snapshot(con: Connection, entity_id: str, scorecard: str | None, on: date | None) -> Row:
    found = rows_of(
        con,
        """SELECT * FROM snapshot WHERE entity_id = ? AND entity IN ('relationship', 'account')
        AND (scorecard = ? OR (? IS NULL AND main)) AND on_date = coalesce(?, (SELECT max(on_date) FROM snapshot))
        ORDER BY entity LIMIT 1""",
        [entity_id, scorecard, scorecard, on],
    )
    if not found:
        raise UsageError(
            f"{entity_id} has no score", why="it is not a scored customer, or the id is not known",
            fix="give the id of an account or a relationship that is scored",
        )  # fmt: skip
    return found[0]


def _deciding(con: Connection, snapshot: Row) -> str:
    """The relationship whose measures are shown: an account shows those of its worst."""
    if snapshot["entity"] == "relationship":
        return str(snapshot["entity_id"])
    found = rows_of(
        con,
        """SELECT entity_id FROM snapshot WHERE entity = 'relationship' AND main AND account_id = ? AND on_date = ?
        AND scorecard = ? AND uncapped IS NOT DISTINCT FROM ? ORDER BY score NULLS LAST, entity_id LIMIT 1""",
        [snapshot["entity_id"], snapshot["on_date"], snapshot["scorecard"], snapshot["uncapped"]],
    )
    return str(found[0]["entity_id"])


def _card(definitions: Definitions, snapshot: Row) -> Card:
    card = definitions.cards.get(snapshot["scorecard"])
    if card is None:
        raise UsageError(f"the scorecard {snapshot['scorecard']!r} is gone", fix="score again")
    return card


def _measures(con: Connection, relationship: str, snapshot: Row) -> list[Row]:
    found = rows_of(
        con,
        """SELECT group_name AS "group", measure, metric, value, unit, score, weight, contribution, known, carried,
            carried_from FROM measure_score WHERE relationship_id = ? AND scorecard = ? AND on_date = ?
        ORDER BY weight DESC, measure""",
        [relationship, snapshot["scorecard"], snapshot["on_date"]],
    )
    for row in found:
        row["carried_from"] = row["carried_from"] and row["carried_from"].isoformat()
    return found


def _exact(snapshot: Row) -> float | None:
    if snapshot["score"] is None or snapshot["uncapped"] is None:
        return None
    cap = snapshot["cap"]
    return float(snapshot["uncapped"] if cap is None else min(snapshot["uncapped"], cap))


def _name(con: Connection, snapshot: Row) -> str | None:
    table = snapshot["entity"]
    found = rows_of(con, f'SELECT name FROM "{table}" WHERE {table}_id = ?', [snapshot["entity_id"]])
    return found[0]["name"] if found else None


def _overrides(
    con: Connection, definitions: Definitions, card: Card, relationship: str, snapshot: Row
) -> list[Row]:
    """Every cap of the scorecard with whether it holds: measured again for this account alone."""
    today: date = snapshot["on_date"]
    evaluate.prepare(con, today, definitions.metrics, snapshot["account_id"])
    evaluate.evaluate(con, definitions.metrics, 0, 2**31 - 1)
    carry.ready(con, definitions)
    tests = ", ".join(f'{cap.holds} AS "{cap.name}"' for cap in card.caps)
    if not tests:
        return []
    carried = ", ".join(f'"k_{name}" AS "m#{name}"' for name in definitions.used)
    query = f"SELECT *, {carried}, {tests} FROM ready WHERE relationship_id = ? AND today = ?"
    row = rows_of(con, query, [relationship, today])[0]
    values = {**row, **{name: row[f"m#{name}"] for name in definitions.used}}
    return [
        {
            "name": cap.name, "cap": cap.rule.cap, "fired": bool(row[cap.name]),
            "reason": cap.reason.fill(values, today) if row[cap.name] else cap.rule.fix,
        }
        for cap in card.caps
    ]  # fmt: skip


def _relationships(con: Connection, snapshot: Row) -> list[Row]:
    return rows_of(
        con,
        """SELECT r.relationship_id AS id, r.name, r.type, r.owner_user_id AS owner, s.score, s.band
        FROM snapshot AS s JOIN relationship AS r ON r.relationship_id = s.entity_id
        WHERE s.entity = 'relationship' AND s.main AND s.account_id = ? AND s.on_date = ?
        ORDER BY s.score NULLS LAST, r.relationship_id""",
        [snapshot["account_id"], snapshot["on_date"]],
    )


def _parts(con: Connection, definitions: Definitions, snapshot: Row) -> list[Part]:
    card = _card(definitions, snapshot)
    query = "SELECT segment FROM account WHERE account_id = ?"
    segment = rows_of(con, query, [snapshot["account_id"]])[0]["segment"]
    return [
        Part(
            row["measure"], row["group"], row["value"], row["unit"], row["score"], row["weight"],
            card.measure(row["measure"]).curve_for(segment), card.levers.get(row["measure"]),
            card.measure(row["measure"]).effort,
        )
        for row in _measures(con, _deciding(con, snapshot), snapshot)
    ]  # fmt: skip
