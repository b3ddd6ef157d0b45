"""How much a portal lets through: a rolling window of ten seconds, searches a second, calls a day."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Self
from zoneinfo import ZoneInfo

from .errors import Refusal

ZONE = ZoneInfo("US/Eastern")
WINDOW = timedelta(seconds=10)
SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Sizes:
    """The vendor's constants. None is no limit; a page is never longer than `list_page` or `search_page`.

    The search index is `index_lag_ms` behind: HubSpot says "a few seconds".
    """

    app: int | None = 190
    oauth: int | None = 110
    searches: int | None = 5
    daily: int | None = 625_000
    list_page: int = 100
    search_page: int = 200
    ceiling: int = 10_000
    index_lag_ms: int = 3_000


# In the small profile a page still has two records: with one, no order inside a page could go wrong.
PROFILES = {
    "vendor": Sizes(),
    "small": Sizes(daily=6_250, list_page=2, search_page=2, ceiling=100, index_lag_ms=30),
    "unlimited": Sizes(app=None, oauth=None, searches=None, daily=None, index_lag_ms=0),
}


@dataclass(slots=True)
class Limits:
    """What was used. Static app tokens see the daily figures in headers, OAuth tokens do not."""

    sizes: Sizes
    calls: deque[datetime] = field(default_factory=deque)
    searches: deque[datetime] = field(default_factory=deque)
    day: str = ""
    used: int = 0
    retry_after: bool = False

    def copy(self) -> Self:
        return type(self)(
            self.sizes, deque(self.calls), deque(self.searches), self.day, self.used, self.retry_after
        )

    def leave(self, count: int, now: datetime) -> None:
        """Set what is left of the day."""
        self._turn(now)
        self.used = (self.sizes.daily or count) - count

    def admit(self, now: datetime, *, search: bool, static: bool) -> dict[str, str]:
        """Count a call and give its headers. Raises Refusal 429."""
        self._turn(now)
        if self.sizes.daily is not None and self.used >= self.sizes.daily:
            raise self._refuse(
                "You have reached your daily limit.", self._daily(static=static), policyName="DAILY"
            )
        headers = self._search(now, static=static) if search else self._call(now, static=static)
        self.used += 1
        return headers | self._daily(static=static)

    def _turn(self, now: datetime) -> None:
        today = _day(now.replace(minute=0, second=0, microsecond=0))
        if today != self.day:
            self.day, self.used = today, 0

    def _daily(self, *, static: bool) -> dict[str, str]:
        daily = self.sizes.daily
        if not static or daily is None:
            return {}
        left = max(0, daily - self.used)
        return {"x-hubspot-ratelimit-daily": str(daily), "x-hubspot-ratelimit-daily-remaining": str(left)}

    def _search(self, now: datetime, *, static: bool) -> dict[str, str]:
        if self.sizes.searches is None:
            return {}
        _forget(self.searches, now - SECOND)
        if len(self.searches) >= self.sizes.searches:
            refusal = Refusal(429, "You have reached your secondly limit.", "RATE_LIMITS")
            refusal.headers |= self._daily(static=static)
            raise refusal
        self.searches.append(now)
        return {}

    def _call(self, now: datetime, *, static: bool) -> dict[str, str]:
        most = self.sizes.app if static else self.sizes.oauth
        if most is None:
            return {}
        _forget(self.calls, now - WINDOW)
        if len(self.calls) >= most:
            raise self._refuse(
                "You have reached your ten_secondly_rolling limit.",
                self._window(most) | self._daily(static=static),
                policyName="TEN_SECONDLY_ROLLING",
                groupName="publicapi:private-apps:calls" if static else "publicapi:oauth:calls",
            )
        self.calls.append(now)
        return self._window(most)

    def _window(self, most: int) -> dict[str, str]:
        newest = self.calls[-1] - SECOND if self.calls else None
        second = sum(1 for call in self.calls if newest is not None and call > newest)
        return {
            "x-hubspot-ratelimit-interval-milliseconds": "10000",
            "x-hubspot-ratelimit-max": str(most),
            "x-hubspot-ratelimit-remaining": str(most - len(self.calls)),
            "x-hubspot-ratelimit-secondly": str(most // 10),
            "x-hubspot-ratelimit-secondly-remaining": str(max(0, most // 10 - second)),
        }

    def _refuse(self, message: str, headers: dict[str, str], **more: str) -> Refusal:
        refusal = Refusal(429, message, errorType="RATE_LIMIT", **more)
        refusal.headers |= headers
        if self.retry_after:
            refusal.headers["retry-after"] = "10"
        return refusal


def _forget(moments: deque[datetime], until: datetime) -> None:
    while moments and moments[0] <= until:
        moments.popleft()


@lru_cache(maxsize=8)
def _day(hour: datetime) -> str:
    """The day that a calendar in the zone shows, which changes at a full hour."""
    return hour.astimezone(ZONE).date().isoformat()
