"""A simulated CRM with as many tickets as one likes: those of a small one again and again, with ids and times that grow.

All but the pages of tickets is answered by the simulator. Stays up.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import cycle, islice
from typing import TypeAlias

import msgspec

from bench.crm import fill
from bench.tickets import DAY, LONG_AGO, SPAN_S
from cs_connector import registry
from cs_connector.demo.sandbox import wait
from cs_connector.sandbox.server import Answers
from cs_connector.sandbox.up import Sandbox
from cs_connector.sandbox.wire import Request, Response

from .listings import LISTINGS, Listing, Part

Cut: TypeAlias = tuple[bytes, list[bool]]
SMALL = 200  # accounts, each with ten tickets


class Stencil:
    """Records as one text with holes where their ids and times stand."""

    def __init__(self, cuts: Iterable[Cut], glue: bytes) -> None:
        forms, order = zip(*cuts, strict=True)
        self._form = glue.join(forms)
        self._order = [(place, is_key) for place, holes in enumerate(order) for is_key in holes]

    def fill(self, keys: Sequence[bytes], times: Sequence[bytes]) -> bytes:
        """The text with an id and a time for each record."""
        return self._form % tuple(keys[at] if is_key else times[at] for at, is_key in self._order)


def cut(text: bytes, key: str, time: str) -> Cut:
    """A record as a form, and of each of its holes whether the id stands there."""
    holes = re.compile(rb"(?<!\w)(?:(%b)|%b)(?!\w)" % (key.encode(), re.escape(time.encode())))
    order = [hole[1] is not None for hole in holes.finditer(text)]
    return holes.sub(b"\0", text).replace(b"%", b"%%").replace(b"\0", b"%b"), order


@dataclass(slots=True)
class Flood:
    """Takes the place of a simulator that has few tickets, and has `total`."""

    answers: Answers
    listings: Sequence[Listing]
    total: int
    _seen: dict[str, tuple[Response, list[Cut]]] = field(default_factory=dict)
    _stencils: dict[tuple[str, int], Stencil] = field(default_factory=dict)

    def handle(self, request: Request) -> Response:
        for listing in self.listings:
            at = listing.place(request)
            if at is not None:
                return self._page(listing, request, at)
        return self.answers.handle(request)

    def _page(self, listing: Listing, request: Request, at: int) -> Response:
        if listing.name not in self._seen:
            answer = self.answers.handle(request)
            self._seen[listing.name] = answer, [cut(*text) for text in listing.texts(answer.body)]
        answer, cuts = self._seen[listing.name]
        count = min(listing.most(request), self.total - at)
        key = listing.name, count
        if key not in self._stencils:
            self._stencils[key] = Stencil(islice(cycle(cuts), count), listing.glue)
        numbers = range(at, at + count)
        text = self._stencils[key].fill(
            [listing.key(n) for n in numbers], [self._time(listing, n) for n in numbers]
        )
        onward = at + count if at + count < self.total else None
        return listing.answer(answer, Part(text, count, onward, self.total))

    def _time(self, listing: Listing, number: int) -> bytes:
        at = LONG_AGO + timedelta(seconds=number * SPAN_S // self.total)
        return b"%b%b" % (at.isoformat()[:19].encode(), listing.zone)


def main(crm: str, total: int) -> None:
    sandbox = Sandbox([(crm, registry.simulator(crm))], DAY, profile="unlimited")
    fill(sandbox, crm, SMALL)
    with sandbox:
        server = sandbox.servers[crm]
        server.answers = Flood(sandbox.simulators[crm], LISTINGS[crm], total)
        sys.stdout.write(msgspec.json.encode(sandbox.document()).decode() + "\n")
        sys.stdout.flush()
        wait()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
