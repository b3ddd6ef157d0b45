"""Records that make relationships, all in one shape: a line each, with the relationship that it belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import duckdb

from cs_connector.model import ENTITIES, TEXT
from cs_connector.unify.sql import ident, literal
from cs_connector.unify.vocabulary import VALUES

from .rulebook import GIVEN, Rulebook, SourceRule, attributes, formula
from .rulebook import GIVEN_TYPES as _TYPES

_OVER = ", ".join(map(literal, VALUES["subscription", "status"]["Ended"]))
_LIVE = f"lower(trim(coalesce(status, 'active'))) NOT IN ({_OVER}) AND coalesce(end_on, $as_of) >= $as_of"
_PLACE = "concat_ws(' ', l.connection, l.object, l.record_id)"


def gather(con: duckdb.DuckDBPyConnection, book: Rulebook, as_of: date) -> None:
    """Fill `line` with what the rules make of the entities; each record counts by the first rule that it meets.

    Columns: entity, entity_id, account_id, whole (what tells relationships apart), what (the same in words), live, spell, those
    of GIVEN. Lines without an account, second ones of a unique key, and those of which a formula gives what does not fit, go to
    `quarantine`.
    """
    columns = ", ".join(f"{ident(n)} {_TYPES[n]}" for n in GIVEN)
    con.execute(
        "CREATE OR REPLACE TEMP TABLE told(entity VARCHAR, entity_id VARCHAR, rule INTEGER, once BOOLEAN, account_id VARCHAR, "
        f"whole VARCHAR, what VARCHAR, {columns}, wrong VARCHAR)"
    )
    for number, rule in enumerate(book.relationships):
        con.execute(f"INSERT INTO told {_told(rule, number)}", {"as_of": as_of} if _dated(rule) else {})
    if any(rule.values for rule in book.relationships):
        _unfit(con)
    _typed(con, book)
    _homeless(con)
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE line AS SELECT * EXCLUDE (wrong), {_LIVE} AS live FROM told WHERE account_id IS NOT NULL",
        {"as_of": as_of},
    )
    if any(rule.unique for rule in book.relationships):
        _once(con)


def _dated(rule: SourceRule) -> bool:
    return "$as_of" in _told(rule, 0)


def _told(rule: SourceRule, number: int) -> str:
    """The lines of one rule, without the records that an earlier rule took."""
    entity = ENTITIES[rule.from_]
    names = attributes(entity)
    given = ", ".join(f"{_given(rule, n, names)} AS {ident(n)}" for n in GIVEN)
    parts = ", ".join(f"CAST({ident(k)} AS VARCHAR)" for k in rule.key)
    own = f"coalesce(nullif(concat_ws(' · ', {parts or 'NULL'}), ''), {_type(rule, names)}, 'Subscription')"
    of = f"account || '|' || {literal(rule.type)} || '|' || " if rule.type else "account || '|' || "
    source = f"(SELECT *, {ident(rule.account)} AS account{_today(rule)} FROM {ident(entity.name)})"
    where = f"WHERE coalesce({formula(rule.when, names)}, FALSE) AND" if rule.when else "WHERE"
    return (
        f"SELECT {literal(entity.name)}, {entity.key}, {number}, {rule.unique}, account, {of}{own}, {own}, {given}, "
        f"{_wrong(rule, names)} FROM {source} "
        f"{where} NOT EXISTS (FROM told WHERE told.entity = {literal(entity.name)} AND told.entity_id = {entity.key})"
    )


def _today(rule: SourceRule) -> str:
    said = " ".join([rule.when or "", *rule.values.values()])
    return ", CAST($as_of AS DATE) AS today" if "today" in said else ""


def _given(rule: SourceRule, name: str, names: Mapping[str, str]) -> str:
    if name == "type":
        return _type(rule, names)
    if name in rule.values:
        return f"TRY_CAST({formula(rule.values[name], names)} AS {_TYPES[name]})"
    return ident(name) if name in names and rule.from_ == "subscription" else f"CAST(NULL AS {_TYPES[name]})"


def _wrong(rule: SourceRule, names: Mapping[str, str]) -> str:
    """SQL: what a formula gives that cannot be what it is for, such as an endless number."""
    cases = [
        f"WHEN {one} IS NOT NULL AND {_given(rule, name, names)} IS NULL THEN "
        f"{literal(f'the formula of {name} gives ')} || {one} || ', which does not fit'"
        for name, text in sorted(rule.values.items())
        if name != "type"
        for one in (formula(text, names),)
    ]
    return f"CASE {' '.join(cases)} END" if cases else "NULL"


def _type(rule: SourceRule, names: Mapping[str, str]) -> str:
    if rule.type:
        return literal(rule.type)
    if "type" in rule.values:
        return f"CAST({formula(rule.values['type'], names)} AS {TEXT})"
    return ident("type") if rule.from_ == "subscription" else f"CAST(NULL AS {TEXT})"


def _typed(con: duckdb.DuckDBPyConnection, book: Rulebook) -> None:
    """A type in other capital letters than the declared one is that one."""
    known = {name.strip().lower(): name for name in book.types}
    whens = " ".join(f"WHEN {literal(plain)} THEN {literal(name)}" for plain, name in sorted(known.items()))
    listed = ", ".join(map(literal, sorted(book.types)))
    con.execute(
        f"UPDATE told SET type = CASE lower(trim(type)) {whens} ELSE type END WHERE type NOT IN ({listed})"
    )


def _unfit(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        "INSERT INTO quarantine SELECT DISTINCT l.connection, l.object, l.record_id, 'VALUE', t.wrong FROM told t "
        "JOIN link l ON l.entity = t.entity AND l.entity_id = t.entity_id AND l.method <> 'adds to' WHERE t.wrong IS NOT NULL"
    )
    con.execute("DELETE FROM told WHERE wrong IS NOT NULL")


def _homeless(con: duckdb.DuckDBPyConnection) -> None:
    """Records that would make a relationship of an account that is not there."""
    for (entity,) in con.execute(
        "SELECT DISTINCT entity FROM told WHERE account_id IS NULL ORDER BY 1"
    ).fetchall():
        con.execute(
            "INSERT INTO quarantine SELECT DISTINCT l.connection, l.object, l.record_id, 'ACCOUNT', CASE WHEN s.account_id IS NULL "
            "THEN 'it makes a relationship, but names no account' WHEN NOT contains(s.account_id, '|') "
            "THEN 'it makes a relationship of the account with ' || replace(s.account_id, ':', ' ') || ', which none has alone' "
            "ELSE 'it makes a relationship of an account that is not there: ' "
            "|| array_to_string(string_split(s.account_id, '|')[-2:], ' ') END FROM told t "
            "JOIN link l ON l.entity = t.entity AND l.entity_id = t.entity_id AND l.method <> 'adds to' "
            f"LEFT JOIN {ident('stage_' + entity)} s ON (s.connection, s.object, s.record_id) = (l.connection, l.object, l.record_id) "
            "WHERE t.account_id IS NULL AND t.entity = ?",
            [entity],
        )


def _once(con: duckdb.DuckDBPyConnection) -> None:
    """Of the living lines of a unique key the first stays; the others say which one."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE second AS SELECT entity, entity_id, what, first(struct_pack(e := entity, i := entity_id)) "
        "OVER w AS kept FROM line WHERE once AND live "
        "WINDOW w AS (PARTITION BY whole ORDER BY start_on NULLS LAST, entity_id) QUALIFY row_number() OVER w > 1"
    )
    con.execute(
        "INSERT INTO quarantine SELECT DISTINCT l.connection, l.object, l.record_id, 'KEY', 'its key (' || s.what || ') is that of ' "
        f"|| k.place || ', too, which counts' FROM second s JOIN link l ON l.entity = s.entity AND l.entity_id = s.entity_id "
        f"JOIN (SELECT entity, entity_id, min({_PLACE}) AS place FROM link l GROUP BY ALL) k "
        "ON k.entity = s.kept.e AND k.entity_id = s.kept.i WHERE l.method <> 'adds to'"
    )
    con.execute(
        "DELETE FROM line USING second s WHERE (line.entity, line.entity_id) = (s.entity, s.entity_id)"
    )
