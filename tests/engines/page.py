"""python -m tests.engines.page asks all engines and writes docs/engines-table.md."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from .alike import differing
from .started import engines
from .suite import SUITE, Answers, Asked

PAGE = Path(__file__).parents[2] / "docs" / "engines-table.md"
HEAD = """\
# Equal answers

What every engine was asked, and how far its answers were from those of DuckDB. Values are those that DuckDB knows; the
difference is the greatest one, as a share of the value where that is above 1. Texts, dates and yes or no are equal or not. A
NULL is equal to a NULL alone, and nothing is infinite. [How to read it](engines.md). `python -m tests.engines.page` writes this
page, and `make test` asks all of it again.

| what | asked | values | PostgreSQL | Spark |
|---|---|---|---|---|
"""


def page(answers: Answers) -> str:
    return HEAD + "".join(f"| {' | '.join(line)} |\n" for asked in SUITE for line in lines(answers, asked))


def lines(answers: Answers, asked: Asked) -> Iterator[tuple[str, ...]]:
    ours = answers.of("duckdb", asked)
    others = [answers.of(name, asked) for name in ("postgres", "spark")]
    columns = asked.columns(ours)
    for named in [[name] for name in columns] if asked.kind != "step" else [columns]:
        values = sum(row[name] is not None for row in ours for name in named)
        what = asked.name if asked.kind == "step" else named[0]
        yield (
            asked.kind,
            what.replace("|", "\\|"),
            str(values),
            *(_told(ours, other, named) for other in others),
        )


def _told(ours: list[dict[str, Any]], theirs: list[dict[str, Any]], columns: list[str]) -> str:
    if wrong := [pair for name in columns for pair in differing(ours, theirs, name)]:
        return f"{len(wrong)} differ"
    pairs = ((a[name], b[name]) for a, b in zip(ours, theirs, strict=True) for name in columns)
    most = max((_apart(a, b) for a, b in pairs), default=0.0)
    return "equal" if most == 0 else f"{most:.0e}"


def _apart(a: Any, b: Any) -> float:
    if isinstance(a, bool) or not hasattr(a, "__float__"):
        return 0.0
    return abs(float(a) - float(b)) / max(1.0, abs(float(a)))


def written() -> list[tuple[str, str]]:
    """What the page lists: of what kind, and what was asked."""
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    cells = [line.removeprefix("| ").split(" | ") for line in lines[1:]]
    return [(row[0], row[1]) for row in cells]


if __name__ == "__main__":
    with TemporaryDirectory() as folder, engines(Path(folder)) as running:
        PAGE.write_text(page(Answers(running)), encoding="utf-8")
