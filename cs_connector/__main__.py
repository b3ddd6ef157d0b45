"""`python -m cs_connector` and the `cs-connector` command."""

from __future__ import annotations

import signal
import sys
from types import FrameType


STOPPED = 128 + signal.SIGINT


def main() -> None:
    """Run the command line; a known error becomes its message and exit code, a crash a file for a report."""
    from cs_connector.cli import app, failed

    signal.signal(signal.SIGTERM, _stop)
    try:
        code = app(standalone_mode=False)
        if code == STOPPED:  # the command line library has taken Ctrl-C as a code
            code = failed(KeyboardInterrupt())
    except BaseException as error:  # noqa: BLE001 — the last place that can turn a traceback into a sentence
        code = failed(error)
    sys.exit(code)


def _stop(number: int, _frame: FrameType | None) -> None:
    """Asked to stop: unwind as for Ctrl-C, so that what is held is let go."""
    raise SystemExit(128 + number)


if __name__ == "__main__":
    main()
