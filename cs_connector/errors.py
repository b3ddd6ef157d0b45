"""Every error of the product, sorted by what happens next.

ConnectorError
├── ConfigError           you fix a file: path, line, what was expected      exit 2
│   ├── MappingError      … and the object and field
│   └── FormulaError      … and where in the formula
├── UsageError            you asked for something that does not exist        exit 2
├── AdapterError          the CRM; secrets removed
│   ├── AuthFailed        reconnect: stop this connection                    exit 3
│   ├── NotPermitted      ask the admin for this object or field             exit 3
│   ├── RateLimited       wait `retry_after` seconds                         exit 4
│   ├── QuotaExhausted    come back at `resets_at`                           exit 4
│   ├── Unavailable       try again with back-off                            exit 4
│   ├── Conflict          read again, plan again                             exit 1
│   └── Rejected          this record only: keep it, go on, report           exit 1
├── GuardStopped          a safety limit, or a stale or foreign plan         exit 5
├── AlreadyRunning        another process holds the lease                    exit 6
└── StoreError            stop everything                                    exit 7
    ├── StoreTooNew       the store was written by a newer program
    └── FencedOut         this process lost its lease
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a file an error is; lines and columns count from 1."""

    path: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        return ":".join(str(part) for part in (self.path, self.line, self.column) if part is not None)


class ConnectorError(Exception):
    """Something went wrong that a person can act on.

    `what` is the headline; `why`, `safe` and `fix` each are one plain sentence; `safe` says what is
    unharmed, which is what people ask first.
    """

    exit_code = 70
    code = "CSC-000"

    def __init__(
        self,
        what: str,
        *,
        why: str = "",
        safe: str = "",
        fix: str = "",
        place: Place | None = None,
        code: str | None = None,
    ) -> None:
        super().__init__(what)
        self.what, self.why, self.safe, self.fix, self.place = what, why, safe, fix, place
        if code:
            self.code = code


class ConfigError(ConnectorError):
    exit_code = 2
    code = "CSC-CONFIG"


class MappingError(ConfigError):
    code = "CSC-MAPPING"


class FormulaError(ConfigError):
    """A formula is wrong; `position` counts its letters from 1, and is None where it is the whole."""

    code = "CSC-FORMULA"

    def __init__(self, what: str, *, why: str = "", fix: str = "", position: int | None = None) -> None:
        super().__init__(what, why=why, fix=fix, safe="nothing was computed")
        self.position = position


class UsageError(ConnectorError):
    exit_code = 2
    code = "CSC-USAGE"


class AdapterError(ConnectorError):
    """`unsent`: the CRM cannot have acted on any try of the request, so that nothing was done.

    `usual`: what a person can do where nobody said it better.
    """

    exit_code = 4
    code = "CSC-CRM"
    unsent = False
    usual = "run cs-connector doctor: it tells what {connection} answers"


@contextmanager
def about(connection: str, safe: str) -> Iterator[None]:
    """An error of a CRM says which connection it is about; what is safe and the way out where nobody said them yet."""
    try:
        yield
    except AdapterError as error:
        error.what = error.what if connection in error.what else f"{connection}: {error.what}"
        error.safe = error.safe or safe
        error.fix = error.fix or error.usual.format(connection=connection)
        raise


class AuthFailed(AdapterError):
    exit_code = 3
    code = "CSC-AUTH"
    usual = "log in again: cs-connector connect {connection}"


class NotPermitted(AdapterError):
    exit_code = 3
    code = "CSC-PERMISSION"
    usual = "ask the admin for it; cs-connector doctor names what the login of {connection} is not permitted"


class RateLimited(AdapterError):
    code = "CSC-RATE"

    def __init__(self, what: str, *, retry_after: float | None = None, why: str = "", fix: str = "") -> None:
        super().__init__(what, why=why, fix=fix)
        self.asked(retry_after)

    def asked(self, seconds: float | None) -> None:
        """So long is to be waited, as the CRM said; None where it did not. The engine waits a day at most."""
        self.retry_after = seconds
        minutes = max(1, ceil(min(seconds or 0, 86_400) / 60))
        wait = (
            f"{minutes} minute{'s' if minutes > 1 else ''}"
            if minutes < 120
            else f"{ceil(minutes / 60)} hours"
        )
        self.usual = f"run it again in {wait}; it goes on where it was"


class QuotaExhausted(AdapterError):
    code = "CSC-QUOTA"

    def __init__(self, what: str, *, resets_at: str | None = None, why: str = "", fix: str = "") -> None:
        super().__init__(what, why=why, fix=fix)
        self.resets_at = resets_at
        when = f"after {resets_at}" if resets_at else "tomorrow"
        self.usual = f"run it again {when}; it goes on where it was"


class Unavailable(AdapterError):
    code = "CSC-UNAVAILABLE"
    usual = (
        "run it again later; it goes on where it was. cs-connector doctor tells whether {connection} answers"
    )


class Conflict(AdapterError):
    exit_code = 1
    code = "CSC-CONFLICT"


class Rejected(AdapterError):
    exit_code = 1
    code = "CSC-REJECTED"


class GuardStopped(ConnectorError):
    exit_code = 5
    code = "CSC-GUARD"


class AlreadyRunning(ConnectorError):
    exit_code = 6
    code = "CSC-RUNNING"


class StoreError(ConnectorError):
    exit_code = 7
    code = "CSC-STORE"


class StoreTooNew(StoreError):
    code = "CSC-STORE-NEW"


class FencedOut(StoreError):
    code = "CSC-STORE-FENCED"
