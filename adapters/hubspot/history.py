"""The values that properties had. Lists tell them, in smaller pages; searches do not, so those records are asked for by id."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
from requests import Response

from cs_connector.errors import Unavailable
from cs_connector.ports import Read
from cs_connector.transport import Transport
from cs_connector.transport.sensible import unlike

from .errors import problem
from .paths import Paths

PAGE = 50  # records with history in one answer


class _Row(msgspec.Struct):
    id: str


class _Answer(msgspec.Struct):
    results: list[msgspec.Raw]


_rows = msgspec.json.Decoder(_Row)
_answers = msgspec.json.Decoder(_Answer)


class Histories:
    def __init__(self, transport: Transport, paths: Paths) -> None:
        self._transport, self._paths = transport, paths

    def told(self, read: Read, columns: Sequence[str], found: Sequence[msgspec.Raw]) -> list[msgspec.Raw]:
        """The found records with their history, in their order; as they were found where they went away meanwhile."""
        ids = [_rows.decode(raw).id for raw in found]
        full = {_rows.decode(raw).id: raw for raw in self._asked(read, columns, ids)}
        return [full.get(key, raw) for key, raw in zip(ids, found, strict=True)]

    def _asked(self, read: Read, columns: Sequence[str], ids: Sequence[str]) -> Iterator[msgspec.Raw]:
        for start in range(0, len(ids), PAGE):
            inputs = [{"id": key} for key in ids[start : start + PAGE]]
            body = {"inputs": inputs, "properties": columns, "propertiesWithHistory": read.history}
            with self._transport.safe():
                answer = self._transport.post(self._paths.objects(read.object, "/batch/read"), json=body)
            yield from _results(answer)


def _results(answer: Response) -> list[msgspec.Raw]:
    if not answer.ok:
        raise Unavailable(f"HubSpot answered {answer.status_code}", why=problem(answer).message)
    try:
        return _answers.decode(answer.content).results
    except msgspec.MsgspecError as error:
        raise unlike("HubSpot", str(error)) from error
