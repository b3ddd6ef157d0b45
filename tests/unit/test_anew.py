"""Where a file of the store is damaged, one object is read again, and nothing else has to be restored."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from cs_connector import registry
from cs_connector.cli import flow
from cs_connector.config import open_project
from cs_connector.errors import StoreError, UsageError
from cs_connector.runner import open_engine
from cs_connector.runner.reading.anew import forget
from cs_connector.store.store import Store
from cs_connector.store.tables import segments
from cs_connector.transport.clock import SystemClock
from tests.conftest_store import page, record

PROJECT = "version: 1\nconnections:\n  crm: {adapter: files, settings: {root: ., objects: {}}}\n"


def test_an_object_whose_landed_pages_are_lost_is_read_from_the_beginning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "cs-connector.yml").write_text(PROJECT)
    project = open_project(tmp_path, registry.shipped())
    with Store(project.state, None, SystemClock()) as store:
        store.landing.append(None, "r", "crm", "usage", page(record(1)))
        store.landing.leave()
        store.landing.append(None, "r", "crm", "invoices", page(record(1), cursor="i"))
        store.landing.leave()
        with store.state.read() as db:
            lost = db.scalar(sa.select(segments.c.path).where(segments.c.object == "usage"))
        store.files.unlink(str(lost))
    with pytest.raises(StoreError) as error:
        open_engine(project)
    assert "sync --anew CONNECTION.OBJECT" in error.value.fix
    with pytest.raises(UsageError, match="nothing was read") as slip:
        forget(project, ["crm.usage", "crm.invoice"])
    assert "crm.invoices" in slip.value.fix
    forget(project, ["crm.usage"])
    engine = open_engine(project)
    assert engine.store.landing.cursor("crm", "usage") is None
    assert engine.store.landing.cursor("crm", "invoices") == "i"
    engine.close()


def test_an_estimate_forgets_nothing_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "cs-connector.yml").write_text(PROJECT)
    with pytest.raises(UsageError, match="reads nothing"):
        flow.sync(tmp_path, dry_run=True, anew=["crm.usage"])
