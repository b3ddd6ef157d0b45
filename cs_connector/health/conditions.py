"""Conditions of declarations, read where they stand."""

from __future__ import annotations

from collections.abc import Collection

from cs_connector.config.documents import Document
from cs_connector.errors import ConfigError
from cs_connector.language.expression import Formula, parse_condition
from cs_connector.language.periods import Calendar


def condition(
    document: Document, at: tuple[str | int, ...], text: str, names: Collection[str], calendar: Calendar
) -> Formula:
    """A formula that says yes or no. Raises ConfigError with file, line and column."""
    try:
        return parse_condition(text, names, calendar)
    except ConfigError as error:
        raise document.told(at, error) from None
