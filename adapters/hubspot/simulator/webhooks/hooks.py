"""What an app subscribed to, and the events that wait to be sent to it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

from ..records.history import APP, Source
from ..records.kinds import Kind

# When an event that was not taken is sent again, in minutes after the try before; then it is given up.
RETRIES = (1, 5, 10, 30, 60, 120, 240, 300, 330, 343)
MOST_EVENTS = 100  # of one delivery
Body = Mapping[str, Any]


class Subscription(NamedTuple):
    """`type_id` and `property_name` are "" where they do not matter. Times are milliseconds."""

    id: int
    event_type: str
    type_id: str
    property_name: str
    active: bool
    created: int
    updated: int

    def wants(self, kind: Kind, act: str, name: str) -> bool:
        """Whether it is about an act on a record of a kind (and on a property)."""
        noun, _, wanted = self.event_type.partition(".")
        mine = self.type_id == kind.type_id if noun == "object" else noun == kind.singular
        return self.active and mine and wanted == act and self.property_name in ("", name)


class Target(NamedTuple):
    """Where events are sent, and how many deliveries at once."""

    url: str
    at_once: int
    created: int
    updated: int


class Waiting(NamedTuple):
    """An event as it will be sent, and when."""

    due: int
    body: Body


@dataclass(slots=True)
class Hooks:
    """The queue is filled and emptied by different threads: one step of a deque is never half done."""

    target: Target | None = None
    subscriptions: dict[int, Subscription] = field(default_factory=dict)
    queue: deque[Waiting] = field(default_factory=deque)
    newest: int = 0

    def copy(self) -> Self:
        return type(self)(self.target, dict(self.subscriptions), deque(self.queue), self.newest)

    def number(self) -> int:
        self.newest += 1
        return self.newest

    def happened(self, kind: Kind, record_id: int, act: str, at: int, source: Source, **more: Any) -> None:
        """One event for every subscription to an act on a record; nothing without an address to send it to."""
        if self.target is None:
            return
        name = str(more.get("propertyName", ""))
        for each in self.subscriptions.values():
            if each.wants(kind, act, name):
                self._wait(at, _event(self.number(), each, kind, record_id, at, source) | more)

    def changed(
        self,
        kind: Kind,
        record_id: int,
        values: tuple[Mapping[str, str], Mapping[str, str]],
        at: int,
        source: Source,
    ) -> None:
        """One event a property that has another value now; `values` are those before and after."""
        if self.target is None or not self.subscriptions:
            return
        before, after = values
        for name in sorted(before.keys() | after.keys()):
            new = after.get(name, "")
            if before.get(name, "") != new:
                more = {"propertyName": name, "propertyValue": new}
                self.happened(kind, record_id, "propertyChange", at, source, **more)

    def take(self, now: int) -> Sequence[Body]:
        """The events that are due; they wait no more."""
        due: list[Body] = []
        for _ in range(len(self.queue)):
            each = self.queue.popleft()
            if each.due <= now and len(due) < MOST_EVENTS:
                due.append(each.body)
            else:
                self.queue.append(each)
        return due

    def retry(self, bodies: Iterable[Body], now: int) -> None:
        """Events that were not taken wait for their next try."""
        for body in bodies:
            attempt = int(body["attemptNumber"])
            if attempt < len(RETRIES):
                self._wait(now + RETRIES[attempt] * 60_000, {**body, "attemptNumber": attempt + 1})

    def _wait(self, due: int, body: Body) -> None:
        self.queue.append(Waiting(due, body))


def _event(
    number: int, each: Subscription, kind: Kind, record_id: int, at: int, source: Source
) -> dict[str, Any]:
    event: dict[str, Any] = {
        "eventId": number,
        "subscriptionId": each.id,
        "appId": int(APP.id or 0),
        "occurredAt": at,
        "subscriptionType": each.event_type,
        "attemptNumber": 0,
        "objectId": record_id,
        "changeSource": source.type,
    }
    if source.id:
        event["sourceId"] = source.id
    return event | ({"objectTypeId": kind.type_id} if each.type_id else {})
