"""The daily allowance of API requests, over 24 hours from the first one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from .errors import ApiError

DAY = timedelta(hours=24)
DAILY = {"vendor": 150_000, "small": 1_500, "unlimited": 1_000_000_000}
PAGE = {"vendor": 2000, "small": 20, "unlimited": 2000}
SMALLEST_PAGE = {"vendor": 200, "small": 2, "unlimited": 200}


class Limits:
    def __init__(self, profile: str, now: Callable[[], datetime]) -> None:
        self._now = now
        self.daily = DAILY[profile]
        self.page = PAGE[profile]
        self.smallest_page = SMALLEST_PAGE[profile]
        self.used = 0
        self._began = now()

    def spend(self) -> None:
        """Count a request. Raises ApiError REQUEST_LIMIT_EXCEEDED when the day's are gone."""
        if self._now() - self._began >= DAY:
            self.used, self._began = 0, self._now()
        if self.used >= self.daily:
            raise ApiError(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
        self.used += 1

    def leave(self, left: int) -> None:
        """As if all but `left` requests of the day were gone."""
        self.used = max(self.daily - left, 0)

    @property
    def info(self) -> str:
        return f"api-usage={self.used}/{self.daily}"

    def body(self, bulk_jobs: int) -> dict[str, Any]:
        return {
            "AnalyticsExternalDataSizeMB": _of(40960),
            "ConcurrentAsyncGetReportInstances": _of(200),
            "DailyApiRequests": _of(self.daily, self.used),
            "DailyAsyncApexExecutions": _of(250000),
            "DailyBulkApiBatches": _of(15000),
            "DailyBulkV2QueryFileStorageMB": _of(976562),
            "DailyBulkV2QueryJobs": _of(10000, bulk_jobs),
            "DailyWorkflowEmails": _of(390000),
            "DataStorageMB": _of(10240, 512),
            "FileStorageMB": _of(10240, 16),
            "HourlyTimeBasedWorkflow": _of(1000),
            "SingleEmail": _of(5000),
        }


def _of(most: int, used: int = 0) -> dict[str, int]:
    return {"Max": most, "Remaining": max(most - used, 0)}
