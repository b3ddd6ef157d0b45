"""`cs-connector --help` answers at once: no heavy library is loaded for it."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = (
    "alembic",
    "cryptography",
    "duckdb",
    "pandas",
    "pyarrow",
    "pydantic",
    "requests",
    "sqlalchemy",
    "sqlglot",
)


def ask(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_the_command_line_loads_no_heavy_library() -> None:
    loaded = set(ask("import cs_connector.cli, sys; print(*sys.modules)").split())
    assert "cs_connector.cli" in loaded
    assert sorted(loaded.intersection(HEAVY)) == []


@pytest.mark.parametrize("words", ["--help", "plan --help", "sandbox up --help"])
def test_help_loads_no_heavy_library_either(words: str) -> None:
    """The library of the command line itself takes pydantic to check the flags of a command."""
    code = (
        "import sys; from cs_connector.cli import app\n"
        f"try: app({words.split()!r})\n"
        "except SystemExit: pass\n"
        "print('LOADED', *sys.modules)"
    )
    said, _, loaded = ask(code).partition("LOADED")
    assert "Usage:" in said
    assert sorted(set(loaded.split()).intersection(HEAVY) - {"pydantic"}) == []
