"""Who the portal is, and what was used of its day."""

from __future__ import annotations

from datetime import datetime, timedelta

from cs_connector.sandbox.wire import Response

from ..call import Call, answer
from ..limits import ZONE
from ..records.shelf import UI
from ..state import State
from ..times import millis


class Account:
    """A sandbox portal: its type says that it is for tests."""

    def __init__(self, state: State) -> None:
        self._state = state

    def details(self, _: Call) -> Response:
        offset = self._offset()
        return answer(
            {
                "portalId": self._state.portal_id,
                "accountType": "DEVELOPER_TEST",
                "timeZone": str(ZONE),
                "companyCurrency": "USD",
                "additionalCurrencies": [],
                "utcOffset": _hours(offset),
                "utcOffsetMilliseconds": offset // timedelta(milliseconds=1),
                "uiDomain": UI,
                "dataHostingLocation": "na1",
            }
        )

    def me(self, _: Call) -> Response:
        offset = self._offset()
        return answer(
            {
                "portalId": self._state.portal_id,
                "timeZone": str(ZONE),
                "accountType": "DEVELOPER_TEST",
                "currency": "USD",
                "utcOffset": _hours(offset),
                "utcOffsetMilliseconds": offset // timedelta(milliseconds=1),
            }
        )

    def usage(self, _: Call) -> Response:
        now = self._now()
        midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        limits = self._state.limits
        usage = {
            "name": "private-apps-api-calls-daily",
            "usageLimit": limits.sizes.daily,
            "currentUsage": limits.used,
            "collectedAt": now.isoformat(timespec="milliseconds"),
            "fetchStatus": "SUCCESS",
            "resetsAt": midnight.isoformat(timespec="milliseconds"),
        }
        return answer({"results": [usage]})

    def daily(self, _: Call) -> Response:
        """The older form."""
        now, limits = self._now(), self._state.limits
        midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        usage = {
            "name": "api-calls-daily",
            "usageLimit": limits.sizes.daily,
            "currentUsage": limits.used,
            "collectedAt": millis(now),
            "fetchStatus": "SUCCESS",
            "resetsAt": millis(midnight),
        }
        return answer([usage])

    def _now(self) -> datetime:
        return self._state.clock.now().astimezone(ZONE)

    def _offset(self) -> timedelta:
        return self._now().utcoffset() or timedelta()


def _hours(offset: timedelta) -> str:
    minutes = offset // timedelta(minutes=1)
    sign = "-" if minutes < 0 else "+"
    return f"{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
