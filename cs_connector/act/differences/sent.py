"""What may still change of a task that was sent: only some fields, and only while nobody touched it."""

from __future__ import annotations

from cs_connector.unify.mapping import WriteRule
from cs_connector.unify.sql import ident, literal

from .current import comparable

_ENDING = ("status", "description")
# an empty field that was made again, until we have filled it
_AGAIN = (
    "(x.a IS NULL AND list_contains(json_extract_string(w.written, '$.again[*]'), x.f) "
    "AND NOT json_exists(w.written, '$.\"' || x.f || '\"'))"
)


def moves(rule: WriteRule) -> str:
    """SQL over `wanted_record` w, `current_record` c and a difference x: whether it is written to a task.

    A task that is new gets every field. One that is open and untouched gets those that are movable; where its reason is
    gone (`closing`), its status and text instead.
    """
    movable = _listed([n for n, f in rule.fields.items() if f.movable])
    ending = _listed([n for n, f in rule.fields.items() if f.column in _ENDING])
    which = f"CASE WHEN w.closing THEN x.f IN ({ending}) ELSE x.f IN ({movable}) OR {_AGAIN} END"
    return f"(w.record_id IS NULL OR (NOT coalesce(c.closed, FALSE) AND {which} AND {_untouched(rule)}))"


def key(rule: WriteRule) -> str:
    """SQL to put behind the list of differences: the key of a task that has lost it, whatever else became of the task.

    It is given back once: who empties it again means that. Where its field was made again, that is forgotten.
    """
    if rule.source != "call":
        return ""
    field = f"{{'f': {literal(rule.key_field)}, 'c': 'key', 'a': CAST(NULL AS VARCHAR), 'b': w.key}}"
    path = literal(f'$."{rule.key_field}"')
    given = f"coalesce(json_exists(w.written, {path}), FALSE)"
    over = "(coalesce(w.closing, FALSE) AND coalesce(c.closed, FALSE))"
    return f" || CASE WHEN c.keyless AND NOT {given} AND NOT {over} THEN [{field}] ELSE [] END"


def _listed(names: list[str]) -> str:
    return ", ".join(map(literal, names)) or "''"


def _untouched(rule: WriteRule) -> str:
    """Whether every field says what we wrote, or what we may have written."""
    return "(" + " AND ".join(_same(rule, name) for name in rule.fields) + ")"


def _same(rule: WriteRule, name: str) -> str:
    ours, maybe = (literal(path) for path in (f'$."{name}"', f'$."maybe"."{name}"'))
    told, perhaps = (comparable(f"json_extract_string(w.written, {p})", rule, name) for p in (ours, maybe))
    return (
        f"(NOT coalesce(json_exists(w.written, {ours}) OR json_exists(w.written, {maybe}), FALSE) "
        f"OR c.{ident(name)} IS NOT DISTINCT FROM {told} OR c.{ident(name)} = {perhaps})"
    )
