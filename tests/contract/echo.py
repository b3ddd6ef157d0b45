"""A simulator for tests of what surrounds simulators: it keeps what is posted, and tells what it saw."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from cs_connector.sandbox.faults import ORDERS
from cs_connector.sandbox.wire import Request, Response, SeedRow, World


class Echo:
    crm: ClassVar[str] = "echo"
    orders: ClassVar[frozenset[str]] = frozenset(ORDERS) - {"search_lag_s"}

    def __init__(self, world: World, name: str, base_url: str) -> None:
        self.world, self.name, self.base_url = world, name, base_url
        self.notes: list[str] = []
        self.obeyed: list[Mapping[str, Any]] = []
        self.calmed = 0

    def handle(self, request: Request) -> Response:
        if request.path == "/crash":
            raise KeyError("oops")
        if request.method == "POST":
            self.note(request.body.decode())
        seen = {"path": request.path, "parts": request.segments, "query": request.query, "notes": self.notes}
        return Response(200, json.dumps(seen).encode(), {"content-type": "application/json"})

    def note(self, text: str) -> None:
        self.notes.append(text)
        self.world.ledger.write(self.name, "note", str(len(self.notes)), "create", None, {"text": text})

    def install(self, fields: Mapping[str, Any]) -> None:
        self.notes.extend(fields)

    def load(self, rows: Iterable[SeedRow]) -> None:
        self.notes.extend(row.record["text"] for row in rows)

    def credentials(self) -> dict[str, str]:
        return {"base_url": self.base_url}

    def control(self, order: Mapping[str, Any]) -> None:
        self.obeyed.append(order)

    def objection(self, order: Mapping[str, Any]) -> str | None:
        names = [what["object"] for what in order.values() if isinstance(what, Mapping)]
        return next((f"the echo has no object {name}" for name in names if name != "note"), None)

    def calm(self) -> None:
        self.calmed += 1

    def live(self, dice: random.Random) -> None:
        self.note(f"edit {dice.randrange(1000)} at {self.world.clock.now().isoformat()}")

    def snapshot(self) -> object:
        return copy.deepcopy(self.notes)

    def restore(self, state: object) -> None:
        self.notes = copy.deepcopy(state)  # type: ignore[assignment]
