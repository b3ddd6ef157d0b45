"""The canonical export is the same, byte by byte, in whatever order facts came and on either state store."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cs_connector import registry
from cs_connector.config import open_project
from cs_connector.model import ENTITIES
from cs_connector.runner import Engine, open_engine
from cs_connector.runner.exporting import export
from tests.property.test_health_laws import company
from tests.unit.engine_kit import PROJECT
from tests.unit.health_tables import AS_OF, World

pytestmark = pytest.mark.slow
TABLES = (*ENTITIES, "link", "feed")


@contextmanager
def engine(root: Path, url: str | None) -> Iterator[Engine]:
    root.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(root / "config"))
        (root / "cs-connector.yml").write_text(PROJECT + (f'store: {{url: "{url}"}}\n' if url else ""))
        opened = open_engine(open_project(root, registry.shipped()), AS_OF, exclusive=True)
        yield opened
        opened.close()


def exported(world: World, root: Path, url: str | None) -> dict[str, bytes]:
    """What the score job and the export make of these facts."""
    score = registry.job("score")
    with engine(root, url) as opened, world.connection() as con:
        facts = {
            f"entity/{name}": f"SELECT *, TIMESTAMP '{AS_OF}' AS known_at FROM \"{name}\"" for name in TABLES
        }
        opened.publish(con, facts)
        score(opened)
        files = list(export(opened, root / "export", "csv"))
    return {path.name: path.read_bytes() for path in files}


def test_order_and_store_do_not_show(tmp_path: Path, url: str | None) -> None:
    world = company(3, accounts=12)
    first = exported(world, tmp_path / "first", None)
    assert first["scores.csv"].count(b"\n") > 12 * 7
    for rows in world.rows.values():
        random.Random(5).shuffle(rows)
    second = exported(world, tmp_path / "second", url)
    assert second == first
