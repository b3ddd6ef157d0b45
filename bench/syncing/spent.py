"""What a part of this process costs: CPU and wall seconds, the memory of the whole process, and what it printed."""

from __future__ import annotations

import io
import json
import resource
import time
from collections.abc import Callable
from contextlib import redirect_stdout


def spent(work: Callable[[], object]) -> str:
    """The fields of a Cost in one line of JSON. Raises SystemExit where the work failed."""
    out, cpu, wall = io.StringIO(), time.process_time(), time.monotonic()
    try:
        with redirect_stdout(out):
            work()
    except SystemExit as end:
        if end.code:
            raise
    costs = time.process_time() - cpu, time.monotonic() - wall
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return json.dumps([*costs, memory, out.getvalue()])
