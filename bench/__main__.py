"""`python -m bench`: measure, print one table, keep it as JSON."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from . import again, endless, measure, peers, pull, sandbox, startup, sync, unify, volumes, whole, writing
from .results import Row, added, keep, show
from .scoring import rows as scoring
from .size import QUICK, Size, Yard

MEASURES: dict[str, Callable[[Yard], list[Row]]] = {
    "startup": startup.measure,
    "pull": pull.measure,
    "sync": sync.measure,
    "endless": endless.measure,
    "peers": peers.measure,
    "again": again.measure,
    "unify": unify.measure,
    "measure": measure.measure,
    "volumes": volumes.measure,
    "scoring": scoring.measure,
    "whole": whole.measure,
    "sandbox": sandbox.measure,
    "writing": writing.measure,
}
GROUPS = {"sync": ("sync", "endless", "peers")}
WHOLE = 100_000
VOLUME = 1_000_000
QUIET = 0.5  # load of the last minute up to which a machine counts as idle


def main() -> int:
    """A measurement that breaks is said and left out; the others are kept."""
    asked = _asked()
    size = _size(asked)
    rows: list[Row] = []
    if (load := os.getloadavg()[0]) > QUIET:
        sys.stderr.write(f"the machine has other work (load {load:.1f}), so seconds come out too high\n")
    with (
        tempfile.TemporaryDirectory(prefix="cs-connector-bench-") as folder,
        Yard(Path(folder), size) as yard,
    ):
        for name in _names(asked.only):
            sys.stderr.write(f"{name} …\n")
            rows += yard.attempt(name, partial(MEASURES[name], yard))
    show(rows)
    keep(asked.out, added(asked.out, rows))
    sys.stderr.writelines(f"{line}\n" for line in yard.missing)
    return 1 if yard.missing else 0


def _names(only: Sequence[str]) -> list[str]:
    """What is to be measured, groups resolved, each once."""
    found = (each for name in only or MEASURES for each in GROUPS.get(name, (name,)))
    return list(dict.fromkeys(found))


def _size(asked: argparse.Namespace) -> Size:
    size = QUICK if asked.quick else Size(accounts=asked.accounts)
    told = {
        name: getattr(asked, name)
        for name in ("records", "rounds", "endless", "judged", "asked")
        if getattr(asked, name)
    }
    if asked.full:
        told |= {"whole": QUICK.accounts} if asked.quick else {"whole": WHOLE, "kept": WHOLE}
    if asked.full or "volumes" in asked.only:
        told |= {"volume": QUICK.accounts if asked.quick else VOLUME}
    return replace(size, **told)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("only", nargs="*", help=f"some of: {', '.join(MEASURES)}")
    parser.add_argument("--quick", action="store_true", help="tiny sizes: does it work at all")
    parser.add_argument("--full", action="store_true", default=os.environ.get("BENCH_FULL") == "1")
    parser.add_argument("--accounts", type=int, default=Size().accounts)
    parser.add_argument("--records", type=int, help="tickets that sync reads")
    parser.add_argument("--rounds", type=int, help="how often sync reads them; the least counts")
    parser.add_argument("--endless", type=int, help="tickets of the CRM that memory is measured with")
    parser.add_argument("--judged", type=int, help="accounts that are scored from their metrics")
    parser.add_argument("--asked", type=int, help="accounts among which one is asked about")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("results.json"))
    asked = parser.parse_args()
    unknown = set(asked.only) - set(MEASURES)
    if unknown:
        parser.error(f"there is no {', '.join(sorted(unknown))}")
    return asked


if __name__ == "__main__":
    sys.exit(main())
