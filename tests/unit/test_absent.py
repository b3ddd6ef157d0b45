"""A connection that was taken out of the project takes with it what it told: nobody is to learn that from better scores."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from cs_connector.runner.reading import absent
from cs_connector.store.tables import feeds
from tests.unit.engine_kit import engine_of


@pytest.mark.parametrize(("name", "days", "told"), [("desk", 10, 1), ("desk", 200, 0), ("crm", 10, 0)])
def test_a_connection_that_is_gone_is_named_for_half_a_year(
    tmp_path: Path, name: str, days: int, told: int
) -> None:
    with engine_of(object(), tmp_path) as engine:
        until = engine.clock.now() - timedelta(days=days)
        with engine.store.state.begin() as db:
            for number, kind in enumerate(("tickets", "users")):
                row = {
                    "connection": name,
                    "object": kind,
                    "complete": True,
                    "watermark": until - timedelta(days=number),
                }
                db.execute(sa.insert(feeds).values(row))
        absent.tell(engine)
        assert len(engine.summary.notes) == told
        assert all(f"{name}, read until {until:%Y-%m-%d}" in note for note in engine.summary.notes)
