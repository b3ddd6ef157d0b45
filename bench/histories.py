"""Random histories: whatever happens in the CRMs between runs, our raw copy ends as they are."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import duckdb

from cs_connector import registry
from cs_connector.store.store import Store
from cs_connector.transport.clock import SystemClock
from cs_connector.unify import load_mapping

from .bed import COMMAND, FINE, Bed, company
from .cost import spend
from .crms import Hand, Http, Record, Refused, hand
from .tries import Try

ACCOUNTS = 25
QUIET = "PT20M"  # longer than any change takes to become visible
STOPPED = 5  # a safety guard may stop what a wild history would write
Hands = Mapping[str, Hand]


@contextmanager
def of_changes(folder: Path) -> Iterator[Try]:
    """Records are made, changed, merged and deleted, with syncs and runs in between, then two quiet syncs."""
    with company(folder, ACCOUNTS) as bed, ExitStack() as stack:
        hands = {name: _hand(bed, block, stack) for name, block in _blocks(bed)}
        bed.snapshot()

        def attempt(seed: int) -> str:
            return _history(bed, hands, random.Random(seed))

        yield attempt


def _blocks(bed: Bed) -> Iterator[tuple[str, dict[str, Any]]]:
    for name in ("salesforce", "hubspot", "zendesk"):
        yield name, {"crm": name, **bed.document[name]}
    yield from ((n, b) for n, b in bed.document["others"].items() if b["crm"] == "hubspot")


def _hand(bed: Bed, block: dict[str, Any], stack: ExitStack) -> Hand:
    return hand(block["crm"], stack.enter_context(closing(Http(block, bed.advance))), block)


def _history(bed: Bed, hands: Hands, dice: random.Random) -> str:
    bed.restore()
    root = bed.project()
    _step(root, "sync")
    for _ in range(dice.randint(2, 4)):
        for _ in range(dice.randint(4, 15)):
            _happen(dice.choice(sorted(hands.items()))[1], dice)
            bed.advance(f"PT{dice.choice((0, 0, 1, 5, 30, 400))}S")
        if dice.random() < 0.8:
            _step(root, dice.choice(("sync", "sync", "run")))
    for _ in range(2):
        bed.advance(QUIET)
        _step(root, "sync")
    found = "; ".join(filter(None, (_compare(root, name, hands[name]) for name in sorted(hands))))
    shutil.rmtree(root)
    return found


def _step(root: Path, command: str) -> None:
    spend([*COMMAND, command, "--project", root, "--json"], (*FINE, STOPPED))


def _happen(by: Hand, dice: random.Random) -> None:
    """One thing happens in one CRM; what the CRM refuses has not happened."""
    name = dice.choice(by.touchable)
    ids = sorted(by.holds(name, ()))
    what = dice.random()
    try:
        if what < 0.2 or not ids:
            by.create(name, dice)
        elif what < 0.8:
            by.change(name, dice.choice(ids), dice)
        else:
            by.delete(name, dice.choice(ids), dice)
    except Refused:
        return


def _compare(root: Path, connection: str, by: Hand) -> str:
    """The first difference between our copy of a connection's objects and the CRM."""
    connection.split("_", maxsplit=1)[0]

    mapping = load_mapping(registry.shipped()[0] / f"{connection.partition('_')[0]}.yml")
    for name, fields in mapping.objects().items():
        if name not in by.touchable:
            continue
        theirs, mine = by.holds(name, fields), _mine(root, connection, name)
        lost, extra = sorted(theirs.keys() - mine.keys()), sorted(mine.keys() - theirs.keys())
        if lost or extra:
            return f"{connection} {name}: not in our copy {lost[:3]}, not in the CRM {extra[:3]}"
        for id_, record in theirs.items():
            wrong = [f for f in fields if f in record and mine[id_].get(f) != record[f]]
            if wrong:
                return f"{connection} {name} {id_}: {wrong[0]} is {mine[id_].get(wrong[0])!r}, not {record[wrong[0]]!r}"
    return ""


def _mine(root: Path, connection: str, name: str) -> dict[str, Record]:
    """Our newest version of every record that is not deleted, flat."""
    with Store(root / ".cs-connector", None, SystemClock()) as store, duckdb.connect() as con:
        store.facts.latest(con, connection, name, "newest")
        rows = con.execute("SELECT id, payload FROM newest WHERE NOT deleted").fetchall()
    records = {id_: json.loads(payload) for id_, payload in rows}
    # a deleted user of Zendesk stays in the export, as one who is not active
    return {
        id_: record.get("properties", record)
        for id_, record in records.items()
        if name != "users" or record["active"]
    }
