"""Records as JSON, quicker than through a dictionary: what a record does not hold is written in one piece."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import msgspec

MOST = 1000  # forms; all are forgotten when there are more
_encode = msgspec.json.Encoder().encode


class Column(NamedTuple):
    """What is shown under `name`, which has no quotes: what a record holds as `source`, or else `absent`."""

    name: str
    source: str
    absent: Any = None


class _Form(NamedTuple):
    """`make` takes the head and a value for each source; one without a source stands for neighbours that are absent together."""

    make: Any
    sources: tuple[str, ...]
    absent: tuple[msgspec.Raw, ...]


class Drawing:
    """Columns in their order, after one named `head`. Records that hold the same keys are drawn by one compiled class."""

    def __init__(self, head: str, columns: Iterable[Column]) -> None:
        self._head, self._columns = head, tuple(columns)
        self._forms: dict[tuple[str, ...], _Form] = {}

    def draw(self, head: Any, record: Mapping[str, Any]) -> bytes:
        """`head` is the value of the first column."""
        keys = tuple(record)
        form = self._forms.get(keys) or self._formed(keys)
        return _encode(form.make(head, *map(record.get, form.sources, form.absent)))

    def _formed(self, keys: tuple[str, ...]) -> _Form:
        held, names, sources, absent = frozenset(keys), [self._head], list[str](), list[bytes]()
        for column in self._columns:
            value = _encode(column.absent)
            if column.source not in held and sources and not sources[-1]:
                absent[-1] += b",%b:%b" % (_encode(column.name), value)
                continue
            names.append(column.name)
            sources.append(column.source if column.source in held else "")
            absent.append(value)
        if len(self._forms) >= MOST:
            self._forms.clear()
        form = _Form(_class(names), tuple(sources), tuple(map(msgspec.Raw, absent)))
        self._forms[keys] = form
        return form


def _class(names: list[str]) -> Any:
    fields = [f"f{n}" for n in range(len(names))]
    return msgspec.defstruct("Drawn", fields, rename=dict(zip(fields, names, strict=True)), gc=False)
