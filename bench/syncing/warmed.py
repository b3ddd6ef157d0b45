"""Modules run one after the other in one process: prints a line of each, what it cost and said.

The first one starts up what the others find ready: imports, and what is made once a process.
"""

from __future__ import annotations

import json
import runpy
import sys
from functools import partial

from .spent import spent


def run(module: str, *words: str) -> None:
    sys.argv = [module, *words]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    for command in json.loads(sys.argv[1]):
        sys.stdout.write(spent(partial(run, *command)) + "\n")
