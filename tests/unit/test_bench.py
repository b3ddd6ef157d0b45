"""The bench and the soak say what they found in the agreed shape, and say it when something failed or is missing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

import bench.__main__ as whole_bench
from bench import crm, peers, soak, sync
from bench.cost import Broken, Cost, Net, least, net, spend
from bench.results import added, judge, keep
from bench.size import Size, Yard
from bench.soaking import batches as books
from bench.soaking.batches import Book
from bench.soaking.code import NOTES, Code, listening, opened
from bench.soaking.tries import Kind, Tried, Ways
from bench.syncing import loops, pairs, reading
from bench.syncing.flood import Flood
from bench.syncing.listings import LISTINGS
from bench.syncing.reading import Reading
from bench.syncing.ways import BULK, REST, WAYS
from bench.tickets import DAY
from cs_connector import registry
from cs_connector.sandbox.up import Sandbox
from cs_connector.sandbox.wire import Request, Response

ROOT = Path(__file__).parents[2]
AREAS = {"main", "sandbox", "sync", "unify", "measure", "health", "write-back"}


@pytest.mark.parametrize(
    ("ours", "against", "goal", "ratio", "met"),
    [
        (6, 2, 3, 3, True),
        (7, 2, 3, 3.5, False),
        (7, 2, None, 3.5, None),
        (0, 0, 0, None, True),
        (1, 0, 0, None, False),
    ],
)
def test_a_row_is_held_to_its_goal(ours, against, goal, ratio, met):
    row = judge("main", "x", ours, against, goal, "")
    assert (row.ratio, row.met) == (ratio, met)


SOME = ("startup", "endless", "unify")  # all would take a tenth of the suite's time


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_quick_bench_writes_its_measurements_in_the_agreed_shape(tmp_path):
    out = tmp_path / "results.json"
    command = [sys.executable, "-m", "bench", "--quick", "--full", "--out", str(out), *SOME]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows = json.loads(out.read_text())
    assert len(rows) == 7
    for row in rows:
        assert list(row) == ["area", "name", "ours", "against", "ratio", "goal", "met", "note"]
        assert row["area"] in AREAS
        assert row["ratio"] is None or row["ratio"] == pytest.approx(row["ours"] / row["against"], rel=0.1)
        assert (row["met"] is None) == (row["goal"] is None)
        assert row["name"].split()[0] in done.stdout


@contextmanager
def odd(_folder):
    """Fails for every even seed, and counts two of something for each."""
    yield lambda seed: Tried("" if seed % 2 else "a record is missing", 2)


@contextmanager
def good(_folder):
    yield lambda _seed: Tried("")


def soaked(monkeypatch, out, *words, naive=odd):
    monkeypatch.setattr(
        soak, "KINDS", {"kill": Kind("sync", "kills", 100, lambda: Ways(odd, {"naive": naive}))}
    )
    monkeypatch.setattr(sys, "argv", ["soak", "kill", "--out", str(out), *words])
    monkeypatch.setenv(NOTES, os.devnull)  # as in a process of its own
    return soak.main()


def test_a_soak_goes_on_where_it_was_stopped(tmp_path, monkeypatch, capsys):
    out = tmp_path / "soak.json"
    assert soaked(monkeypatch, out, "--tries", "4") == 1
    assert soaked(monkeypatch, out, "--tries", "3") == 1
    rows = json.loads(out.read_text())
    assert [(row["seed"], row["seeds"], row["tried"], row["failed"]) for row in rows] == [
        (1, 4, 8, 2),
        (5, 3, 6, 1),
    ]
    assert rows[0]["note"] == "seed 2: a record is missing; seed 4: a record is missing"
    assert (rows[0]["area"], rows[0]["name"]) == ("sync", "kills")
    assert all(row["commit"] and row["digest"] and row["rooms"] for row in rows)
    told = capsys.readouterr()
    assert "python -m bench.soak kill --seed 6" in told.err
    assert "14" in told.out


def test_two_share_the_work_from_different_seeds(tmp_path, monkeypatch):
    for out, words in (("a", ["--tries", "4"]), ("b", ["--tries", "3", "--begin", "11"])):
        soaked(monkeypatch, tmp_path / out, *words)
    batches = [batch for out in "ab" for batch in Book(tmp_path / out).batches]
    assert [(batch.seed, batch.seeds) for batch in batches] == [(1, 4), (11, 3)]
    assert books.added(batches).next == 14


def test_counts_of_other_code_are_not_added(tmp_path, monkeypatch):
    out = tmp_path / "soak.json"
    soaked(monkeypatch, out, "--tries", "4")
    monkeypatch.setattr(soak, "opened", lambda: Code("other", ("here",), "abc"))
    soaked(monkeypatch, out, "--tries", "2")
    assert [row["seed"] for row in json.loads(out.read_text())] == [1, 1]
    assert Book(out).sum("kill", "other").tried == 4


def test_a_soak_ends_at_its_goal(tmp_path, monkeypatch):
    soaked(monkeypatch, tmp_path / "soak.json")
    assert Book(tmp_path / "soak.json").sum("kill", Book(tmp_path / "soak.json").newest("kill")).tried == 100


def test_a_batch_during_which_the_code_changed_does_not_count(tmp_path, monkeypatch):
    monkeypatch.setattr(soak, "opened", lambda: Code("as it was", (), "", (Path(__file__),)))
    with pytest.raises(Broken, match="changed"):
        soaked(monkeypatch, tmp_path / "soak.json", "--tries", "2")
    assert not (tmp_path / "soak.json").exists()


def test_a_batch_that_opens_more_files_than_before_is_one_of_other_code(tmp_path, monkeypatch, capsys):
    found = iter([Code("few", ("a",), "c"), *[Code("more", ("a", "b"), "c", (Path(__file__),))] * 2])
    monkeypatch.setattr(soak, "opened", lambda: next(found))
    soaked(monkeypatch, tmp_path / "soak.json", "--tries", "2")
    assert [(row.digest, row.rooms) for row in Book(tmp_path / "soak.json").batches] == [("more", ("a", "b"))]
    assert "test_bench.py was opened" in capsys.readouterr().err


def test_what_other_processes_open_is_part_of_the_code(tmp_path, monkeypatch):
    """Also where they were killed, and what is no module."""
    monkeypatch.setenv(NOTES, str(tmp_path / "notes"))
    said = "import os, cs_connector.model; open('mappings/hubspot.yml'); os.kill(os.getpid(), 9)"
    command = [
        sys.executable,
        "-c",
        f"import subprocess, sys; subprocess.run([sys.executable, '-c', {said!r}])",
    ]
    subprocess.run(command, cwd=ROOT, env=listening(tmp_path / "notes"), check=True)
    noted = [Path(line).relative_to(ROOT).as_posix() for line in (tmp_path / "notes").read_text().split()]
    assert "mappings/hubspot.yml" in noted
    assert any(name.startswith("cs_connector/") and "model" in name for name in noted)
    assert {ROOT / "mappings/hubspot.yml", ROOT / "cs_connector/model.py"} <= set(opened().files)


HISTORIES = """
from pathlib import Path
from sys import argv
from bench import soak
from bench.soaking.code import opened
kind = soak.KINDS["history"]
with kind.load().begin(Path(argv[1])) as attempt:
    soak.warm(kind, attempt)
print(*opened().files, sep="\\n")
"""


@pytest.mark.slow
def test_the_code_of_histories_is_what_reads_and_not_what_unifies(tmp_path):
    command = [sys.executable, "-c", HISTORIES, str(tmp_path)]
    env = listening(tmp_path / "notes")
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    files = {Path(line).relative_to(ROOT).as_posix() for line in done.stdout.splitlines()}
    reading = {f"adapters/{crm}/reading.py" for crm in ("salesforce", "hubspot", "zendesk")}
    assert reading | {"cs_connector/store/landing.py", "cs_connector/transport/session.py"} <= files
    assert {"bench/soaking/maps/hubspot.yml", "jobs/sync.py", "cs_connector/config/settings.py"} <= files
    rooms = (
        "health",
        "language",
        "measure",
        "act/differences",
        "act/calling",
        "unify/run",
        "unify/identity",
        "unify/entities",
    )
    assert not [name for name in files if name.startswith(tuple(f"cs_connector/{room}" for room in rooms))]


def test_a_seed_that_is_shown_again_is_not_counted(tmp_path, monkeypatch, capsys):
    soaked(monkeypatch, tmp_path / "soak.json", "--seed", "6")
    assert "FAILED a record is missing" in capsys.readouterr().err
    assert not (tmp_path / "soak.json").exists()


def test_nothing_counts_where_a_naive_variant_is_not_caught(tmp_path, monkeypatch):
    with pytest.raises(Broken, match="naive"):
        soaked(monkeypatch, tmp_path / "soak.json", naive=good)
    assert not (tmp_path / "soak.json").exists()


FIRST = {
    "salesforce": "/services/data/v67.0/queryAll?q=SELECT+Id,Status+FROM+Case+ORDER+BY+SystemModstamp,+Id",
    "bulk": "/services/data/v67.0/queryAll?q=SELECT+Id,Status+FROM+Case+ORDER+BY+SystemModstamp,+Id",
    "hubspot": "/crm/v3/objects/tickets?limit=100",
    "zendesk": "/api/v2/incremental/tickets/cursor.json?per_page=1000&start_time=0",
}


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.loop)
def test_a_floor_reads_every_record_over_all_pages(tmp_path, monkeypatch, way):
    monkeypatch.setattr(loops, "ROWS", 1_000)  # of bulk results, or all would be on one page
    sandbox = Sandbox([(way.crm, registry.simulator(way.crm))], DAY, profile="unlimited")
    crm.fill(sandbox, way.crm, 205)
    with sandbox:
        place = tmp_path / "sandbox.json"
        place.write_text(json.dumps(sandbox.document()))
        told = loops.main(place, way.crm, way.loop, FIRST[way.loop])
    assert told["records"] == 2_050
    assert told["pages"] == {"salesforce": 2, "bulk": 3, "hubspot": 21, "zendesk": 3}[way.loop]


def costs(cpu: float, wall: float = 0.0, out: str = "") -> Cost:
    return Cost(cpu, wall, 0.0, out)


def test_a_floor_that_misses_records_is_none(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "spend", lambda _command: costs(1.0, out='{"records": 19}'))
    few = Reading(REST, SimpleNamespace(folder=tmp_path), 20)
    with pytest.raises(Broken, match="19 records were met, 20 were expected"):
        few.floor("salesforce", "/")()


def test_works_are_measured_in_turns_and_the_least_of_each_counts():
    order = []

    def work(name, *found):
        left = iter(found)

        def run():
            order.append(name)
            return next(left)

        return run

    both = (work("all", costs(5, 3), costs(4, 9)), work("start", costs(1, 2), costs(2, 1)))
    found = net(2, {"ours": both})["ours"]
    assert order == ["all", "start", "all", "start"]
    assert (found.cpu, found.gross.wall, found.start.wall) == (3, 9, 2)
    assert least(2, work("x", costs(1, 8), costs(2, 7)), by="wall")[0].wall == 7
    assert Net(costs(1), costs(2)).cpu > 0  # nothing is ever divided by nothing


def test_what_a_few_records_cost_in_a_started_process_is_taken_off(tmp_path, monkeypatch):
    lines = [
        json.dumps([cpu, 0, 0, json.dumps({"records": met})]) for cpu, met in ((9, 20), (1, 20), (4, 99))
    ]
    monkeypatch.setattr(pairs, "spend", lambda _command: costs(0, out="\n".join(lines)))
    few, full = (Reading(REST, SimpleNamespace(folder=tmp_path), records) for records in (20, 99))
    assert pairs.Pair(full, few).floor("salesforce")().cpu == 3
    with pytest.raises(Broken, match="99 records were met, 100 were expected"):
        pairs.Pair(Reading(REST, few.bed, 100), few).floor("salesforce")()


def test_the_least_of_all_and_of_few_records_count_each():
    runs = iter([Net(costs(5), costs(1)), Net(costs(4), costs(2))])
    assert pairs.cheapest(2, {"ours": lambda: next(runs)})["ours"].cpu == 3


@pytest.mark.slow
def test_commands_in_one_process_are_told_apart():
    orders = [["bench.nowhere"], ["json.tool", "--help"]]
    with pytest.raises(Broken, match="nowhere"):
        spend([sys.executable, "-m", "bench.syncing.warmed", json.dumps(orders)])
    out = spend([sys.executable, "-m", "bench.syncing.warmed", json.dumps(orders[1:] * 2)]).out
    assert [json.loads(line)[3].startswith("usage") for line in out.splitlines()] == [True, True]


def test_a_bulk_job_may_ask_what_the_job_takes_and_no_more():
    watched = Reading(BULK, None, 100_000)
    watched.asked = [
        "POST /jobs/query",
        "GET /jobs/query/7",
        "GET /jobs/query/7",
        "GET /jobs/query/7/results?",
    ]
    row = sync._calls(watched, 300_000, used=15)
    assert (row.ours, row.against, row.met) == (12, 6 + 2 + 3 + 1, True)
    assert sync._calls(watched, 100_000, used=12).met is False
    assert sync._calls(Reading(REST, None, 100_000), 100_000, used=3 + 50 + 2).met is True
    assert sync._calls(Reading(REST, None, 100_000), 100_000, used=3 + 50 + 3).met is False


def test_a_peer_that_is_not_installed_is_said_to_be_missing(tmp_path, monkeypatch):
    monkeypatch.setattr(peers, "HOMES", tmp_path)
    with Yard(tmp_path, Size()) as yard:
        assert peers.measure(yard) == []
        assert len(yard.missing) == len(peers.PEERS) >= 4
        assert yard.missing[0] == "dlt 1.31.0 was not measured: it is not installed; run: make peers"


def test_a_peer_that_meets_other_records_is_not_compared(tmp_path):
    peer = peers.Peer("tap", "tap", REST, lambda *_: ({"printed": costs(1)}, 19))
    with pytest.raises(Broken, match="19 records were met, 20 are there"):
        peers._met(peer, tmp_path, Reading(REST, None, 20), tmp_path)


def test_what_was_not_measured_is_said_last_and_ends_the_bench_with_1(tmp_path, monkeypatch, capsys):
    def broken(_yard):
        raise Broken("no sandbox")

    fine = judge("sync", "what was measured", 1, 2, 1, "")
    monkeypatch.setattr(whole_bench, "MEASURES", {"worse": broken, "better": lambda _yard: [fine]})
    out = tmp_path / "results.json"
    monkeypatch.setattr(sys, "argv", ["bench", "--quick", "--out", str(out)])
    assert whole_bench.main() == 1
    assert capsys.readouterr().err.endswith("worse was not measured: no sandbox\n")
    assert [row["name"] for row in json.loads(out.read_text())] == ["what was measured"]


def test_a_flood_gives_every_ticket_once_with_times_that_grow_and_says_where_it_ends():
    ticket = {"id": 1001, "url": "https://x/1001.json", "updated_at": "2025-10-21T09:00:00Z", "at": 10010}
    page = json.dumps({"tickets": [ticket, ticket | {"subject": "100 %"}], "end_of_stream": True}).encode()
    few = SimpleNamespace(handle=lambda _request: Response(200, page))
    flood, seen, cursor = Flood(few, LISTINGS["zendesk"], 2_500), [], ""
    while True:
        query = f"per_page=1000{cursor}"
        request = Request("GET", "/api/v2/incremental/tickets/cursor.json", query, {}, b"")
        told = json.loads(flood.handle(request).body)
        seen += told["tickets"]
        if told["end_of_stream"]:
            break
        cursor = f"&cursor={told['after_cursor']}"
    assert [row["id"] for row in seen] == list(range(1001, 3501))
    assert {row["url"] == f"https://x/{row['id']}.json" and row["at"] == 10010 for row in seen} == {True}
    times = [row["updated_at"] for row in seen]
    assert times == sorted(times)
    assert len(set(times)) == 2_500
    assert seen[1]["subject"] == "100 %"


def test_a_part_of_the_bench_leaves_the_figures_of_the_others(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    keep(path, added(path, [judge("sync", "read", 2, 1, 1.5, ""), judge("unify", "link", 6, 2, 3, "")]))
    keep(path, added(path, [judge("sync", "read", 1, 1, 1.5, "")]))
    assert [(row.name, row.ratio) for row in added(path, [])] == [("link", 3.0), ("read", 1.0)]
