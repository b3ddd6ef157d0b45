"""Sends events to an app on this machine: signed, in another order than they happened, some of them twice."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import random
import threading
from collections.abc import Sequence
from urllib.parse import urlsplit

import msgspec

from ..state import State
from .hooks import Body

LIMIT_S = 5.0
TWICE = 0.1  # the share of events that come again


class Sender:
    """What is due is sent by a thread of its own, so that the app may call the portal meanwhile."""

    def __init__(self, state: State, secret: str, dice: random.Random) -> None:
        self._state, self._secret, self._dice = state, secret, dice
        self._lock = threading.Lock()
        self._busy = False

    def kick(self) -> None:
        """Begin to send, where something is due and nobody sends yet. Called where the portal is held."""
        if not self._state.hooks.queue:
            return
        with self._lock:
            if self._busy or not self._due():
                return
            self._busy = True
        threading.Thread(target=self._work, daemon=True).start()

    def _due(self) -> bool:
        queue = self._state.hooks.queue
        return bool(queue) and any(each.due <= self._state.now() for each in tuple(queue))

    def _work(self) -> None:
        while bodies := self._next():
            self._deliver(bodies)

    def _next(self) -> Sequence[Body]:
        """What is to be sent now. Who finds nothing has ended when the lock is free again."""
        with self._lock:
            bodies = list(self._state.hooks.take(self._state.now()))
            self._busy = bool(bodies)
        bodies += [body for body in bodies if self._dice.random() < TWICE]
        self._dice.shuffle(bodies)
        return bodies

    def _deliver(self, bodies: Sequence[Body]) -> None:
        target = self._state.hooks.target
        if target is None:
            return
        ids = [{**body, "portalId": self._state.portal_id} for body in bodies]
        if not _taken(target.url, msgspec.json.encode(ids), self._secret, str(self._state.now())):
            once = {body["eventId"]: body for body in bodies}
            self._state.hooks.retry(once.values(), self._state.now())


def signed(secret: str, url: str, body: bytes, at: str) -> dict[str, str]:
    """The headers that prove who sent it: the third form of signature, and the first one of older apps."""
    text = f"POST{url}".encode() + body + at.encode()
    digest = hmac.new(secret.encode(), text, hashlib.sha256).digest()
    return {
        "content-type": "application/json",
        "x-hubspot-request-timestamp": at,
        "x-hubspot-signature-v3": base64.b64encode(digest).decode(),
        "x-hubspot-signature": hashlib.sha256(secret.encode() + body).hexdigest(),
        "x-hubspot-signature-version": "v1",
    }


def _taken(url: str, body: bytes, secret: str, at: str) -> bool:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=LIMIT_S)
    try:
        connection.request(
            "POST", parts._replace(scheme="", netloc="").geturl() or "/", body, signed(secret, url, body, at)
        )
        return 200 <= connection.getresponse().status < 300
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
