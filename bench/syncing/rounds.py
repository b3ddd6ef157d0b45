"""The command again and again in one process, a line of input each: prints what each run cost, and what it said.

Starting up takes longer than to read what little has changed; here it is done once, and counts for no run.
"""

from __future__ import annotations

import sys

from cs_connector.__main__ import main

from .spent import spent

if __name__ == "__main__":
    sys.argv[0] = "cs-connector"
    for _ in sys.stdin:
        sys.stdout.write(spent(main) + "\n")
        sys.stdout.flush()
