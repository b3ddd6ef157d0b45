"""Why a score is what it is, and what would change it: `explain/1` and `levers/1`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from cs_connector.errors import UsageError
from cs_connector.health import evidence, outcomes
from cs_connector.health.levers import Part, levers, reachable
from cs_connector.health.outline import Outline, Outlined, OutlinedCap, Outlines, outlines
from cs_connector.health.unscored import unscored
from cs_connector.health.words import half_up, read
from cs_connector.language.executor import Connection

if TYPE_CHECKING:
    from cs_connector.health.bands import Bands
    from cs_connector.health.scorecard import Definitions
    from cs_connector.measure.retirements import Retirement

Row = dict[str, Any]


def explain(
    con: Connection,
    known: Definitions | Outlines,
    entity_id: str,
    scorecard: str | None = None,
    on: date | None = None,
) -> Row:
    """The explain/1 document of a relationship or an account, newest or on a date, from the published tables.

    Needs `metric_value`, `measure_score`, `snapshot`, `contradiction` and the entities; of all of them the rows of this account are
    enough, but for what evidence looks up elsewhere. Raises UsageError for an unknown id.
    """
    snapshot, found = _snapshot(con, entity_id, scorecard, on), outlines(known)
    relationship = _deciding(con, snapshot)
    outline = _outline(found, snapshot)
    measures = _measures(con, relationship, snapshot)
    evidence.begin(con, relationship, snapshot["on_date"], found.judgements)
    segment = _segment(con, snapshot)
    for measure in measures:
        named = outline.measures.get(measure["measure"])
        sources = evidence.records(con, named.evidence, found.judgements) if named else []
        measure.update(_meant(measure, named, segment), sources=sources)
    exact, retired = _exact(snapshot), _retired(con, found, relationship, snapshot["on_date"])
    return {
        "schema": "explain/1", "id": entity_id, "name": _name(con, snapshot), "scorecard": snapshot["scorecard"],
        "as_of": snapshot["on_date"].isoformat(), "score": snapshot["score"], "band": snapshot["band"],
        "coverage": snapshot["coverage"], "interval": [snapshot["low"], snapshot["high"]],
        "uncapped": snapshot["uncapped"], "published": snapshot["published"],
        "rounding": None if exact is None else half_up(exact) - exact,
        "roll_up": None if exact is None else snapshot["score"] - half_up(exact),
        "reason": snapshot["reason"], "next_step": snapshot["next_step"],
        "measures": measures, "overrides": _overrides(con, outline, snapshot, retired),
        "retired": [one.said() for one in retired.values()],
        "contradictions": _contradictions(con, snapshot),
        "relationships": _relationships(con, snapshot),
    }  # fmt: skip


def levers_for(
    con: Connection,
    known: Definitions | Outlines,
    entity_id: str,
    target: float,
    scorecard: str | None = None,
    on: date | None = None,
) -> Row:
    """The levers/1 document: each measure that alone reaches the target, cheapest first; `together` says whether all of them do.

    `first` is the reason of the lowest cap that forbids the target; `caps` is empty until `barring` has named them all.
    """
    snapshot = _snapshot(con, entity_id, scorecard, on)
    parts = _parts(con, _outline(outlines(known), snapshot), snapshot)
    # an account that is a mean has no cap, while the relationship whose levers are shown may have one
    own = _snapshot(con, _deciding(con, snapshot), scorecard, on)
    uncapped, cap = snapshot["uncapped"], own["cap"]
    found = [] if uncapped is None else levers(parts, uncapped, target, snapshot["on_date"])
    return {
        "schema": "levers/1", "id": entity_id, "target": target, "uncapped": uncapped,
        "reachable": uncapped is not None and reachable(parts, uncapped, target, cap),
        "together": uncapped is not None and reachable(parts, uncapped, target, None),
        "first": own["override_reason"] if cap is not None and cap < target else None, "caps": [],
        **_beside(con, snapshot, target),
        "levers": [
            {
                "measure": lever.measure, "score_from": lever.score_from, "score_to": lever.score_to,
                "value_from": lever.value_from, "value_to": lever.value_to, "unit": lever.unit,
                "sentence": lever.sentence,
            }
            for lever in found
        ],
    }  # fmt: skip


def next_band(con: Connection, bands: Bands, entity_id: str, on: date | None = None) -> int:
    """Where the band begins that is better than the one of a score: 100 for the best, that of green where none is known."""
    score = _snapshot(con, entity_id, None, on)["score"]
    return bands.green[0] if score is None else bands.above.get(bands.of(score), bands.green[1])


def _beside(con: Connection, snapshot: Row, target: float) -> Row:
    """Of an account the `relationship` that the levers are of, and the `others` that keep it below the target as well."""
    if snapshot["entity"] != "account":
        return {"relationship": None, "others": []}
    deciding, found = _deciding(con, snapshot), _relationships(con, snapshot)
    others = [r for r in found if r["id"] != deciding and r["score"] is not None and r["score"] < target]
    return {"relationship": next((r["name"] for r in found if r["id"] == deciding), None), "others": [
        {name: r[name] for name in ("id", "name", "score", "band")} for r in others
    ]}  # fmt: skip


def barring(
    con: Connection, known: Definitions | Outlines, entity_id: str, target: float, on: date | None = None
) -> list[Row]:
    """The caps that hold and forbid the target, the lowest first: what has to go before any lever reaches it.

    Needs what `explain` needs, but for contradictions.
    """
    snapshot, found = _snapshot(con, entity_id, None, on), outlines(known)
    relationship, outline = _deciding(con, snapshot), _outline(found, snapshot)
    evidence.begin(con, relationship, snapshot["on_date"], found.judgements)
    retired = _retired(con, found, relationship, snapshot["on_date"])
    fixes = {cap.name: cap.fix for cap in outline.overrides}
    holding = [o for o in _overrides(con, outline, snapshot, retired) if o["fired"] and o["cap"] < target]
    return [
        {"override": o["name"], "cap": o["cap"], "reason": o["reason"], "fix": fixes[o["name"]]}
        for o in sorted(holding, key=lambda o: (o["cap"], o["name"]))
    ]


def rows_of(con: Connection, query: str, values: Sequence[Any] = ()) -> list[Row]:
    cursor = con.execute(query, list(values))
    names = [d[0] for d in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _snapshot(con: Connection, entity_id: str, scorecard: str | None, on: date | None) -> Row:
    """By a scorecard that is not in force an account has no score of its own: it is told by its worst relationship."""
    whose = "entity_id = ?" if scorecard is None else "? IN (entity_id, account_id)"
    found = rows_of(
        con,
        f"""SELECT * FROM snapshot WHERE {whose} AND entity IN ('relationship', 'account')
        AND (scorecard = ? OR (? IS NULL AND main)) AND on_date = coalesce(?, (SELECT max(on_date) FROM snapshot))
        ORDER BY entity, score NULLS LAST, entity_id LIMIT 1""",
        [entity_id, scorecard, scorecard, on],
    )
    if not found:
        raise unscored(con, entity_id, scorecard)
    return found[0]


def _deciding(con: Connection, snapshot: Row) -> str:
    """The relationship whose measures are shown: an account shows those of its worst.

    Those that differ by a cap alone have one uncapped score; the one that counts has the score of the account, too, unless the
    roll-up made another of it.
    """
    if snapshot["entity"] == "relationship":
        return str(snapshot["entity_id"])
    found = rows_of(
        con,
        """SELECT entity_id FROM snapshot WHERE entity = 'relationship' AND main AND account_id = ? AND on_date = ?
        AND scorecard = ? AND uncapped IS NOT DISTINCT FROM ?
        ORDER BY score IS NOT DISTINCT FROM ? DESC, score NULLS LAST, entity_id LIMIT 1""",
        [snapshot[name] for name in ("entity_id", "on_date", "scorecard", "uncapped", "score")],
    )
    return str(found[0]["entity_id"])


def _outline(found: Outlines, snapshot: Row) -> Outline:
    outline = found.of(snapshot["scorecard"])
    if outline is None:
        raise UsageError(f"the scorecard {snapshot['scorecard']!r} is gone", fix="score again")
    return outline


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


def _meant(measure: Row, named: Outlined | None, segment: str | None) -> Row:
    """What the scorecard says of a measure; of one that it does not have any more, what was kept."""
    return {
        "path": (named.group if named else measure["group"]).split(" / "),
        "title": named.title if named else measure["metric"],
        "left_out": bool(named and named.optional and measure["score"] is None),
        "curve": named.curve_for(segment).model_dump(exclude_none=True) if named else None,
    }


def _exact(snapshot: Row) -> float | None:
    if snapshot["score"] is None or snapshot["uncapped"] is None:
        return None
    cap = snapshot["cap"]
    return float(snapshot["uncapped"] if cap is None else min(snapshot["uncapped"], cap))


def _name(con: Connection, snapshot: Row) -> str | None:
    table = snapshot["entity"]
    found = rows_of(con, f'SELECT name FROM "{table}" WHERE {table}_id = ?', [snapshot["entity_id"]])
    return found[0]["name"] if found else None


def _retired(con: Connection, found: Outlines, relationship: str, today: date) -> Mapping[str, Retirement]:
    """The evidence that a person retired, by metric."""
    if not found.retired:
        return {}
    from cs_connector.measure import retirements  # few projects have any

    return retirements.of(con, found.retired, relationship, today)


def _overrides(
    con: Connection, outline: Outline, snapshot: Row, retired: Mapping[str, Retirement]
) -> list[Row]:
    """Every cap of the scorecard with whether it holds, by the metrics that were published for the relationship in `scope`."""
    if not outline.overrides:
        return []
    today, names = snapshot["on_date"], list(outline.carried)
    carried = _carried(con, outline, today, retired)
    known = ", ".join(f'CAST(? AS DOUBLE) AS "k_{name}"' for name in names)
    tests = ", ".join(f'({cap.holds}) AS "c#{cap.name}"' for cap in outline.overrides)
    query = f"SELECT *, {tests} FROM (SELECT grid.on_date AS today, scope.*, {known} FROM scope, grid)"
    row = rows_of(con, query, [carried[name][0] if name in carried else None for name in names])[0]
    row |= {f"d_{name}": carried[name][1] if name in carried else None for name in names}
    values = {**row, **{name: row[f"k_{name}"] for name in names}}
    found = [
        _override(cap, bool(row[f"c#{cap.name}"]), values, snapshot["on_date"]) for cap in outline.overrides
    ]
    for cap, told in zip(outline.overrides, found, strict=True):
        told.update(_standing_on(cap, row, outline, snapshot["on_date"]))
        told["outcomes"] = outcomes.of(con, cap.name) if told["fired"] else None
    return found


def _standing_on(cap: OutlinedCap, row: Row, outline: Outline, today: date) -> Row:
    """Whether all that it looks at is known now, and until when its evidence counts: what was last known, or a fact that grows old."""
    since = {name: row[f"d_{name}"] for name in cap.metrics if row[f"d_{name}"] not in (None, today)}
    ends = [day + timedelta(days=outline.carried[name]) for name, day in since.items()]
    if not since and cap.expires and (age := row.get(f"k_{cap.expires.age}")) is not None:
        ends = [today + timedelta(days=cap.expires.days - 1 - int(age))]
    return {"known": not since, "until": min(ends).isoformat() if ends else None}


def _carried(
    con: Connection, outline: Outline, today: date, retired: Mapping[str, Retirement]
) -> dict[str, tuple[float, date]]:
    """The newest value of each metric that still counts, and of which day it is."""
    found = con.execute(
        """SELECT metric, max_by(value, on_date), max(on_date) FROM metric_value
        WHERE relationship_id = (SELECT relationship_id FROM scope) AND value IS NOT NULL AND on_date <= ? GROUP BY metric""",
        [today],
    ).fetchall()
    return {
        name: (value, day)
        for name, value, day in found
        if name in outline.carried
        and (today - day).days <= outline.carried[name]
        and not (name in retired and day < today and day <= retired[name].entry.on)
    }


def _override(cap: OutlinedCap, fired: bool, values: Row, today: date) -> Row:
    text = read(cap.reason)
    since = {name: values.get(f"d_{name}") for name in text.names}
    reason = text.fill(values, today, since) if fired else cap.fix
    return {"name": cap.name, "cap": cap.cap, "fired": fired, "reason": reason}


def _contradictions(con: Connection, snapshot: Row) -> list[Row]:
    """What is said against what is done, of the relationship or of all of the account."""
    return rows_of(
        con,
        f"""SELECT contradiction AS name, kind, title, text, known, relationship_id AS relationship FROM contradiction
        WHERE "{snapshot["entity"]}_id" = ? AND on_date = ? ORDER BY place, relationship_id""",
        [snapshot["entity_id"], snapshot["on_date"]],
    )


def _relationships(con: Connection, snapshot: Row) -> list[Row]:
    return rows_of(
        con,
        """SELECT r.relationship_id AS id, r.name, r.type, r.owner_user_id AS owner, s.score, s.band
        FROM snapshot AS s JOIN relationship AS r ON r.relationship_id = s.entity_id
        WHERE s.entity = 'relationship' AND s.main AND s.account_id = ? AND s.on_date = ?
        ORDER BY s.score NULLS LAST, r.relationship_id""",
        [snapshot["account_id"], snapshot["on_date"]],
    )


def _segment(con: Connection, snapshot: Row) -> str | None:
    """That of the account: it chooses curves."""
    query = "SELECT segment FROM account WHERE account_id = ?"
    found: str | None = rows_of(con, query, [snapshot["account_id"]])[0]["segment"]
    return found


def _parts(con: Connection, outline: Outline, snapshot: Row) -> list[Part]:
    segment, found = _segment(con, snapshot), []
    for row in _measures(con, _deciding(con, snapshot), snapshot):
        m = outline.measures[row["measure"]]
        found.append(
            Part(
                row["measure"], row["group"], row["value"], row["unit"], row["score"], row["weight"],
                m.curve_for(segment), read(m.lever) if m.lever else None, m.effort,
            )
        )  # fmt: skip
    return found
