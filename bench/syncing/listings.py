"""How each CRM gives out tickets: what asks for a page, what is on it, and how the next one is named."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from typing import ClassVar, NamedTuple, Protocol, TypeAlias

from bench.tickets import FIRST
from cs_connector.sandbox.ids import sales_id
from cs_connector.sandbox.wire import Request, Response

BATCH = 2_000  # records of an answer to a query
Text: TypeAlias = tuple[bytes, str, str]  # of a record: all of it, its id, its time


class Part(NamedTuple):
    """A page: its records as text, how many they are, the number of the next one, and of all."""

    text: bytes
    count: int
    onward: int | None
    total: int


class Listing(Protocol):
    """`zone` ends a time; `glue` stands between records."""

    name: ClassVar[str]
    zone: ClassVar[bytes]
    glue: ClassVar[bytes]

    def place(self, request: Request) -> int | None:
        """The number of the first ticket that a request asks for; None for one that lists none."""
        ...

    def most(self, request: Request) -> int:
        """How many tickets a page has that is not the last."""
        ...

    def key(self, number: int) -> bytes: ...

    def texts(self, body: bytes) -> list[Text]:
        """The records of an answer of the simulator."""
        ...

    def answer(self, like: Response, part: Part) -> Response: ...


class Soql:
    name, zone, glue = "soql", b".000+0000", b","

    def place(self, request: Request) -> int | None:
        if request.path.endswith("/queryAll") and " FROM Case ORDER BY" in request.query.get("q", ""):
            return 0
        _, found, at = request.path.partition("/queryAll/flood-")
        return int(at) if found else None

    def most(self, request: Request) -> int:
        del request
        return BATCH

    def key(self, number: int) -> bytes:
        return sales_id("500", number + 1).encode()

    def texts(self, body: bytes) -> list[Text]:
        return [(_json(row), row["Id"], row["SystemModstamp"]) for row in json.loads(body)["records"]]

    def answer(self, like: Response, part: Part) -> Response:
        onward = (
            ""
            if part.onward is None
            else f'"nextRecordsUrl":"/services/data/v67.0/queryAll/flood-{part.onward}",'
        )
        done = str(part.onward is None).lower()
        head = f'{{"totalSize":{part.total},"done":{done},{onward}"records":['
        return Response(like.status, b"%b%b]}" % (head.encode(), part.text), dict(like.headers))


class Bulk:
    """What is left after the first page, as results of a job."""

    name, zone, glue = "bulk", b".000Z", b"\n"

    def place(self, request: Request) -> int | None:
        if "/jobs/query/" not in request.path or not request.path.endswith("/results"):
            return None
        return int(request.query.get("locator") or BATCH)

    def most(self, request: Request) -> int:
        return int(request.query["maxRecords"])

    def key(self, number: int) -> bytes:
        return sales_id("500", number + 1).encode()

    def texts(self, body: bytes) -> list[Text]:
        head, *rows = csv.reader(io.StringIO(body.decode(), newline=""))
        key, stamp = head.index("Id"), head.index("SystemModstamp")
        lines = body.splitlines()[1:]
        return [(line, row[key], row[stamp]) for line, row in zip(lines, rows, strict=True)]

    def answer(self, like: Response, part: Part) -> Response:
        onward = "null" if part.onward is None else str(part.onward)
        told = {"Sforce-Locator": onward, "Sforce-NumberOfRecords": str(part.count)}
        head = like.body.partition(b"\n")[0]
        return Response(like.status, b"%b\n%b\n" % (head, part.text), {**like.headers, **told})


class Objects:
    name, zone, glue = "objects", b".000Z", b","

    def place(self, request: Request) -> int | None:
        if (
            request.method != "GET"
            or not request.path.endswith("/tickets")
            or "/objects/" not in request.path
        ):
            return None
        return int(request.query.get("after") or 0)

    def most(self, request: Request) -> int:
        del request
        return 100

    def key(self, number: int) -> bytes:
        return b"%d" % (FIRST["tickets"] + number)

    def texts(self, body: bytes) -> list[Text]:
        return [(_json(row), row["id"], row["updatedAt"]) for row in json.loads(body)["results"]]

    def answer(self, like: Response, part: Part) -> Response:
        paging = "" if part.onward is None else f',"paging":{{"next":{{"after":"{part.onward}","link":""}}}}'
        return Response(like.status, b'{"results":[%b]%b}' % (part.text, paging.encode()), dict(like.headers))


class Export:
    name, zone, glue = "export", b"Z", b","

    def place(self, request: Request) -> int | None:
        if not request.path.endswith("/incremental/tickets/cursor.json"):
            return None
        return int(request.query.get("cursor") or 0)

    def most(self, request: Request) -> int:
        del request
        return 1_000

    def key(self, number: int) -> bytes:
        return b"%d" % (1001 + number)

    def texts(self, body: bytes) -> list[Text]:
        return [(_json(row), str(row["id"]), row["updated_at"]) for row in json.loads(body)["tickets"]]

    def answer(self, like: Response, part: Part) -> Response:
        onward, done = part.onward or part.total, str(part.onward is None).lower()
        tail = f'],"after_cursor":"{onward}","before_cursor":null,"end_of_stream":{done}}}'
        return Response(like.status, b'{"tickets":[%b%b' % (part.text, tail.encode()), dict(like.headers))


def _json(row: object) -> bytes:
    return json.dumps(row, separators=(",", ":")).encode()


LISTINGS: dict[str, Sequence[Listing]] = {
    "salesforce": (Soql(), Bulk()),
    "hubspot": (Objects(),),
    "zendesk": (Export(),),
}
