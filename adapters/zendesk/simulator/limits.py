"""The vendor's numbers, and the buckets that hold clients to them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cs_connector.sandbox.clock import SandboxClock

from .answers import Refusal


@dataclass(frozen=True, slots=True)
class Limits:
    """Page sizes in records, rates in calls a minute (`ticket`: in ten minutes). None is without limit."""

    page: int = 100
    export: int = 1000
    depth: int = 10_000
    bulk: int = 100
    jobs: int = 30
    account: int | None = 700
    incremental: int | None = 10
    user: int | None = 5
    tickets: int | None = 100
    ticket: int | None = 30


VENDOR = Limits()
PROFILES = {
    "vendor": VENDOR,
    "small": replace(VENDOR, page=1, export=10, depth=100),
    "unlimited": replace(VENDOR, account=None, incremental=None, user=None, tickets=None, ticket=None),
}


@dataclass(slots=True)
class _Window:
    number: int = -1
    used: int = 0


class Buckets:
    """Calls counted in fixed windows of the sandbox's clock."""

    def __init__(self, limits: Limits, clock: SandboxClock) -> None:
        self._limits = limits
        self._clock = clock
        self._windows: dict[str, _Window] = {}

    def account(self) -> dict[str, str]:
        """Count a call. Gives the headers that tell what is left; raises Refusal (429) past the limit."""
        total = self._limits.account
        if total is None:
            return {}
        left, resets = self._take("account", total, 60)
        headers = {
            "x-rate-limit": str(total),
            "x-rate-limit-remaining": str(max(left, 0)),
            "ratelimit-limit": str(total),
            "ratelimit-remaining": str(max(left, 0)),
            "ratelimit-reset": str(resets),
        }
        if left < 0:
            text = "Number of allowed API requests per minute exceeded"
            raise Refusal(429, text, {**headers, "retry-after": str(resets)})
        return headers

    def incremental(self) -> dict[str, str]:
        total = self._limits.incremental
        if total is None:
            return {}
        left, resets = self._take("incremental", total, 60)
        headers = _named("incremental-exports", total, left, resets)
        if left < 0:
            text = "Number of allowed incremental export API requests per minute exceeded"
            body = {"error": "APIRateLimitExceeded", "description": text}
            raise Refusal(429, body, {**headers, "retry-after": str(resets)})
        return headers

    def user(self, ident: str) -> None:
        """Count an update of one user."""
        if self._limits.user is None:
            return
        left, resets = self._take(f"user {ident}", self._limits.user, 60)
        if left < 0:
            text = "You have exceeded the rate limit for updating a single unique user. "
            raise Refusal(429, f"{text}user email:  id:  external_id: ", {"retry-after": str(resets)})

    def ticket(self, ident: str) -> dict[str, str]:
        """Count an update of one ticket, which also counts for all tickets."""
        headers: dict[str, str] = {}
        for name, key, total, seconds in (
            ("ticket-updates", "tickets", self._limits.tickets, 60),
            ("per-ticket-updates", f"ticket {ident}", self._limits.ticket, 600),
        ):
            if total is None:
                continue
            left, resets = self._take(key, total, seconds)
            headers |= _named(name, total, left, resets)
            if left < 0:
                body = {"error": "APIRateLimitExceeded", "description": "Too many updates of this ticket"}
                raise Refusal(429, body, {**headers, "retry-after": str(resets)})
        return headers

    def _take(self, key: str, total: int, seconds: int) -> tuple[int, int]:
        """What is left after this call (below zero: refused), and the seconds until the window ends."""
        now = self._clock.now().timestamp()
        number = int(now // seconds)
        window = self._windows.setdefault(key, _Window())
        if window.number != number:
            window.number, window.used = number, 0
        window.used += 1
        return total - window.used, int((number + 1) * seconds - now) + 1


def _named(name: str, total: int, left: int, resets: int) -> dict[str, str]:
    return {f"zendesk-ratelimit-{name}": f"total={total}; remaining={max(left, 0)}; resets={resets}"}
