"""A process may be killed at any moment: no record is lost, none comes twice, the cursor never runs ahead."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest
import sqlalchemy as sa

from cs_connector.store.store import Store
from tests.conftest_store import HandClock

_WORK = """
import sys
from pathlib import Path
from cs_connector.store.store import Store
from tests.conftest_store import HandClock, page, record

run = sys.argv[3]
url = sys.argv[2] or None
with Store(Path(sys.argv[1]), url, HandClock()) as store:
    store.recover()
    print("ready", flush=True)
    n = int(store.landing.cursor("sf", "Case") or 0)
    while True:
        n += 1
        records = [record(f"{n}-{k}", f'{{"n":{n}}}') for k in range(5)]
        again = record("same", f'{{"n":{n}}}')
        store.landing.append(None, run, "sf", "Case", page(*records, again, cursor=str(n)))
        print(n, flush=True)
        if n % 3 == 0:
            store.fold("sf", "Case", run)
"""


def _work_and_die(root: Path, url: str | None, run: str, seconds: float) -> int:
    """Returns the last page that was appended for sure."""
    command = [sys.executable, "-c", _WORK, str(root), url or "", run]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": "."}) as child:
        assert child.stdout
        assert child.stdout.readline() == b"ready\n"
        first = child.stdout.readline()
        time.sleep(seconds)
        child.send_signal(signal.SIGKILL)
        *_, last = first, *child.stdout.read().split(b"\n")[:-1]
    return int(last)


def _verify(store: Store) -> int:
    """Every page up to the cursor is there once, and nothing beyond it; returns the cursor."""
    store.recover()
    store.fold("sf", "Case", "check")
    last = int(store.landing.cursor("sf", "Case") or 0)
    with duckdb.connect() as con:
        store.facts.attach(con, "raw/sf/Case", "v", {"id": "VARCHAR", "payload": "VARCHAR"})
        ids = [r[0] for r in con.execute("SELECT id FROM v WHERE id <> 'same'").fetchall()]
        store.facts.latest(con, "sf", "Case", "w")
        newest = con.execute("SELECT payload FROM w WHERE id = 'same'").fetchall()
    assert sorted(ids) == sorted(f"{n}-{k}" for n in range(1, last + 1) for k in range(5))
    assert newest == ([(f'{{"n":{last}}}',)] if last else [])
    return last


def _kill_often(root: Path, url: str | None, times: int) -> int:
    chance = random.Random(7)
    for n in range(times):
        appended = _work_and_die(root, url, f"r{n}", chance.uniform(0, 0.3))
        with Store(root, url, HandClock()) as store:
            store.recover()
            assert int(store.landing.cursor("sf", "Case") or 0) >= appended, (
                "a page that was appended was lost"
            )
    with Store(root, url, HandClock()) as store:
        if store.state.file:
            with store.state.read() as db:
                assert db.scalar(sa.text("PRAGMA integrity_check")) == "ok"
        return _verify(store)


@pytest.mark.slow
def test_many_kills_lose_and_double_nothing(tmp_path: Path, url: str | None) -> None:
    assert _kill_often(tmp_path / "s", url, 8) > 0
