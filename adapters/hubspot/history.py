"""What a search does not tell of the records that it finds: the values that properties had, and all of very many properties.

Those records are asked for by id. Lists tell both, the history in smaller pages.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
from requests import Response

from cs_connector.errors import Unavailable
from cs_connector.ports import Read
from cs_connector.transport import Transport
from cs_connector.transport.sensible import unlike

from .columns import columns, long, wide
from .errors import problem
from .paths import Paths

PAGE, BATCH = 50, 100  # records in one answer, with history and without


class _Row(msgspec.Struct):
    id: str


class _Error(msgspec.Struct):
    category: str = ""
    message: str = ""


class _Answer(msgspec.Struct):
    results: list[msgspec.Raw]
    errors: list[_Error] = []


_rows = msgspec.json.Decoder(_Row)
_answers = msgspec.json.Decoder(_Answer)


def at_once(read: Read) -> int:
    """How many found records are asked for by id in one call; 0 where a search tells all of them."""
    return PAGE if read.history else BATCH if wide(read) else 0


class Histories:
    def __init__(self, transport: Transport, paths: Paths) -> None:
        self._transport, self._paths = transport, paths

    def told(self, read: Read, found: Sequence[msgspec.Raw]) -> list[msgspec.Raw]:
        """The found records as they are, in their order.

        One that went away meanwhile is as it was found, or left out where that did not tell its properties: the next
        reading tells what became of it. Raises Unavailable where HubSpot does not say all of them.
        """
        ids = [_rows.decode(raw).id for raw in found]
        full = {_rows.decode(raw).id: raw for raw in self._asked(read, ids)}
        if wide(read) or long(read):
            return [full[key] for key in ids if key in full]
        return [full.get(key, raw) for key, raw in zip(ids, found, strict=True)]

    def _asked(self, read: Read, ids: Sequence[str]) -> Iterator[msgspec.Raw]:
        size = at_once(read)
        for start in range(0, len(ids), size):
            inputs = [{"id": key} for key in ids[start : start + size]]
            body = {"inputs": inputs, "properties": columns(read), "propertiesWithHistory": read.history}
            with self._transport.safe():
                answer = self._transport.post(self._paths.objects(read.object, "/batch/read"), json=body)
            yield from _results(answer)


def _results(answer: Response) -> list[msgspec.Raw]:
    if not answer.ok:
        raise Unavailable(f"HubSpot answered {answer.status_code}", why=problem(answer).message)
    try:
        said = _answers.decode(answer.content)
    except msgspec.MsgspecError as error:
        raise unlike("HubSpot", str(error)) from error
    failed = [error for error in said.errors if "OBJECT_NOT_FOUND" not in error.category]
    if failed:  # what is not told would be lost: its change is found once
        raise Unavailable("HubSpot did not tell all records", why=failed[0].message or failed[0].category)
    return said.results
