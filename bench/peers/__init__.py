"""Programs of others that read the same tickets: what they cost above their start, held against the same loop."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeAlias

from bench.cost import Broken, Cost, Net, net, spend
from bench.results import Row, judge
from bench.size import Yard
from bench.sync import PLAIN, floors, pair, rounds
from bench.syncing.reading import Reading
from bench.syncing.ways import HUBSPOT, REST, ZENDESK, Way

from . import taps

HOMES = Path(sys.prefix)
Run: TypeAlias = Callable[[Path, Reading, Path], tuple[dict[str, Cost], int]]


@dataclass(frozen=True, slots=True)
class Peer:
    """`home` is its environment, below that of the bench. `run` gives the costs until it had done so much, and how many
    records it met.
    """

    name: str
    home: str
    way: Way
    run: Run


def measure(yard: Yard) -> list[Row]:
    """One that is not installed, or fails, is said to be missing; the others are measured."""
    return [row for peer in PEERS for row in _tried(yard, peer)] if yard.size.peers else []


def _tried(yard: Yard, peer: Peer) -> list[Row]:
    home = HOMES / peer.home
    if (home / ".ready").exists():
        return yard.attempt(peer.name, partial(_peer, yard, peer, home))
    yard.missing.append(f"{peer.name} was not measured: it is not installed; run: make peers")
    return []


def _peer(yard: Yard, peer: Peer, home: Path) -> Iterator[Row]:
    full, few = pair(yard, peer.way, yard.size.records)
    few.watched()
    full.first = few.first
    folder = yard.folder / "peers" / peer.home
    loop = net(yard.size.rounds, {"loop": floors(full, few)[peer.way.loop]})["loop"]
    start, whole = _met(peer, home, few, folder / "few"), _met(peer, home, full, folder / "full")
    for does, cost in whole.items():
        own = Net(cost, start[does])
        note = (
            f"a peer's CPU s for {full.records:,} records, its start ({own.start.cpu:.2f} s) taken off; one run; "
            f"the loop: {rounds(yard.size)}"
        )
        yield judge("sync", f"{peer.way.name}: {peer.name}, {does} / {PLAIN}", own.cpu, loop.cpu, None, note)


def _met(peer: Peer, home: Path, reading: Reading, folder: Path) -> dict[str, Cost]:
    """Raises Broken when it met other records than are there."""
    costs, records = peer.run(home, reading, folder)
    if records != reading.records:
        raise Broken(f"{records:,} records were met, {reading.records:,} are there")
    return costs


def _dlt(home: Path, reading: Reading, folder: Path) -> tuple[dict[str, Cost], int]:
    program, place = Path(__file__).with_name("dlt_rest.py"), reading.bed.folder / "sandbox.json"
    cost = spend([home / "bin" / "python", program, place, reading.way.crm, reading.first, folder])
    told = json.loads(cost.out)
    parts = {
        "extracted": replace(cost, cpu=told["extracted"]),
        "extracted, typed and loaded as Parquet": cost,
    }
    return parts, told["records"]


DLT = "dlt 1.31.0"
PEERS = (
    *(Peer(DLT, "bench/dlt", way, _dlt) for way in (REST, HUBSPOT, ZENDESK)),
    Peer("tap-salesforce 2.8.1", "conformance/tap-salesforce", REST, taps.salesforce),
    Peer("meltano-tap-hubspot 0.10.1", "conformance/meltano-tap-hubspot", HUBSPOT, taps.hubspot),
)
