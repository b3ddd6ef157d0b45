"""Fault rules against the simulators that are there: what none of them could obey is refused before it is forgotten."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from cs_connector.errors import UsageError

from .faults import Do, Rule, Rules
from .wire import Simulator

SAFE = "the rules stay as they were"
METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")


def read(text: bytes) -> list[Rule]:
    """The rules of a plan. Raises UsageError."""
    try:
        return msgspec.json.decode(text, type=Rules).rules
    except msgspec.DecodeError as error:
        raise UsageError(
            f"the fault rules were not understood: {error}",
            why=f'they are {{"rules": [{{"do": {{…}}}}]}}, and do knows: {", ".join(Do.__struct_fields__)}',
            safe=SAFE,
            fix="correct that place; docs/sandbox.md has the table, docs/faults/ has a file for each fault",
        ) from error


def check(rules: Sequence[Rule], simulators: Mapping[str, Simulator]) -> None:
    """Raises UsageError for a rule that could not do what it says; rules are counted from 1."""
    for number, rule in enumerate(rules, start=1):
        _check_effect(number, rule)
        _check_words(number, rule)
        meant = _meant(number, rule, simulators)
        for order in rule.do.orders():
            _check_order(f"rule {number}", order, meant, simulators)


def _check_effect(number: int, rule: Rule) -> None:
    if rule.do == Do():
        known = ", ".join(Do.__struct_fields__)
        raise UsageError(f"rule {number} does nothing", safe=SAFE, fix=f"say what: {known}")
    if rule.times == 0:
        raise UsageError(
            f"rule {number} hits no request: times is 0",
            safe=SAFE,
            fix="times is 1 or more; leave it out for what times is without it, or leave the rule out",
        )
    if rule.do.lock_rows is not None and not rule.do.lock_rows.locks:
        raise UsageError(
            f"rule {number}: lock_rows locks nothing",
            why="it names no rows, or times is 0",
            safe=SAFE,
            fix="say which rows: ids, a share above 0, or nth; and leave out times, or say 1 or more",
        )


def _check_words(number: int, rule: Rule) -> None:
    if rule.method is not None and rule.method.upper() not in METHODS:
        raise UsageError(
            f"rule {number}: there is no method {rule.method!r}",
            safe=SAFE,
            fix=f"method is one of: {', '.join(METHODS)}",
        )
    try:
        re.compile(rule.path or "")
    except re.error as error:
        raise UsageError(
            f"rule {number}: the path is not a regular expression: {error}",
            safe=SAFE,
            fix=r"put a backslash before what is meant literally, as in \(",
        ) from error


def _meant(number: int, rule: Rule, simulators: Mapping[str, Simulator]) -> dict[str, Simulator]:
    """The simulators whose requests the rule may match."""
    if rule.crm is None:
        return dict(simulators)
    found = {name: sim for name, sim in simulators.items() if rule.crm in (name, sim.crm)}
    if not found:
        raise UsageError(
            f"rule {number}: there is no simulator {rule.crm!r} here",
            safe=SAFE,
            fix=f"crm is one of: {', '.join(simulators)}",
        )
    return found


def _check_order(
    where: str, order: Mapping[str, Any], meant: Mapping[str, Simulator], everyone: Mapping[str, Simulator]
) -> None:
    (word,) = order
    deaf = [name for name, sim in meant.items() if word not in sim.orders]
    if deaf:
        able = [name for name, sim in everyone.items() if word in sim.orders]
        raise UsageError(
            f"{where}: {' and '.join(deaf)} cannot obey {word}",
            why="that vendor has nothing of the kind",
            safe=SAFE,
            fix=f"name a crm that can: {', '.join(able)}" if able else "leave that rule out",
        )
    objections = [sim.objection(order) for sim in meant.values()]
    if objections and all(objections):
        raise UsageError(f"{where}: {objections[0]}", safe=SAFE, fix="correct that; names mind the case")
