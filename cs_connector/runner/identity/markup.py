"""The report on who is who as one page that needs nothing else: no script, no font, nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from math import floor
from operator import itemgetter
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined

from .pairing import Card, cards

MOST = 500  # pairs or rows of a part; the JSON file has all
TEMPLATE = Path(__file__).with_name("identity.html.j2")
_PAIRS = (
    ("conflicts", "Conflicts", "Likely the same, but that would contradict something else: nothing was joined. The command joins them."),
    ("near_misses", "Near misses", "Not likely enough to be joined, the likeliest first. The command joins them; with unlink in the place of link it keeps them apart for good."),
)  # fmt: skip
_TABLES = (
    ("pending_splits", "Splits that wait", "Nothing holds these records in their entity any more; they stay until somebody unlinks them."),
    ("events", "Merges and splits", "Entities that became one (other id went into entity id), and records that left."),
    ("decisions", "Decisions", "What people said; it stands above all evidence."),
    ("hierarchy", "The tree of accounts", "Parents that are not there, circles, and other odd places."),
    ("moves", "Moved in the tree", "Accounts that came under another parent, or under none; the last first."),
    ("disagreements", "Disagreements", "What a system says of an account and is not believed; precedence.yml says who is."),
    ("unmatched", "Unmatched", "Records that are one with no other."),
)  # fmt: skip
_TILES = (
    ("conflicts", "conflicts"),
    ("near_misses", "near misses"),
    ("pending_splits", "splits that wait"),
    ("hierarchy", "odd places in the tree"),
    ("disagreements", "disagreements"),
    ("unmatched", "unmatched records"),
)


def page(document: Mapping[str, Any]) -> str:
    """The page of an identity/1 document."""
    pairs = {name: cards(document.get(name, [])) for name, _, _ in _PAIRS}
    counts = {name: len(pairs.get(name, document.get(name, []))) for name, _ in _TILES}
    made = Environment(autoescape=True, undefined=StrictUndefined).from_string(TEMPLATE.read_text("utf-8"))
    return (
        made.render(
            as_of=document["as_of"],
            tiles=[{"anchor": name, "count": counts[name], "said": said} for name, said in _TILES],
            coverage=[
                (entity, [_covered(line) for line in lines])
                for entity, lines in groupby(document.get("coverage", []), itemgetter("entity"))
            ],
            pairs=list(_parts(pairs)),
            tables=[_table(name, title, text, document.get(name, [])) for name, title, text in _TABLES],
        )
        + "\n"
    )


def _covered(line: Mapping[str, Any]) -> dict[str, Any]:
    """A line of coverage as its bar and its words."""
    joined = [found for found in line["methods"].items() if found[0] != "itself"]
    methods = sorted(joined, key=lambda found: (-found[1], found[0]))
    percent = 100 * line["linked"] / line["records"]
    return {
        "connection": line["connection"],
        "percent": f"{percent:.1f}",
        "told": f"{line['linked']:,} of {line['records']:,}, {floor(percent)} %",
        "how": ", ".join(f"{name} {count:,}" for name, count in methods),
    }


def _parts(pairs: Mapping[str, Sequence[Card]]) -> Iterator[dict[str, Any]]:
    for name, title, text in _PAIRS:
        found = pairs[name]
        more = max(0, len(found) - MOST)
        yield {
            "anchor": name,
            "title": title,
            "text": text,
            "cards": found[:MOST],
            "more": more,
            "total": len(found),
        }


def _table(name: str, title: str, text: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    columns = list(rows[0]) if rows else []
    return {
        "anchor": name,
        "title": title,
        "text": text,
        "total": len(rows),
        "names": [column.replace("_", " ") for column in columns],
        "rows": [[row.get(column) for column in columns] for row in rows[:MOST]],
    }
