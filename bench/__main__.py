"""`python -m bench`: measure, print one table, keep it as JSON."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from . import again, pull, sandbox, scoring, startup, sync, whole
from .cost import Broken
from .results import Row, keep, show
from .size import QUICK, Size, Yard

MEASURES: dict[str, Callable[[Yard], list[Row]]] = {
    "startup": startup.measure,
    "pull": pull.measure,
    "sync": sync.measure,
    "again": again.measure,
    "scoring": scoring.measure,
    "whole": whole.measure,
    "sandbox": sandbox.measure,
}
WHOLE = 100_000


def main() -> int:
    """A measurement that breaks is said and left out; the others are kept."""
    asked = _asked()
    size = QUICK if asked.quick else Size(accounts=asked.accounts)
    if asked.full:
        size = replace(size, whole=QUICK.accounts) if asked.quick else replace(size, whole=WHOLE, kept=WHOLE)
    rows: list[Row] = []
    broken = False
    with (
        tempfile.TemporaryDirectory(prefix="cs-connector-bench-") as folder,
        Yard(Path(folder), size) as yard,
    ):
        for name in asked.only or MEASURES:
            sys.stderr.write(f"{name} …\n")
            try:
                rows += MEASURES[name](yard)
            except Broken as error:
                broken = True
                sys.stderr.write(f"{name} was not measured: {error}\n")
    show(rows)
    keep(asked.out, rows)
    return 1 if broken else 0


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("only", nargs="*", help=f"some of: {', '.join(MEASURES)}")
    parser.add_argument("--quick", action="store_true", help="tiny sizes: does it work at all")
    parser.add_argument("--full", action="store_true", default=os.environ.get("BENCH_FULL") == "1")
    parser.add_argument("--accounts", type=int, default=Size().accounts)
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("results.json"))
    asked = parser.parse_args()
    unknown = set(asked.only) - set(MEASURES)
    if unknown:
        parser.error(f"there is no {', '.join(sorted(unknown))}")
    return asked


if __name__ == "__main__":
    sys.exit(main())
