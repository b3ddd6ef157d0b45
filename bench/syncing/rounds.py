"""The command again and again in one process, a line of input each: prints the CPU and wall seconds of each run, and what it said.

Starting up takes longer than to read what little has changed; here it is done once, and counts for no run.
"""

from __future__ import annotations

import io
import json
import resource
import sys
import time
from contextlib import redirect_stdout

from cs_connector.__main__ import main


def run() -> str:
    """What one run printed. Raises SystemExit when it failed."""
    out = io.StringIO()
    try:
        with redirect_stdout(out):
            main()
    except SystemExit as end:
        if end.code:
            raise
    return out.getvalue()


if __name__ == "__main__":
    sys.argv[0] = "cs-connector"
    for _ in sys.stdin:
        cpu, wall = time.process_time(), time.monotonic()
        said = run()
        spent = time.process_time() - cpu, time.monotonic() - wall
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        sys.stdout.write(json.dumps([*spent, memory, said]) + "\n")
        sys.stdout.flush()
