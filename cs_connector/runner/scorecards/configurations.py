"""The configuration of scores that the last run used, kept so that a change of it can be compared before it counts."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from cs_connector.errors import UsageError
from cs_connector.health import Definitions, load_definitions
from cs_connector.runner.engine import Engine
from cs_connector.store.tables import meta

_NAME = "scored_configuration"
_PATTERNS = (
    "calendar.yml",
    "overrides.yml",
    "rollup.yml",
    "bands.yml",
    "contradictions.yml",
    "judgements.yml",
    "retired.yml",
    "metrics/*.yml",
    "metrics/*.py",
    "scorecards/*.yml",
)


def layers(engine: Engine) -> list[Path]:
    """Where the declarations of scores are: shipped first, the project's last."""
    return [*engine.project.shipped, engine.project.root]


def keep(engine: Engine) -> None:
    """Remember the files by which this run scored, and of which day."""
    texts = [
        {str(p.relative_to(layer)): p.read_text("utf-8") for p in files(layer)} for layer in layers(engine)
    ]
    value = json.dumps({"as_of": engine.as_of.isoformat(), "layers": texts})
    with engine.store.state.begin() as db:
        db.execute(sa.delete(meta).where(meta.c.name == _NAME))
        db.execute(sa.insert(meta).values(name=_NAME, value=value))


def files(layer: Path) -> list[Path]:
    """What a folder declares of scores."""
    return [path for pattern in _PATTERNS for path in sorted(layer.glob(pattern))]


@contextmanager
def last(engine: Engine) -> Iterator[tuple[str, Definitions]]:
    """The configuration of the last run, and what to call it, while its files are laid out for it.

    Raises UsageError where none is known.
    """
    with engine.store.state.read() as db:
        value = db.scalar(sa.select(meta.c.value).where(meta.c.name == _NAME))
    if value is None:
        raise UsageError(
            "the configuration of the last run is not known",
            why="this project was not scored yet, or by an older program",
            safe="nothing was changed",
            fix="score it once with: cs-connector score, or name a folder with --against",
        )
    kept = json.loads(value)
    engine.project.state.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="configuration-", dir=engine.project.state) as folder:
        named = f"those of the last scores, of {kept['as_of']}"
        yield named, load_definitions(list(_laid(Path(folder), kept["layers"])))


def _laid(folder: Path, texts: Sequence[dict[str, str]]) -> Iterator[Path]:
    """The kept files as folders again."""
    for number, named in enumerate(texts):
        layer = folder / str(number)
        for name, text in named.items():
            path = layer / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        yield layer


@contextmanager
def of_folder(engine: Engine, folder: Path) -> Iterator[tuple[str, Definitions]]:
    """The configuration of another folder, laid over what ships. Raises UsageError where it declares nothing."""
    if not files(folder):
        raise UsageError(
            f"{folder} declares nothing about scores",
            why="there is no scorecards/, no metrics/ and no overrides.yml in it",
            safe="nothing was changed",
            fix="name the folder of a project, or of a checkout of its repository",
        )
    yield str(folder), load_definitions([*engine.project.shipped, folder])
