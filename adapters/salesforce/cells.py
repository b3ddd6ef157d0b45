"""Columns of CSV cells as JSON, without a call for each cell: texts that stand still and columns between them."""

from __future__ import annotations

import json
import math
from typing import TypeAlias

import msgspec
import numpy as np
import pyarrow as pa

from cs_connector.transport.records import texts

from .times import rezone

Parts: TypeAlias = list[str | pa.StringArray]  # of every row's JSON; what is null in a column is null there

_ODD = r'["\\\x00-\x1f]'  # what a text of JSON holds only behind a backslash
_WHOLE = "^-?(0|[1-9][0-9]{0,17})$"  # what is surely a number of 64 bits
_DECIMAL = r"^-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,2})?$"


def cell(column: pa.StringArray, type_: str) -> Parts:
    """A column by its type in Salesforce; what is no number stays as it came, and is named when it is mapped."""
    if column.null_count == len(column):
        return ["null"]
    if type_ == "boolean":
        return [_boolean(column)]
    if type_ == "int":
        return [_number(column, _WHOLE)]
    if type_ in {"double", "currency", "percent"}:
        return [_number(column, _DECIMAL)]
    return _text(rezone(column, "Z", "+0000") if type_ == "datetime" else column)


def joined(parts: Parts) -> pa.StringArray:
    """The parts of every row as one text; at least one of them is a column."""
    from pyarrow import compute

    given = (fixed(part) if isinstance(part, str) else part for part in _settled(parts))
    return compute.binary_join_element_wise(
        *given, fixed(""), null_handling="replace", null_replacement="null"
    )


def fixed(value: str) -> pa.StringScalar:
    """A text for every row; pa.scalar would import pandas where it is installed."""
    return texts([value])[0]


def _settled(parts: Parts) -> list[str | pa.StringArray]:
    """With texts that follow one another as one."""
    found: Parts = []
    for part in parts:
        if found and isinstance(part, str) and isinstance(found[-1], str):
            found[-1] += part
        else:
            found.append(part)
    return found


def _text(column: pa.StringArray) -> Parts:
    from pyarrow import compute

    column = _escaped(column)
    if column.null_count:
        return [compute.binary_join_element_wise(fixed('"'), column, fixed('"'), fixed(""))]
    return ['"', column, '"']


def _escaped(column: pa.StringArray) -> pa.StringArray:
    from pyarrow import compute

    if not _odd(column.buffers()[2]):
        return column
    found = compute.match_substring_regex(column, _ODD)
    mended = [msgspec.json.encode(value).decode()[1:-1] for value in column.filter(found).to_pylist()]
    return compute.replace_with_mask(column, found, texts(mended))


def _odd(data: pa.Buffer) -> bool:
    each = np.frombuffer(data, np.uint8)
    return bool(((each < ord(" ")) | (each == ord('"')) | (each == ord("\\"))).any())


def _boolean(column: pa.StringArray) -> pa.StringArray:
    from pyarrow import compute

    return compute.if_else(compute.equal(column, fixed("true")), fixed("true"), fixed("false"))


def _number(column: pa.StringArray, form: str) -> pa.StringArray:
    """Cells of the form of a number as they are."""
    from pyarrow import compute

    fine = compute.match_substring_regex(column, form)
    if compute.all(fine).as_py():
        return column
    odd = compute.invert(fine)
    mended = [_quoted(value) if form is _WHOLE else _float(value) for value in column.filter(odd).to_pylist()]
    return compute.replace_with_mask(column, odd, texts(mended))


def _float(value: str) -> str:
    try:
        number = float(value)
    except ValueError:
        return _quoted(value)
    return json.dumps(number) if math.isfinite(number) else _quoted(value)


def _quoted(value: str) -> str:
    return msgspec.json.encode(value).decode()
