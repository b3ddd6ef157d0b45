"""A CRM in another process: its requests, its hand and its copy."""

from __future__ import annotations

import http.client
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote, urlsplit

from bench.bed import Bed
from cs_connector.sandbox.wire import Request, Response

from .hand import Caller, Hand
from .hands import HANDS


@dataclass(frozen=True, slots=True)
class Remote:
    """`login` is its block of the sandbox's document."""

    crm: str
    login: Mapping[str, Any]
    bed: Bed
    hand: Hand


@contextmanager
def remote(bed: Bed, crm: str) -> Iterator[Remote]:
    login = bed.document[crm]
    url = urlsplit(login["base_url"])
    wire = http.client.HTTPConnection(url.hostname or "", url.port, timeout=60)

    def handle(request: Request) -> Response:
        target = quote(request.path) + (f"?{request.query_string}" if request.query_string else "")
        wire.request(request.method, target, request.body, dict(request.headers))
        answer = wire.getresponse()
        return Response(answer.status, answer.read())

    try:
        caller = Caller(handle, login, lambda: bed.advance("PT10S"))
        yield Remote(crm, login, bed, HANDS[crm](caller, _nothing))
    finally:
        wire.close()


def folder(parent: Path, seed: int) -> Path:
    return parent / f"episode{seed}"


def _nothing(dice: Random) -> None:
    """Nobody is at work there but the hand."""
    del dice
