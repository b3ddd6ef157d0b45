"""Connections that could not be read to their end. Each is told, and the worst says how the run ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from cs_connector.errors import (
    AdapterError,
    AuthFailed,
    ConnectorError,
    GuardStopped,
    QuotaExhausted,
    RateLimited,
    Unavailable,
)
from cs_connector.runner.budget import Spent
from cs_connector.runner.budget import together as spent_together

SAFE = "nothing was written to any CRM, and what was read before is kept"
_WORST = (7, 5, 2, 3, 4, 1)  # exit codes: what a person must look into comes before what passes by itself


class Halted(GuardStopped):
    """A safety limit of one connection: nothing of it was read, which says nothing of the others."""


ALONE = (AdapterError, Halted)
"""What stops the reading of one connection, and lets the others go on."""
ENDING = (AuthFailed, RateLimited, QuotaExhausted)
"""What would meet the next object as well."""


class Objects:
    """Objects of a connection that could not be read, which keeps no other one from being read: each becomes a note."""

    def __init__(self, connection: str, notes: list[str]) -> None:
        self._connection, self._notes = connection, notes
        self._errors: dict[str, AdapterError] = {}
        self._away = False

    def __contains__(self, name: str) -> bool:
        return name in self._errors

    @contextmanager
    def attempt(self, name: str) -> Iterator[None]:
        """Keep what stops this object. Raises what would meet the next one as well: also where the CRM is away twice running."""
        try:
            yield
        except ENDING:
            raise
        except AdapterError as error:
            away = isinstance(error, Unavailable)
            if name not in error.what:
                error.what = f"{self._connection} {name}: {error.what}"
            self._errors[name] = error
            note(self._notes, error)
            if away and self._away:
                raise self.together() from error
            self._away = away
        else:
            self._away = False

    def together(self) -> AdapterError:
        """All of it as one error; the worst says how the run ends."""
        errors = list(self._errors.values())
        code = worst(error.exit_code for error in errors)
        first = next(error for error in errors if error.exit_code == code)
        if len(errors) > 1:
            first.why = "; ".join(map(told, errors))
            first.what = f"{self._connection}: {len(errors)} objects could not be read to their end"
        return first

    def settle(self) -> None:
        """Raises AdapterError where there is any."""
        if self._errors:
            raise self.together()


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


def note(notes: list[str], error: ConnectorError) -> None:
    """The same as a note of the run; once, where what stopped an object stopped its connection."""
    sentence = f"{told(error)}; it was not read to its end"
    if sentence not in notes:
        notes.append(sentence)


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
