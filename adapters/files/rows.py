"""The rows of CSV text, and what is wrong with one that is not whole."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple

DELIMITERS = ",;\t|"
WIDEST = 16_000_000  # characters of one cell; longer ones are named and left out
csv.field_size_limit(WIDEST)
_HELP = ": close it, or double it if it belongs to the text; the lines below were read by themselves"
_LINE = re.compile(r"[^\n]*\n|[^\n]+")


class Row(NamedTuple):
    """`cells` of the lines from `begin` to `end`; `wrong` says why they are not to be believed."""

    cells: list[str]
    begin: int
    end: int
    wrong: str = ""


class Rows:
    """Rows by the csv module, numbered by lines of the file, of which `line` were there before.

    A row that goes over several lines because of a quote too many is named by its first line, and the others are read
    again by themselves: one stray quote takes no good row with it.
    """

    def __init__(self, file: Iterable[str], mark: str, line: int) -> None:
        self._lines = _Lines(file, line)
        self._mark = mark
        self._reader = csv.reader(iter(self._lines), delimiter=mark)

    def __iter__(self) -> Iterator[Row]:
        while row := self.next():
            yield row

    def next(self) -> Row | None:
        """The next row; None at the end."""
        lines, wrong = self._lines, ""
        lines.row = []
        begin = lines.line + 1
        try:
            cells = next(self._reader)
        except StopIteration:
            return None
        except csv.Error as error:
            cells, wrong = [], _said(error)
        if lines.line > begin or lines.ended:
            wrong = wrong or self._strayed()
        row = Row(cells, begin, lines.line, wrong)
        return self.refused(row) if wrong else row

    def refused(self, row: Row) -> Row:
        """The same row, which is not to be believed: those of its lines that came after the first will be read again."""
        self._lines.give_back()
        self._reader = csv.reader(iter(self._lines), delimiter=self._mark)
        return row

    @property
    def cut(self) -> bool:
        """Whether the line that was read last is without an end, as in a file that is still being written."""
        return self._lines.row[-1][-1] not in "\r\n"

    def _strayed(self) -> str:
        """What is wrong with the quotes of a row of several lines; nothing where each closes as it should."""
        if self._lines.ended:
            return f"a quote is opened in this row and not closed up to the end of the file (line {self._lines.line}){_HELP}"
        try:
            next(csv.reader(self._lines.row, delimiter=self._mark, strict=True), None)
        except csv.Error:
            return f"a quote is opened in this row and closed inside a cell of line {self._lines.line}{_HELP}"
        return ""


class _Lines:
    """Lines as the csv module takes them; `row` are those of the row that is being read, each with its end."""

    def __init__(self, file: Iterable[str], line: int) -> None:
        self._file, self._again = iter(file), deque[str]()
        self.line, self.row, self.ended = line, list[str](), False

    def __iter__(self) -> Iterator[str]:
        """What comes next; anew after something was given back."""
        self.ended = False
        again = self._again
        while text := again.popleft() if again else next(self._file, ""):
            self.row.append(text)
            self.line += text.count("\n") or 1
            yield text
        self.ended = True

    def give_back(self) -> None:
        """Whatever came after the first line of the row comes again."""
        first, *others = [line for text in self.row for line in _LINE.findall(text)]
        self._again.extendleft(reversed(others))
        self.line -= len(others)
        self.row = [first]


def _said(error: csv.Error) -> str:
    if "field limit" in str(error):
        return f"a cell is longer than {WIDEST:,} characters: is a quote missing?"
    return str(error)
