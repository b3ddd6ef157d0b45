"""Reads the body of an answer within a deadline and believes it only when it is whole."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import msgspec
import requests
from urllib3.exceptions import HTTPError

from cs_connector.errors import Unavailable

from .manner import expected
from .mending import mended

CHUNK = 1 << 18
LARGEST = 512 << 20
_whole = msgspec.json.Decoder(msgspec.Raw)


@dataclass(slots=True)
class Budget:
    """Seconds that a request may spend on the network, over all its tries."""

    seconds: float
    spent: float = 0.0
    _since: float = field(default_factory=time.monotonic)

    def start(self) -> None:
        self._since = time.monotonic()

    def stop(self) -> None:
        self.spent += time.monotonic() - self._since
        self._since = time.monotonic()

    @property
    def left(self) -> float:
        return self.seconds - self.spent - (time.monotonic() - self._since)


class TooSlow(Unavailable):
    """The deadline passed; trying again would only take as long again."""


def read_body(response: requests.Response, budget: Budget) -> None:
    """Fill `response.content`. Raises TooSlow, and Unavailable for a body that is cut off, too large or a web page."""
    if getattr(response, "_content_consumed", False):
        _check_json(response, response.content)
        return
    try:
        content = _pull(response, budget)
    except (HTTPError, OSError) as error:
        raise Unavailable("The answer broke off", why=type(error).__name__) from error
    finally:
        response.close()
    _check_length(response)
    response._content = content  # noqa: SLF001 - requests has no other way to hand over a body that was read
    response._content_consumed = True  # type: ignore[attr-defined]  # noqa: SLF001
    _check_json(response, content)


def _pull(response: requests.Response, budget: Budget) -> bytes:
    # read1 returns what has arrived: read(n) would wait for n bytes, however slowly they drip.
    parts, size = [], 0
    while part := response.raw.read1(CHUNK, decode_content=True):
        parts.append(part)
        size += len(part)
        if size > LARGEST:
            raise Unavailable("The answer is too large", why=f"more than {LARGEST >> 20} MB")
        if budget.left <= 0:
            raise TooSlow("The answer took too long", why=f"not complete after {budget.seconds:g} seconds")
    return b"".join(parts)


def _check_length(response: requests.Response) -> None:
    declared = response.headers.get("Content-Length", "")
    if not declared.isdigit() or _bodiless(response):
        return
    if response.raw.tell() != int(declared):
        raise Unavailable("The answer broke off", why=f"{response.raw.tell()} of {declared} bytes arrived")


def _check_json(response: requests.Response, content: bytes) -> None:
    kind = response.headers.get("Content-Type", "").lower()
    if response.status_code >= 300 or _bodiless(response):
        return
    if "text/html" in kind:
        raise Unavailable(
            "The CRM answered with a web page",
            why="it is being maintained, or something in between wants a login",
        )
    if "json" not in kind or response.headers.get("Content-Length") == "0":
        return
    if not _is_json(content):
        response._content = mended(content)  # noqa: SLF001 - see above
        if not _is_json(response.content):
            raise Unavailable("The answer is not whole JSON", why=f"{len(content)} bytes arrived")


def _is_json(content: bytes) -> bool:
    kind = expected()
    if kind is None:
        return _is_whole(content)
    kind.found = None
    try:
        kind.found = kind.parse(content)
    except msgspec.ValidationError:
        return _is_whole(content)
    except msgspec.DecodeError:
        return False
    return True


def _is_whole(content: bytes) -> bool:
    try:
        _whole.decode(content)
    except msgspec.DecodeError:
        return False
    return True


def _bodiless(response: requests.Response) -> bool:
    return response.request.method == "HEAD" or response.status_code in (204, 304)
