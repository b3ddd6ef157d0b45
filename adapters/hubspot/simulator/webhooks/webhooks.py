"""The settings of an app's webhooks: where to send, and what about."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import msgspec

from cs_connector.sandbox.wire import Response

from ..account.oauth import APP_ID, LOOPBACK
from ..call import Call, answer, is_digits, nothing
from ..errors import bad_request, missing
from ..state import State
from ..times import iso
from .hooks import Subscription, Target

NOUNS = frozenset({"company", "contact", "deal", "ticket", "product", "line_item", "object"})
ACTS = frozenset({"creation", "deletion", "merge", "propertyChange", "restore", "associationChange"})
MOST = 1_000


class Throttling(msgspec.Struct):
    maxConcurrentRequests: int = 10  # noqa: N815 — HubSpot's names
    period: str = "SECONDLY"


class Settings(msgspec.Struct):
    targetUrl: str  # noqa: N815
    throttling: Throttling = msgspec.field(default_factory=Throttling)


class NewSubscription(msgspec.Struct):
    eventType: str  # noqa: N815
    active: bool = False
    propertyName: str | None = None  # noqa: N815
    objectTypeId: str | None = None  # noqa: N815


class Switch(msgspec.Struct):
    active: bool
    id: int = 0


class Switches(msgspec.Struct):
    inputs: list[Switch]


class Webhooks:
    def __init__(self, state: State) -> None:
        self._state = state

    def settings(self, call: Call) -> Response:
        self._mine(call)
        target = self._state.hooks.target
        if target is None:
            raise missing("Webhook settings")
        return answer(_settings(target))

    def configure(self, call: Call) -> Response:
        """Raises Refusal 400 for an address that is not on this machine."""
        self._mine(call)
        wanted = call.body(Settings)
        parts = urlsplit(wanted.targetUrl)
        if parts.scheme != "http" or parts.hostname not in LOOPBACK:
            raise bad_request("The sandbox sends events only to http addresses on this machine")
        now, old = self._state.now(), self._state.hooks.target
        at_once = wanted.throttling.maxConcurrentRequests
        self._state.hooks.target = Target(wanted.targetUrl, at_once, old.created if old else now, now)
        return answer(_settings(self._state.hooks.target))

    def clear(self, call: Call) -> Response:
        """204; what waits is forgotten."""
        self._mine(call)
        self._state.hooks.target = None
        self._state.hooks.queue.clear()
        return nothing()

    def list(self, call: Call) -> Response:
        self._mine(call)
        return answer({"results": [_shown(each) for each in self._state.hooks.subscriptions.values()]})

    def get(self, call: Call) -> Response:
        return answer(_shown(self._one(call)))

    def create(self, call: Call) -> Response:
        self._mine(call)
        wanted, hooks = call.body(NewSubscription), self._state.hooks
        noun, _, act = wanted.eventType.partition(".")
        if noun not in NOUNS or (act not in ACTS and wanted.eventType != "contact.privacyDeletion"):
            raise bad_request(f"Unknown event type {wanted.eventType}")
        if (act == "propertyChange") != bool(wanted.propertyName):
            raise bad_request("propertyName goes with the event types that end in propertyChange")
        type_id = self._state.shelf(wanted.objectTypeId or "").kind.type_id if noun == "object" else ""
        if len(hooks.subscriptions) >= MOST:
            raise bad_request(f"An app has at most {MOST} subscriptions")
        now, name = self._state.now(), wanted.propertyName or ""
        made = Subscription(hooks.number(), wanted.eventType, type_id, name, wanted.active, now, now)
        hooks.subscriptions[made.id] = made
        return answer(_shown(made), 201)

    def update(self, call: Call) -> Response:
        return answer(_shown(self._switched(self._one(call), active=call.body(Switch).active)))

    def update_batch(self, call: Call) -> Response:
        self._mine(call)
        started = iso(self._state.now())
        switches = call.body(Switches).inputs
        held = [self._found(each.id) for each in switches]
        done = [self._switched(old, active=each.active) for old, each in zip(held, switches, strict=True)]
        ended = iso(self._state.now())
        shown = [_shown(each) for each in done]
        return answer({"status": "COMPLETE", "results": shown, "startedAt": started, "completedAt": ended})

    def delete(self, call: Call) -> Response:
        del self._state.hooks.subscriptions[self._one(call).id]
        return nothing()

    def _switched(self, old: Subscription, *, active: bool) -> Subscription:
        new = old._replace(active=active, updated=self._state.now())
        self._state.hooks.subscriptions[old.id] = new
        return new

    def _one(self, call: Call) -> Subscription:
        self._mine(call)
        return self._found(int(call.args[1]) if is_digits(call.args[1]) else 0)

    def _found(self, number: int) -> Subscription:
        found = self._state.hooks.subscriptions.get(number)
        if found is None:
            raise missing(f"Subscription {number}")
        return found

    def _mine(self, call: Call) -> None:
        if call.args[0] != str(APP_ID):
            raise missing(f"App {call.args[0]}")


def _settings(target: Target) -> dict[str, Any]:
    return {
        "targetUrl": target.url,
        "throttling": {"maxConcurrentRequests": target.at_once, "period": "SECONDLY"},
        "createdAt": iso(target.created),
        "updatedAt": iso(target.updated),
    }


def _shown(each: Subscription) -> dict[str, Any]:
    return {
        "id": str(each.id),
        "eventType": each.event_type,
        "active": each.active,
        **({"propertyName": each.property_name} if each.property_name else {}),
        **({"objectTypeId": each.type_id} if each.type_id else {}),
        "createdAt": iso(each.created),
        "updatedAt": iso(each.updated),
    }
