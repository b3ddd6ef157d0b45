"""Fields that are passed through: one JSON object a record, with values of the kinds that the CRM describes."""

from __future__ import annotations

import re
from collections.abc import Mapping

from .sql import literal

_KINDS = {
    "number": "int|integer|long|double|decimal|currency|percent|number",
    "yes or no": "bool|boolean|checkbox",
    "date": "date",
    "time": "datetime|date_time",
}
_NUMBER = r"'-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?'"  # as JSON writes one, so that no digit is lost


def kind(type_: str) -> str:
    """Types of one kind can take each other's place; what is no number, date, time or yes-or-no is text."""
    plain = type_.lower()
    return next((kind for kind, names in _KINDS.items() if re.fullmatch(names, plain)), "text")


def gathered(texts: Mapping[str, str], types: Mapping[str, str]) -> str:
    """SQL for the JSON object of some texts, by name, or NULL where all are empty.

    What is not of its kind stays the text that it is.
    """
    if not texts:
        return "CAST(NULL AS VARCHAR)"
    parts = ", ".join(
        f"{literal(_key(name))} || {_value(text, kind(types.get(name, '')))}"
        for name, text in sorted(texts.items())
    )
    return f"'{{' || nullif(concat_ws(',', {parts}), '') || '}}'"


def _key(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}":'


def _value(text: str, of: str) -> str:
    quoted = f"CAST(to_json({text}) AS VARCHAR)"
    if of == "number":
        return f"CASE WHEN regexp_full_match({text}, {_NUMBER}) THEN {text} ELSE {quoted} END"
    if of == "yes or no":
        return f"CASE WHEN lower({text}) IN ('true', 'false') THEN lower({text}) ELSE {quoted} END"
    return quoted


def laid(column: str) -> str:
    """SQL for the objects of several records laid over each other: what a lower rank says counts."""
    every = f"list({column} ORDER BY rank DESC, record_id DESC) FILTER ({column} IS NOT NULL)"
    return f"CAST(list_reduce({every}, lambda a, b: CAST(json_merge_patch(a, b) AS VARCHAR)) AS VARCHAR)"
