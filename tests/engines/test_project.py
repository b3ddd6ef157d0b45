"""A whole project's metrics on another engine, over the files that it published."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cs_connector import registry
from cs_connector.language.executor import connect
from cs_connector.runner.measuring import elsewhere
from cs_connector.store.store import Store
from tests.conftest_store import HandClock

from . import company
from .shipped import STUDIES
from .started import Duck

pytestmark = pytest.mark.slow


def test_every_study_names_its_relationships(tmp_path: Path) -> None:
    with Store(tmp_path / "store", None, HandClock()) as store, connect(threads=1) as con:
        _publish(store, tmp_path)
        found = dict(elsewhere(_engine(store, tmp_path), Duck(con)))
    assert sorted(found) == STUDIES
    table = found["tickets"]
    assert table.column_names[:3] == ["relationship_id", "account_id", "on_date"]
    assert max(table["on_date"].to_pylist()) == company.AS_OF
    assert table["open_p1"].null_count < table.num_rows
    assert list(tmp_path.glob("elsewhere-*")) == []


def _publish(store: Store, folder: Path) -> None:
    staged = {}
    for name, path in company.write(folder).items():
        staged[f"entity/{name}"] = [store.facts.stage(f"entity/{name}")]
        staged[f"entity/{name}"][0].parent.mkdir(parents=True, exist_ok=True)
        path.rename(staged[f"entity/{name}"][0])
    store.facts.publish("R", replace=staged)


def _engine(store: Store, folder: Path) -> Any:
    @contextmanager
    def tables(names: tuple[str, ...]) -> Iterator[Any]:
        with connect(threads=1) as con:
            for name in names:
                store.facts.attach(con, f"entity/{name}", name, {})
            yield con

    project = SimpleNamespace(shipped=registry.shipped(), root=folder / "none", state=folder)
    return SimpleNamespace(store=store, tables=tables, project=project, as_of=company.AS_OF)
