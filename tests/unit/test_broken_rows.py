"""Rows of files that cannot be read are told by the command that meets them, whichever that is."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from cs_connector import registry
from cs_connector.config import open_project
from cs_connector.runner import Engine, Summary, open_engine
from cs_connector.runner.running import recorded

PROJECT = """\
version: 1
connections:
  lists: {adapter: files, mapping: lists, settings: {root: data, objects: {customers: {pattern: "*.csv", key: [id]}}}}
"""
MAPPING = "version: 1\ncrm: files\nread:\n  - {object: customers, entity: account, fields: {name: name}}\n"
ROWS = "id,name\n1,Acme\n2,Beta,too,many\n,no key\n3,Cobalt\n4\n5\n"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one file, in which four of six rows are broken."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for name, text in {
        "cs-connector.yml": PROJECT,
        "mappings/lists.yml": MAPPING,
        "data/a.csv": ROWS,
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def work(engine: Engine, names: Iterable[str]) -> None:
    for name in names:
        registry.job(name)(engine)


def ran(root: Path, *names: str) -> Summary:
    engine = open_engine(open_project(root, registry.shipped()), exclusive=True)
    try:
        return recorded(engine, "+".join(names), lambda: work(engine, names))
    finally:
        engine.close()


def test_sync_counts_what_it_could_not_read_and_names_the_first(root: Path) -> None:
    summary = ran(root, "sync")
    (line,) = summary.objects
    assert (line.read, line.quarantined, summary.exit) == (6, 4, 1)
    (note,) = summary.notes
    assert note.startswith("lists customers: 4 things are to be looked at: a.csv:3 (")
    assert " and 1 more; " in note
    assert "once cs-connector unify or run has gone through them" in note
    again = ran(root, "sync")
    assert (again.exit, again.notes) == (0, []), "nothing was read, so nothing was set aside"


def test_unify_by_itself_counts_what_is_set_aside(root: Path) -> None:
    ran(root, "sync")
    for _ in range(2):
        summary = ran(root, "unify")
        (line,) = summary.objects
        assert (line.connection, line.object, line.read, line.quarantined) == ("lists", "customers", 0, 4)
        assert summary.exit == 1


def test_both_together_count_each_row_once(root: Path) -> None:
    summary = ran(root, "sync", "unify")
    (line,) = summary.objects
    assert (line.quarantined, summary.exit) == (4, 1)
    (note,) = [note for note in summary.notes if "to be looked at" in note]
    assert note.endswith("; all are in: cs-connector quarantine"), "unify has gone through them"
