"""A score plan as Markdown: for a pull request, and for the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

MOST = 200  # accounts listed for one change of band; the JSON has all
CAUSES = 3
ORDER = ("red", "unknown", "yellow", "green")
SAID = {
    "coverage": "what is known",
    "bands": "the limits of the bands",
    "roll_up": "another relationship or the roll-up",
    "rounding": "rounding",
}
Row = Mapping[str, Any]


def markdown(document: Row) -> str:
    """The whole plan. The order is always the same, and an account is one line, so that two plans can be compared."""
    return "\n".join(_lines(document)) + "\n"


def _lines(document: Row) -> Iterator[str]:
    yield "# Score plan"
    yield ""
    yield f"The project's files against {document['against']}, as of {document['as_of']}. Nothing was written or published."
    yield ""
    yield "## What differs"
    yield ""
    yield from (f"- {line}" for line in document["differences"] or ["nothing that moves a score"])
    yield ""
    yield "## What it does"
    yield ""
    yield _change(document)
    yield from _lacking(document)
    if document["bands"]:
        yield from _tables(document)
    for _, rows in groupby(sorted(document["changes"], key=_worst_first), key=_worst_first):
        yield from _accounts(list(rows))


def _change(document: Row) -> str:
    changed, kept = document["changed"], document["score_only"]
    of = f"of {_count(document['accounts'])}"
    change = "changes" if changed["accounts"] == 1 else "change"
    said = f"{changed['accounts']:,} {of} {change} band" if changed["accounts"] else f"None {of} changes band"
    if shares := [_share(document, *part) for part in changed["revenue"].items()]:
        said += f"; what they pay a year: {' + '.join(shares)}"
    if not kept["accounts"]:
        return f"{said}. No other score moves."
    return f"{said}. {kept['accounts']:,} more get another score within their band, by {kept['down']:+d} to {kept['up']:+d} points."


def _lacking(document: Row) -> Iterator[str]:
    """Relationships that have a score on one side alone are in no table of bands."""
    told = {
        "after": "no score any more: no scorecard in assign.yml fits them",
        "before": "a score where none fitted before",
    }
    for side, what in told.items():
        found = document["no_scorecard"][side]
        if count := found["relationships"]:
            noun = "relationship has" if count == 1 else "relationships have"
            yield ""
            yield f"{count:,} {noun} {what}. What they pay a year: {_money(found['revenue'])}."


def _share(document: Row, currency: str, amount: float) -> str:
    whole = document["revenue"].get(currency) or amount
    return f"{amount:,.0f} of {whole:,.0f} {currency} ({amount / whole:.1%})"


def _tables(document: Row) -> Iterator[str]:
    yield from ("", "| from | to | accounts | revenue |", "|---|---|---:|---:|")
    for row in sorted(document["bands"], key=_worst_first):
        yield f"| {_band(row['from'])} | {_band(row['to'])} | {row['accounts']:,} | {_money(row['revenue'])} |"
    yield from ("", "| mostly because of | accounts | revenue |", "|---|---:|---:|")
    for row in document["because"]:
        yield f"| {_cause(row)} | {row['accounts']:,} | {_money(row['revenue'])} |"


def _band(one: Any) -> str:
    return str(one["band"] if isinstance(one, Mapping) else one)


def _worst_first(row: Row) -> tuple[bool, int, int]:
    """Falls before rises, the lowest end first."""
    one, two = ORDER.index(_band(row["from"])), ORDER.index(_band(row["to"]))
    return two > one, two, -one


def _accounts(rows: list[Row]) -> Iterator[str]:
    first = rows[0]
    yield ""
    yield f"## {first['from']['band']} → {first['to']['band']}: {_count(len(rows))}"
    yield ""
    yield from (_account(row) for row in rows[:MOST])
    if len(rows) > MOST:
        yield f"- … and {len(rows) - MOST:,} with less revenue; `--json` names them all"


def _account(row: Row) -> str:
    scores = f"{_score(row['from'])} → {_score(row['to'])}"
    money = f"{row['revenue']:,.0f} {row['currency'] or ''}".strip() if row["revenue"] else "no revenue"
    renews = f", renews {row['renewal_on']}" if row["renewal_on"] else ""
    cards = {row["from"]["scorecard"], row["to"]["scorecard"]}
    by = f", scorecard {row['from']['scorecard']} → {row['to']['scorecard']}" if len(cards) > 1 else ""
    name = _text(row["name"] or row["id"])
    return f"- **{name}** ({row['id']}) {scores}{by}; {money}{renews}; {_because(row)}"


def _score(one: Row) -> str:
    return "–" if one["score"] is None else str(one["score"])


def _because(row: Row) -> str:
    """The causes with most points; those that round to nothing are left out."""
    said = [_points(row, cause) for cause in row["because"] if _worth(cause)]
    return ", ".join(said[:CAUSES]) or "rounding"


def _worth(cause: Row) -> bool:
    if cause["kind"] in ("coverage", "bands"):
        return True
    return cause["kind"] != "rounding" and bool(abs(cause["points"]) >= 0.05)


def _points(row: Row, cause: Row) -> str:
    if cause["kind"] == "coverage":
        known = [f"{part:.0%}" for part in row["coverage"]]
        return f"known {' → '.join(known)} of the weight"
    if cause["kind"] == "bands":
        return _cause(cause)
    return f"{_cause(cause)} {cause['points']:+.1f}"


def _cause(cause: Row) -> str:
    if cause["name"]:
        return f"override {cause['name']}" if cause["kind"] == "override" else str(cause["name"])
    return SAID[cause["kind"]]


def _count(number: int) -> str:
    return f"{number:,} account{'' if number == 1 else 's'}"


def _money(revenue: Mapping[str, float]) -> str:
    return " + ".join(f"{amount:,.0f} {currency}".strip() for currency, amount in revenue.items()) or "no"


def _text(name: str) -> str:
    """A name as text: nothing in it is markup."""
    return "".join(f"\\{c}" if c in "\\`*_[]<>|#" else c for c in " ".join(name.split()))


def summary(document: Row) -> str:
    """The plan without its accounts, for a terminal when a file has them."""
    return markdown({**document, "changes": []})
