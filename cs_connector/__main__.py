"""`python -m cs_connector` and the `cs-connector` command."""

from __future__ import annotations

import signal
import sys
from types import FrameType

from cs_connector import stopping


def main() -> None:
    """Run the command line; a known error becomes its message and exit code, a crash a file for a report."""
    from cs_connector.cli import app, failed

    _listen()
    code, error = 0, None
    try:
        code = app(standalone_mode=False)
        sys.stdout.flush()
    except BaseException as caught:  # noqa: BLE001 — the last place that can turn a traceback into a sentence
        error = caught
    asked = stopping.code()
    if asked is not None:
        error = SystemExit(asked)
    sys.exit(failed(error) if error else code)


def _listen() -> None:
    """Unwind when asked to stop, so that what is held is let go; who started us to ignore Ctrl-C is obeyed."""
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _stop)


def _stop(number: int, _frame: FrameType | None) -> None:
    stopping.note(number)
    raise KeyboardInterrupt if number == signal.SIGINT else SystemExit(128 + number)


if __name__ == "__main__":
    main()
