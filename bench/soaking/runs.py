"""Kills of the whole job at any moment of a run, also while it writes."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.bed import COMMAND, DAY, FINE, Bed, company
from bench.cost import spend

from .tries import Begin, Tried, Try

ACCOUNTS = 40
KILLS = 14  # of one project, one after another
KEYS = ("CS_Key__c", "Key__c", "cs_key", "Install_Id__c")  # they differ between installations
MOMENTS = ("Last_Run__c", "Run__c")  # of the run that gave the heartbeat
Written = dict[tuple[str, ...], dict[str, Any]]


@contextmanager
def killed(folder: Path) -> Iterator[Try]:
    """`run` is killed several times and then let finish: the CRMs end as if it never had been."""
    with company(folder, ACCOUNTS) as bed:
        bed.snapshot()
        root = bed.project()
        cost = spend(_command(root), FINE)
        expected = _outcome(bed.ledger())

        def attempt(seed: int) -> Tried:
            return _tried(bed, seed, cost.wall, expected)

        yield attempt


def _command(root: Path) -> list[str | Path]:
    return [*COMMAND, "run", "--project", root, "--as-of", DAY, "--json"]


def _tried(bed: Bed, seed: int, lasts: float, expected: Written) -> Tried:
    dice = random.Random(seed)
    bed.restore()
    root = bed.project()
    kills = sum(_kill(bed, root, dice, lasts, len(expected)) for _ in range(KILLS))
    spend(_command(root), FINE)
    entries = bed.ledger()
    bed.advance("PT3M")
    spend(_command(root), FINE)
    late = bed.ledger(len(entries))
    shutil.rmtree(root)
    return Tried(_twice(entries) or _differs(_outcome(entries), expected) or _more(late), kills)


def _kill(bed: Bed, root: Path, dice: random.Random, lasts: float, writes: int) -> bool:
    """Kill a run at a random time, or while it writes: after a random number of mutations. Whether that was before its end."""
    quiet, done = subprocess.DEVNULL, len(bed.ledger())
    with subprocess.Popen([str(part) for part in _command(root)], stdout=quiet, stderr=quiet) as process:
        if done >= writes or dice.random() < 0.3:
            time.sleep(dice.uniform(0.3, lasts))
        else:
            _until(bed, process, dice.randint(done, writes - 1))
            time.sleep(dice.uniform(0, 0.02))
        process.send_signal(signal.SIGKILL)
    return process.returncode == -signal.SIGKILL


def _until(bed: Bed, process: subprocess.Popen[bytes], count: int) -> None:
    """Wait for more than `count` mutations, or for the end of the process."""
    while process.poll() is None and not bed.ledger(count):
        time.sleep(0.002)


def _twice(entries: list[dict[str, Any]]) -> str:
    """Records that were created more than once under one key."""
    made = Counter(
        (e["crm"], e["object"], e["after"].get(key))
        for e in entries
        if e["action"] == "create"
        for key in KEYS
        if key in e["after"]
    )
    again = [key for key, count in made.items() if count > 1]
    return f"created twice: {again[:3]}" if again else ""


def _outcome(entries: list[dict[str, Any]]) -> Written:
    """What the CRMs hold of what was written: by record, a created one by what it is about, also where another leads to it."""
    names: dict[tuple[str, ...], tuple[str, ...]] = {}
    made: dict[tuple[str, str], tuple[str, ...]] = {}
    found: Written = {}
    for entry in entries:
        record = (entry["crm"], entry["object"], entry["id"])
        if entry["action"] == "create":
            names[record] = (*record[:2], *_about(entry["after"]))
            made[record[0], record[2]] = names[record]
        fields = found.setdefault(names.get(record, record), {})
        told = {k: v for k, v in _flat(entry["after"]).items() if k not in (*KEYS, *MOMENTS)}
        fields |= {name: made.get((entry["crm"], str(value)), value) for name, value in told.items()}
    return found


def _about(fields: Mapping[str, Any]) -> tuple[str, ...]:
    named = ("Name", "Subject", "CS_Relationship_Name__c", "hs_task_subject", "Account__c", "WhatId")
    return tuple(str(fields[name]) for name in named if name in fields)


def _flat(after: Mapping[str, Any] | None) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in (after or {}).items():
        flat |= value if isinstance(value, dict) else {name: value}
    return flat


def _differs(found: Written, expected: Written) -> str:
    lost, extra = expected.keys() - found.keys(), found.keys() - expected.keys()
    if lost or extra:
        return (
            f"{len(lost)} records were not written, {len(extra)} should not have been: {[*lost, *extra][:3]}"
        )
    other = [key for key in expected if found[key] != expected[key]]
    return (
        f"{len(other)} records hold something else, such as {other[0]}{_apart(found, expected, other[0])}"
        if other
        else ""
    )


def _apart(found: Written, expected: Written, key: tuple[str, ...]) -> str:
    """The fields in which a record is not as expected, with both values."""
    mine, theirs = found[key], expected[key]
    names = sorted(name for name in {*mine, *theirs} if mine.get(name) != theirs.get(name))
    return "".join(f"; {name}: {mine.get(name)!r} for {theirs.get(name)!r}" for name in names[:3])


def _more(late: list[dict[str, Any]]) -> str:
    return f"the run after wrote {len(late)} times more, such as {late[0]}" if late else ""


NAIVE: dict[
    str, Begin
] = {}  # the tasks that a naive one writes twice are the matter of the outbox's own tests
