"""Bulk CSV: every cell quoted, times with Z."""

from __future__ import annotations

import csv
import io
import re
import sys
from collections.abc import Iterable, Sequence
from typing import Any

DELIMITERS = {"COMMA": ",", "SEMICOLON": ";", "TAB": "\t", "PIPE": "|", "CARET": "^", "BACKQUOTE": "`"}
ENDINGS = {"LF": "\n", "CRLF": "\r\n"}
# Vendor: CSVReader of github.com/forcedotcom/wsc. One such cell fails the whole job, though the guide says "the row".
UNESCAPED = "Found unescaped quote. A value with quote should be within a quote"
OPEN = "EOF reached before closing an opened quote"
TEXT_AFTER = "Not expecting more text after end quote"


def write_csv(
    head: Sequence[str], lines: Iterable[Sequence[Any]], delimiter: str = "COMMA", ending: str = "LF"
) -> str:
    out = io.StringIO()
    writer = csv.writer(
        out, delimiter=DELIMITERS[delimiter], lineterminator=ENDINGS[ending], quoting=csv.QUOTE_ALL
    )
    writer.writerow(head)
    writer.writerows(lines)
    return out.getvalue()


def read_csv(text: str, delimiter: str) -> list[list[str]]:
    """The header and the rows; blank lines are left out. Raises csv.Error in the words of the vendor's own reader."""
    csv.field_size_limit(max(csv.field_size_limit(), min(sys.maxsize, 2**31 - 1)))
    mark = DELIMITERS[delimiter]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
    try:
        lines = [line for line in reader if line]
    except csv.Error as bad:
        raise csv.Error(OPEN if "end of data" in str(bad) else TEXT_AFTER) from None
    if '"' in text and '"' in _unquoted(text, mark):
        raise csv.Error(UNESCAPED)
    return lines


def _unquoted(text: str, mark: str) -> str:
    """What is left of a text without its cells in quotes."""
    ends = rf"[^{re.escape(mark)}\r\n]"
    return re.sub(rf'(?<!{ends})"[^"]*+(?:""[^"]*+)*+"(?!{ends})', "", text)


def ending_of(text: str) -> str | None:
    """LF or CRLF, by how the header line ends; None where it is the only line."""
    first, found, _ = text.partition("\n")
    if not found:
        return None
    return "CRLF" if first.endswith("\r") else "LF"


def cell(value: Any, kind: str) -> str:
    """A stored value as Bulk 2.0 writes it."""
    if value is None:
        return ""
    if value is True or value is False:
        return "true" if value else "false"
    if kind == "datetime":
        return str(value).replace("+0000", "Z")
    return str(value)
