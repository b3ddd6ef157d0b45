"""`python -m bench.soaking.serve`: the three CRMs, empty, in a process of their own; prints their document and stays up.

With the word `furnished` after the profile our own fields are there.
"""

from __future__ import annotations

import json
import signal
import sys

from cs_connector import registry
from cs_connector.config import load
from cs_connector.sandbox.up import Sandbox

from .town import CRMS, START


def main() -> None:
    kinds = [(crm, registry.simulator(crm)) for crm in CRMS]
    with Sandbox(kinds, START, profile=sys.argv[1]) as sandbox:
        if "furnished" in sys.argv[2:]:
            for crm, path in registry.installs():
                sandbox.install(crm, load(path).data)
        sandbox.world.clock.move(running=False)
        print(json.dumps(sandbox.document()), flush=True)
        signal.sigwait({signal.SIGINT, signal.SIGTERM})


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    main()
