"""Quoting, and the conversions from a record's texts to typed columns."""

from __future__ import annotations

from cs_connector.model import DATE, FLAG, MONEY, NUMBER, TEXT, TIME, WHOLE


def ident(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def literal(value: object) -> str:
    """A constant of a mapping file as SQL."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return f"CAST({value!r} AS DOUBLE)"
    return "'" + str(value).replace("'", "''") + "'"


def word(value: str | float | bool | None, to: str) -> str:
    """A constant as SQL of a type: a number that stands for a text is the text as it is written."""
    if to != TEXT or value is None:
        return literal(value)
    return literal(str(value).lower() if isinstance(value, bool) else str(value))


# most texts are of ASCII and have no space at their ends: to see that costs half as much as to look at every character
_TRIMMED = (
    "CASE WHEN strlen({0}) = length({0}) AND {0} > '!' AND NOT suffix({0}, ' ') THEN {0} "
    "WHEN {0} IS NOT NULL THEN nullif(trim({0}), '') END"
)
_MILLIS = "regexp_full_match({0}, '-?[0-9]{{12,14}}')"
# no word such as infinity, and no year of five digits; to find the first dash costs half as much as to cut out a character
_DATED = "({0} BETWEEN '0' AND ':' AND (strpos({0}, '-') = 5 OR substr({0}, 5, 1) NOT BETWEEN '0' AND '9'))"
# the form that CRMs give is tried first: what fits every form costs five times as much
_UTC = (
    "CASE WHEN (suffix({0}, 'Z') OR suffix({0}, '+0000')) AND "
    + _DATED
    + " THEN TRY_CAST({0} AS TIMESTAMP) END"
)
_TIME = (
    "coalesce("
    + _UTC
    + ", CASE WHEN "
    + _MILLIS
    + " THEN epoch_ms(CAST({0} AS BIGINT)) WHEN "
    + _DATED
    + " THEN TRY_CAST("
    "regexp_replace({0}, '([+-][0-9]{{2}})([0-9]{{2}})$', '\\1:\\2') AS TIMESTAMPTZ) AT TIME ZONE 'UTC' END)"
)
_NUMBER = "CASE WHEN isfinite(TRY_CAST({0} AS DOUBLE)) AND lower({0}) NOT IN ('nan') THEN TRY_CAST({0} AS DOUBLE) END"
_CASTS = {
    TEXT: "{0}",
    NUMBER: _NUMBER,
    WHOLE: "TRY_CAST(round(" + _NUMBER + ") AS BIGINT)",
    MONEY: "TRY_CAST({0} AS DECIMAL(18,2))",
    FLAG: "CASE lower({0}) WHEN 'true' THEN TRUE WHEN '1' THEN TRUE WHEN 'false' THEN FALSE WHEN '0' THEN FALSE END",
    DATE: "CASE WHEN " + _DATED + " THEN TRY_CAST(left({0}, 10) AS DATE) "
    "WHEN " + _MILLIS + " THEN CAST(epoch_ms(CAST({0} AS BIGINT)) AS DATE) END",
    TIME: _TIME,
}
_KINDS = {
    NUMBER: "a number",
    WHOLE: "a whole number",
    MONEY: "an amount",
    FLAG: "true or false",
    DATE: "a date",
    TIME: "a time",
}


def trimmed(text: str) -> str:
    """SQL for a text without spaces at its ends; one of nothing else is NULL."""
    return _TRIMMED.format(text)


def cast(text: str, to: str) -> str:
    """SQL that reads a text column as a type; what cannot be read becomes NULL."""
    return _CASTS[to].format(text)


def kind(of: str) -> str:
    """A type in plain words."""
    return _KINDS.get(of, "text")


def plain_id(entity: str, origin: str) -> str:
    """SQL for the id of an entity that stands for one record of a system, by the text that tells which record."""
    return f"'{entity[:3]}_' || left(md5({origin}), 16)"


def typed(ref: str) -> str:
    """A record as a person types it: connection/object/id, whatever the id has in it."""
    return "/".join(ref.split("|", 2))


def typed_of(column: str) -> str:
    """The same of a column of records."""
    return f"regexp_replace({column}, '^([^|]*)[|]([^|]*)[|]', '\\1/\\2/')"
