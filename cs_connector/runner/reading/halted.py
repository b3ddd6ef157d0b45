"""Connections that could not be read to their end. Each is told, and the worst says how the run ends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from cs_connector.errors import AdapterError, ConnectorError, GuardStopped
from cs_connector.runner.budget import Spent
from cs_connector.runner.budget import together as spent_together

SAFE = "nothing was written to any CRM, and what was read before is kept"
_WORST = (7, 5, 2, 3, 4, 1)  # exit codes: what a person must look into comes before what passes by itself


class Halted(GuardStopped):
    """A safety limit of one connection: nothing of it was read, which says nothing of the others."""


ALONE = (AdapterError, Halted)
"""What stops the reading of one connection, and lets the others go on."""


def worst(codes: Iterable[int]) -> int:
    """The exit code that counts where there are several; of those that are none of these, the first."""
    return min(codes, key=lambda code: _WORST.index(code) if code in _WORST else len(_WORST))


def together(halted: Mapping[str, ConnectorError], read: Sequence[str]) -> ConnectorError:
    """What stopped each connection as one error: an AdapterError, or GuardStopped. `read` are those that went well."""
    spent = [error for error in halted.values() if isinstance(error, Spent)]
    if len(spent) == len(halted):
        error: ConnectorError = spent_together(spent)
    else:
        error = _several(halted) if len(halted) > 1 else next(iter(halted.values()))
    error.safe = error.safe or SAFE
    if read:
        error.safe += f"; read as usual: {', '.join(read)}"
    return error


def told(error: ConnectorError) -> str:
    """What stopped a connection, and why; `errors.about` has put its name there."""
    return error.what + (f" ({error.why})" if error.why else "")


def _several(halted: Mapping[str, ConnectorError]) -> ConnectorError:
    code = worst(error.exit_code for error in halted.values())
    first = next(error for error in halted.values() if error.exit_code == code)
    kind = GuardStopped if isinstance(first, GuardStopped) else AdapterError
    found = kind(
        f"{len(halted)} connections could not be read to their end",
        why="; ".join(map(told, halted.values())),
        safe=SAFE,
        fix="; ".join(f"{', '.join(names)}: {fix}" for fix, names in _fixes(halted).items()),
        code=first.code,
    )
    found.exit_code = code
    return found


def _fixes(halted: Mapping[str, ConnectorError]) -> dict[str, list[str]]:
    """What helps, and which connections it helps."""
    found: dict[str, list[str]] = {}
    for name, error in halted.items():
        if error.fix:
            found.setdefault(error.fix, []).append(name)
    return found
