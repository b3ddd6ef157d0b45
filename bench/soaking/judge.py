"""Whether our copy of a CRM is as the CRM is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import NamedTuple

import duckdb

from cs_connector.store.facts import RAW
from cs_connector.store.store import Store

from .hand import Hand, Record
from .reading import mapping

_TWICE = "SELECT id FROM newest GROUP BY id HAVING count(*) > 1"
_AGAIN = """SELECT id FROM (
    SELECT id, payload, deleted, lag(payload) OVER w AS before, lag(deleted) OVER w AS was
    FROM versions WINDOW w AS (PARTITION BY id ORDER BY known_at))
WHERE payload = before AND deleted = was"""


class Copy(NamedTuple):
    """What we read of some objects of a CRM, and a hand that sees what is there."""

    crm: str
    objects: tuple[str, ...]
    hand: Hand
    store: Store


def difference(copy: Copy) -> str:
    """The first thing that is missing, too much, wrong or double in our copy; nothing where all is right."""
    return next((found for name in copy.objects for found in _of(copy, name)), "")


def _of(copy: Copy, name: str) -> Iterator[str]:
    theirs = copy.hand.holds(name, mapping(copy.crm).objects()[name])
    with duckdb.connect() as con:
        copy.store.facts.latest(con, copy.crm, name, "newest")
        copy.store.facts.attach(con, f"raw/{copy.crm}/{name}", "versions", RAW)
        rows = con.execute("SELECT id, payload FROM newest WHERE NOT deleted ORDER BY id").fetchall()
        for problem, query in (("is there twice", _TWICE), ("was kept again unchanged", _AGAIN)):
            ids = [row[0] for row in con.execute(f"{query} ORDER BY id").fetchall()]
            if ids:
                yield f"{copy.crm} {name} {ids[0]} {problem}"
    mine = {key: copy.hand.flat(name, json.loads(payload)) for key, payload in rows}
    yield from _apart(f"{copy.crm} {name}", theirs, mine)


def _apart(what: str, theirs: dict[str, Record], mine: dict[str, Record]) -> Iterator[str]:
    for key in sorted(theirs.keys() - mine.keys()):
        yield f"{what} {key} is missing"
    for key in sorted(mine.keys() - theirs.keys()):
        yield f"{what} {key} is not in the CRM any more"
    for key, record in sorted(theirs.items()):
        for field, value in record.items():
            if mine[key].get(field) != value:
                yield f"{what} {key}: {field} is {mine[key].get(field)!r}, not {value!r}"
