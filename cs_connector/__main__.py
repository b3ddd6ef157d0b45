"""`python -m cs_connector` and the `cs-connector` command."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line; a known error becomes its message and exit code, a crash a file for a report."""
    from cs_connector.cli import app, failed

    try:
        app(standalone_mode=False)
    except SystemExit:
        raise
    except BaseException as error:  # noqa: BLE001 — the last place that can turn a traceback into a sentence
        sys.exit(failed(error))


if __name__ == "__main__":
    main()
