"""Conditions of declarations, read where they stand."""

from __future__ import annotations

from collections.abc import Collection

from cs_connector.config.documents import Document
from cs_connector.errors import ConfigError
from cs_connector.language.expression import Formula, parse_condition


def condition(document: Document, at: tuple[str | int, ...], text: str, names: Collection[str]) -> Formula:
    """A formula that says yes or no. Raises ConfigError with file, line and column."""
    try:
        return parse_condition(text, names)
    except ConfigError as error:
        raise document.told(at, error) from None
