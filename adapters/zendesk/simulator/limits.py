"""The vendor's numbers, and the buckets that hold clients to them.

Sources: the vendor's page on rate limits and the notes of its endpoints; headers and the three forms of 429 as
they were recorded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from cs_connector.sandbox.clock import SandboxClock

from .answers import Refusal


class Rate(NamedTuple):
    """So many calls in so many seconds."""

    calls: int
    seconds: int = 60


RATES: Mapping[str, Rate] = {
    "account": Rate(700),
    "incremental-exports": Rate(10),
    "incremental-sample": Rate(10, 1200),
    "user": Rate(5),
    "ticket-updates": Rate(100),
    "per-ticket-updates": Rate(30, 600),
    "tickets-index": Rate(50),  # of pages deeper than `deep`
    "organizations-index": Rate(10),
    "search-export": Rate(100),
    "deleted-tickets": Rate(10),
}


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in records. `depth` is where numbered pages end, `deep` where they get a rate of their own."""

    page: int = 100
    export: int = 1000
    sample: int = 50
    depth: int = 10_000
    deep: int = 1000
    found: int = 1000
    bulk: int = 100
    jobs: int = 30
    jobs_kept: int = 100
    custom_objects: int = 30  # by plan: 3, 5, 30 or 50
    custom_fields: int = 100
    rates: Mapping[str, Rate] = field(default_factory=lambda: RATES)


VENDOR = Limits()
PROFILES = {
    "vendor": VENDOR,
    "small": replace(VENDOR, page=1, export=10, sample=2, depth=100, deep=10, found=10),
    "unlimited": replace(VENDOR, rates={}),
}


@dataclass(slots=True)
class _Window:
    number: int = -1
    used: int = 0


class Buckets:
    """Calls counted in fixed windows of the sandbox's clock. Every method raises Refusal (429) past a limit."""

    def __init__(self, limits: Limits, clock: SandboxClock) -> None:
        self._rates = limits.rates
        self._clock = clock
        self._windows: dict[str, _Window] = {}

    def snapshot(self) -> dict[str, tuple[int, int]]:
        return {name: (window.number, window.used) for name, window in self._windows.items()}

    def restore(self, state: Mapping[str, tuple[int, int]]) -> None:
        self._windows = {name: _Window(*window) for name, window in state.items()}

    def account(self) -> dict[str, str]:
        """Count a call. Gives the headers that tell what is left, in the old spelling and in the new one."""
        rate = self._rates.get("account")
        if rate is None:
            return {}
        left, resets = self._take("account", rate)
        headers = {
            "x-rate-limit": str(rate.calls),
            "x-rate-limit-remaining": str(max(left, 0)),
            "ratelimit-limit": str(rate.calls),
            "ratelimit-remaining": str(max(left, 0)),
            "ratelimit-reset": str(resets),
        }
        if left < 0:
            text = "Number of allowed API requests per minute exceeded"
            raise Refusal(429, text, {**headers, "retry-after": str(resets)})
        return headers

    def exports(self, name: str = "incremental-exports") -> dict[str, str]:
        return self._named(
            name, name, "Number of allowed incremental export API requests per minute exceeded"
        )

    def endpoint(self, name: str) -> dict[str, str]:
        """Count a call of an endpoint with a rate of its own."""
        return self._named(name, name, "Number of allowed API requests per minute exceeded")

    def user(self, ident: str) -> None:
        """Count an update of one user."""
        rate = self._rates.get("user")
        if rate is None:
            return
        left, resets = self._take(f"user {ident}", rate)
        if left < 0:
            text = "You have exceeded the rate limit for updating a single unique user. "
            raise Refusal(429, f"{text}user email:  id:  external_id: ", {"retry-after": str(resets)})

    def ticket(self, ident: str) -> dict[str, str]:
        """Count an update of one ticket, which also counts for all tickets."""
        text = "Too many updates of this ticket"
        every = self._named("ticket-updates", "ticket-updates", text)
        return every | self._named("per-ticket-updates", f"ticket {ident}", text)

    def _named(self, name: str, key: str, text: str) -> dict[str, str]:
        rate = self._rates.get(name)
        if rate is None:
            return {}
        left, resets = self._take(key, rate)
        told = f"total={rate.calls}; remaining={max(left, 0)}; resets={resets}"
        headers = {f"zendesk-ratelimit-{name}": told}
        if left < 0:
            body = {"error": "APIRateLimitExceeded", "description": text}
            raise Refusal(429, body, {**headers, "retry-after": str(resets)})
        return headers

    def _take(self, key: str, rate: Rate) -> tuple[int, int]:
        """What is left after this call (below zero: refused), and the seconds until the window ends."""
        now = self._clock.now().timestamp()
        number = int(now // rate.seconds)
        window = self._windows.setdefault(key, _Window())
        if window.number != number:
            window.number, window.used = number, 0
        window.used += 1
        return rate.calls - window.used, int((number + 1) * rate.seconds - now) + 1
