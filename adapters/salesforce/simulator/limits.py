"""The allowances of the org over the last 24 hours, and the figures of its answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from .errors import ApiError

HOURS = 24
EPOCH = date(1970, 1, 1).toordinal()
DAILY = {"vendor": 150_000, "small": 1_500, "unlimited": 1_000_000_000}
PAGE = {"vendor": 2000, "small": 20, "unlimited": 2000}
SMALLEST_PAGE = {"vendor": 200, "small": 2, "unlimited": 200}
QUERY_JOBS = {"vendor": 10_000, "small": 100, "unlimited": 1_000_000_000}
LISTED_JOBS = {"vendor": 1000, "small": 10, "unlimited": 1000}
IDS = {"vendor": 600_000, "small": 6_000, "unlimited": 1_000_000_000}
LONG_REQUESTS = 25
STORAGE_MB = 10_240
RECORD_KB = 2
Kept = tuple[dict[int, int], ...]
EXCEEDED = "REQUEST_LIMIT_EXCEEDED"
# What no request here uses: its maximum stands for an Enterprise org.
UNUSED = {
    "AnalyticsExternalDataSizeMB": 40_960, "ConcurrentAsyncGetReportInstances": 200,
    "ConcurrentEinsteinDataInsightsStoryCreation": 5, "ConcurrentEinsteinDiscoveryStoryCreation": 2,
    "ConcurrentSyncReportRuns": 20, "DailyAnalyticsDataflowJobExecutions": 60,
    "DailyAnalyticsUploadedFilesSizeMB": 51_200, "DailyAsyncApexExecutions": 250_000,
    "DailyAsyncApexTests": 500, "DailyBulkV2QueryFileStorageMB": 976_562,
    "DailyDeliveredPlatformEvents": 50_000, "DailyDurableGenericStreamingApiEvents": 10_000,
    "DailyDurableStreamingApiEvents": 10_000, "DailyEinsteinDataInsightsStoryCreation": 1_000,
    "DailyEinsteinDiscoveryOptimizationJobRuns": 25, "DailyEinsteinDiscoveryPredictAPICalls": 50_000,
    "DailyEinsteinDiscoveryPredictionsByCDC": 500_000, "DailyEinsteinDiscoveryStoryCreation": 100,
    "DailyFunctionsApiCallLimit": 235_000, "DailyGenericStreamingApiEvents": 10_000,
    "DailyStandardVolumePlatformEvents": 10_000, "DailyStreamingApiEvents": 10_000,
    "DailyWorkflowEmails": 390_000, "DurableStreamingApiConcurrentClients": 20, "FileStorageMB": 10_240,
    "HourlyAsyncReportRuns": 1_200, "HourlyDashboardRefreshes": 200, "HourlyDashboardResults": 5_000,
    "HourlyDashboardStatuses": 999_999_999, "HourlyLongTermIdMapping": 100_000,
    "HourlyManagedContentPublicRequests": 50_000, "HourlyODataCallout": 20_000,
    "HourlyPublishedPlatformEvents": 50_000, "HourlyPublishedStandardVolumePlatformEvents": 1_000,
    "HourlyShortTermIdMapping": 100_000, "HourlySyncReportRuns": 500, "HourlyTimeBasedWorkflow": 1_000,
    "MassEmail": 5_000, "MonthlyEinsteinDiscoveryStoryCreation": 500, "MonthlyPlatformEventsUsageEntitlement": 0,
    "Package2VersionCreates": 6, "Package2VersionCreatesWithoutValidation": 500,
    "PermissionSets": 1_500, "PrivateConnectOutboundCalloutHourlyLimitMB": 0,
    "PublishCallbackUsageInApex": 5_242_880, "SingleEmail": 5_000, "StreamingApiConcurrentClients": 20,
}  # fmt: skip


@dataclass(slots=True)
class Rolling:
    """How much was used in the last 24 hours, kept by the hour."""

    most: int
    hours: dict[int, int] = field(default_factory=dict)

    def used(self, now: datetime) -> int:
        return self._used(_hour(now))

    def take(self, now: datetime) -> int:
        """Use one, if one is left; says how many are used then, or 0."""
        hour = _hour(now)
        used = self._used(hour)
        if used >= self.most:
            return 0
        self.hours[hour] = self.hours.get(hour, 0) + 1
        return used + 1

    def _used(self, hour: int) -> int:
        oldest = hour - HOURS
        if self.hours and next(iter(self.hours)) <= oldest:  # they were added in order
            self.hours = {hour: n for hour, n in self.hours.items() if hour > oldest}
        return sum(self.hours.values())

    def add(self, now: datetime, amount: int = 1) -> None:
        hour = _hour(now)
        self.hours[hour] = self.hours.get(hour, 0) + amount

    def leave(self, now: datetime, left: int) -> None:
        """As if all but `left` were gone, just now."""
        self.hours = {_hour(now): max(self.most - left, 0)}


class Limits:
    """Counts requests. A composite request is one; whatever is inside `composite/batch` counts by itself."""

    def __init__(self, profile: str, now: Callable[[], datetime]) -> None:
        self._now = now
        self.page, self.smallest_page = PAGE[profile], SMALLEST_PAGE[profile]
        self.listed_jobs, self.ids = LISTED_JOBS[profile], IDS[profile]
        self._requests, self._query_jobs = Rolling(DAILY[profile]), Rolling(QUERY_JOBS[profile])
        self.calls: Counter[str] = Counter()
        self.shortened: int | None = None
        self.long_requests = self._spent = 0

    @property
    def used(self) -> int:
        """Requests of the last 24 hours."""
        return self._requests.used(self._now())

    @used.setter
    def used(self, used: int) -> None:
        self.leave(self._requests.most - used)

    @property
    def daily(self) -> int:
        """The calls of a day."""
        return self._requests.most

    def spend(self, resource: str = "") -> None:
        """Count a request to a resource. Raises ApiError REQUEST_LIMIT_EXCEEDED when none are left."""
        if self.long_requests >= LONG_REQUESTS:
            raise ApiError(403, EXCEEDED, "ConcurrentPerOrgLongTxn Limit exceeded.")
        self._spent = self._requests.take(self._now())
        if not self._spent:
            raise ApiError(403, EXCEEDED, "TotalRequests Limit exceeded.")
        self.calls[resource] += 1

    def spend_query_job(self) -> None:
        """Count a bulk query job. Raises ApiError LIMIT_EXCEEDED."""
        used, most = self._query_jobs.used(self._now()), self._query_jobs.most
        if used >= most:
            why = f"Max bulk v2 query jobs ({most}) per 24 hrs has been reached ({used + 1})"
            raise ApiError(400, "LIMIT_EXCEEDED", why)
        self._query_jobs.add(self._now())

    def leave(self, left: int) -> None:
        """As if all but `left` requests of the day were gone."""
        self._requests.leave(self._now(), left)
        self._spent = 0

    def page_of(self, size: int, long_texts: int) -> int:
        """Two selected custom fields of long text make a page small."""
        size = min(size, self.smallest_page) if long_texts >= 2 else size
        return min(size, self.shortened or size)

    @property
    def info(self) -> str:
        """The header Sforce-Limit-Info of an answer; what its request spent was counted with it."""
        used, self._spent = self._spent or self.used, 0
        return f"api-usage={used}/{self._requests.most}"

    def body(self, records: int, more: Mapping[str, tuple[int, int]]) -> dict[str, Any]:
        """What /limits answers, in an org with this many records; `more` is the most and the use of what others count."""
        now = self._now()
        counted = {
            "DailyApiRequests": (self._requests.most, self.used),
            "DailyBulkV2QueryJobs": (self._query_jobs.most, self._query_jobs.used(now)),
            "DataStorageMB": (STORAGE_MB, records * RECORD_KB // 1024),
            **more,
        }
        body = {name: {"Max": most, "Remaining": most} for name, most in UNUSED.items()}
        body |= {
            name: {"Max": most, "Remaining": max(most - used, 0)} for name, (most, used) in counted.items()
        }
        return dict(sorted(body.items()))

    def copy(self) -> Kept:
        return tuple(dict(rolling.hours) for rolling in self._rolling)

    def restore(self, kept: Kept) -> None:
        self._spent = 0
        for rolling, hours in zip(self._rolling, kept, strict=True):
            rolling.hours = dict(hours)

    @property
    def _rolling(self) -> tuple[Rolling, ...]:
        return self._requests, self._query_jobs


def record_count(counts: Mapping[str, int], names: str | None) -> dict[str, Any]:
    """What /limits/recordCount answers: about how many records objects have; `names` with commas between."""
    wanted = {name.strip().lower() for name in names.split(",")} if names else None
    held = ((name, n) for name, n in sorted(counts.items()) if wanted is None or name.lower() in wanted)
    return {"sObjects": [{"count": n, "name": name} for name, n in held]}


def _hour(when: datetime) -> int:
    """Full hours since 1970 of a time in UTC."""
    return (when.toordinal() - EPOCH) * HOURS + when.hour
