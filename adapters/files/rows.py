"""One file as records: good rows as they are, bad ones as records that say what is wrong with them."""

from __future__ import annotations

import csv
import gzip
import hashlib
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, TextIO

import msgspec
from pydantic import BaseModel, ConfigDict, Field, field_validator

from cs_connector.ports import RawRecord

_DAMAGED = (EOFError, gzip.BadGzipFile, zlib.error, OSError)
_encode = msgspec.json.Encoder().encode


class Shape(BaseModel):
    """What the files of one object look like. `pattern` is a glob below the root of the connection."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    pattern: str
    format: Literal["csv", "jsonl"] = "csv"
    key: list[str] = Field(min_length=1)
    modified: str | None = None

    @field_validator("pattern")
    @classmethod
    def _inside(cls, pattern: str) -> str:
        if Path(pattern).is_absolute() or ".." in Path(pattern).parts:
            raise ValueError("a pattern stays below the root: no leading / and no ..")
        return pattern


class Source:
    """A file of an object; `name` is its path below the root."""

    def __init__(self, path: Path, name: str, shape: Shape) -> None:
        self._path, self.name, self._shape = path, name, shape

    def digest(self) -> str:
        """Changes when the content changes, and only then."""
        with self._path.open("rb") as file:
            return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=12)).hexdigest()

    def columns(self) -> Sequence[str]:
        """The columns of the first row; none for a file that is empty or damaged."""
        first = next(self.records(), None)
        row = msgspec.json.decode(first.payload) if first else {}
        return [] if "__error__" in row else list(row)

    def records(self) -> Iterator[RawRecord]:
        """A record a row, in the order of the file. Never raises for what is in the file."""
        rows = self._csv if self._shape.format == "csv" else self._lines
        line = 0
        try:
            with _text(self._path) as file:
                for line, record in rows(file):  # noqa: B007 - a damaged file is told with its last good line
                    yield record
        except _DAMAGED as error:
            yield self._bad(f"the file is damaged from here on ({type(error).__name__})", line + 1)

    def _csv(self, file: TextIO) -> Iterator[tuple[int, RawRecord]]:
        reader = csv.reader(file)
        header = next(reader, [])
        missing = [name for name in dict.fromkeys(self._needed()) if name not in header]
        if missing:
            yield 1, self._bad(f"there is no column {', '.join(missing)}", 1)
            return
        for cells in _patient(reader):
            if cells == []:
                continue
            if isinstance(cells, str):
                record = self._bad(cells, reader.line_num)
            elif len(cells) != len(header):
                record = self._bad(f"{len(cells)} columns instead of {len(header)}", reader.line_num)
            else:
                row = {name: cell or None for name, cell in zip(header, cells, strict=True)}
                record = self._good(row, None, reader.line_num)
            yield reader.line_num, record

    def _lines(self, file: TextIO) -> Iterator[tuple[int, RawRecord]]:
        for number, line in enumerate(file, 1):
            text = line.strip()
            if not text:
                continue
            try:
                row = msgspec.json.decode(text.encode(), type=dict[str, Any])
            except (msgspec.DecodeError, UnicodeEncodeError) as error:
                yield number, self._bad(f"not a JSON object: {error}", number)
                continue
            yield number, self._good(row, text.encode(), number)

    def _good(self, row: dict[str, Any], payload: bytes | None, line: int) -> RawRecord:
        key = [row.get(name) for name in self._shape.key]
        if any(part is None or part == "" for part in key):
            return self._bad(f"the key ({', '.join(self._shape.key)}) is not complete", line)
        modified = row.get(self._shape.modified) if self._shape.modified else None
        try:
            payload = payload or _encode(row)
        except UnicodeEncodeError:
            return self._bad("not UTF-8", line)
        return RawRecord("|".join(map(str, key)), str(modified) if modified else None, False, payload)

    def _bad(self, why: str, line: int) -> RawRecord:
        said = {"__error__": why, "__file__": self.name, "__line__": line}
        return RawRecord(f"{self.name}:{line}", None, False, _encode(said))

    def _needed(self) -> list[str]:
        return [*self._shape.key, *([self._shape.modified] if self._shape.modified else [])]


def _patient(reader: Any) -> Iterator[list[str] | str]:
    """Rows; a row that cannot be read is a text that says why, and the next one follows."""
    while True:
        try:
            yield next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield str(error)


@contextmanager
def _text(path: Path) -> Iterator[TextIO]:
    # surrogateescape: a byte that is not UTF-8 spoils its row, not the file.
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        yield file
