"""--help, against a Typer program that has the same commands and nothing behind them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from .bed import COMMAND
from .cost import least, spend
from .results import Row, judge
from .size import Yard

HEAVY = (
    "alembic", "cryptography", "duckdb", "hubspot", "numpy", "pandas", "pyarrow", "pydantic", "rapidfuzz", "requests",
    "ruamel", "simple_salesforce", "sqlalchemy", "sqlglot", "zenpy", "zstandard",
)  # fmt: skip
_LOADED = """
import json, sys
from cs_connector.__main__ import main
sys.argv = ["cs-connector", "--help"]
try:
    main()
except SystemExit:
    pass
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def measure(yard: Yard) -> list[Row]:
    empty = yard.folder / "empty.py"
    empty.write_text(_program())
    script = Path(sys.executable).with_name("cs-connector")
    command = [script] if script.exists() else list(COMMAND)
    ours, theirs = least(
        yard.size.starts,
        lambda: spend([*command, "--help"]),
        lambda: spend([sys.executable, empty, "--help"]),
    )
    loaded = set(json.loads(spend([sys.executable, "-c", _LOADED]).out.splitlines()[-1]))
    heavy = sorted(loaded & set(HEAVY))
    note = f"CPU s, {ours.wall:.2f} and {theirs.wall:.2f} s by the clock; least of {yard.size.starts}"
    named = f"loaded by --help: {', '.join(heavy) or 'none'}, of {len(HEAVY)} looked for"
    return [
        judge("main", "--help / an empty program with the same commands", ours.cpu, theirs.cpu, 1.3, note),
        judge("main", "engine libraries that --help loads", len(heavy), 0, 0, named),
    ]


def _program() -> str:
    """The text of the empty program."""
    import typer

    from cs_connector.cli import app

    tree = typer.main.get_command(app)
    head = f"import typer\n\napp = typer.Typer(help={tree.help!r}, no_args_is_help=True, pretty_exceptions_enable=False, "
    lines = [head + "add_completion=False, rich_markup_mode=None)", *_commands(tree, "app"), "", "app()"]
    return "\n".join(lines) + "\n"


def _commands(group: Any, place: str) -> list[str]:
    lines = []
    for name, command in group.commands.items():
        here = f"{place}_{name.replace('-', '_')}"
        if hasattr(command, "commands"):
            lines += [
                f"{here} = typer.Typer(help={command.help!r})",
                f"{place}.add_typer({here}, name={name!r})",
            ]
            lines += _commands(command, here)
        else:
            lines += ["", f"@{place}.command({name!r}, help={command.help!r})", f"def {here}(): pass"]
    return lines
