"""The filters of a list: an OR of ANDs of conditions on properties, checked, shown and made a test.

Shapes, operators and what records without a value do are those of HubSpot's guide to list filters and of its clients;
texts are compared without regard to case. Conditions on events, associations, other lists and times, and on what a
property has ever been, are not simulated.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from ..errors import bad_request, unsimulated
from ..records.shelf import Record, Shelf

Test = Callable[[Record], bool]
Holds = Callable[[str], bool]
SPECIAL = "hs_object_id"


class Operation(msgspec.Struct, omit_defaults=True):
    operationType: str  # noqa: N815 — HubSpot's names
    operator: str
    includeObjectsWithNoValueSet: bool = False  # noqa: N815
    value: str | float | bool | None = None
    values: list[str] | None = None
    lowerBound: float | None = None  # noqa: N815
    upperBound: float | None = None  # noqa: N815


class Condition(msgspec.Struct):
    filterType: str  # noqa: N815
    property: str = ""
    operation: Operation | None = None


class Branch(msgspec.Struct):
    filterBranchType: str  # noqa: N815
    filterBranches: list[Branch] = []  # noqa: N815
    filters: list[Condition] = []


def compiled(root: Branch, shelf: Shelf) -> Test:
    """Whether a record belongs on the list. Raises Refusal 400 for what cannot be asked, 501 for what is not simulated."""
    if root.filterBranchType != "OR" or root.filters or not root.filterBranches:
        raise bad_request(
            "The root filter branch must be an OR branch with AND branches and no filters of its own"
        )
    groups = [_group(branch, shelf) for branch in root.filterBranches]
    return lambda record: any(all(test(record) for test in tests) for tests in groups)


def shown(branch: Branch) -> dict[str, Any]:
    """As an answer tells them, with what was left out."""
    return {
        "filterBranchOperator": branch.filterBranchType,
        "filterBranchType": branch.filterBranchType,
        "filterBranches": [shown(each) for each in branch.filterBranches],
        "filters": [
            {"filterType": each.filterType, "operation": _told(each.operation), "property": each.property}
            for each in branch.filters
        ],
    }


def _told(operation: Operation | None) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.to_builtins(operation)
    return {"includeObjectsWithNoValueSet": False, **told}


def _group(branch: Branch, shelf: Shelf) -> list[Test]:
    if branch.filterBranches or branch.filterBranchType not in {"AND", "OR"}:
        raise unsimulated("filters of lists on events, associations and nested branches")
    if branch.filterBranchType != "AND" or not branch.filters:
        raise bad_request("Below the root filter branch there must be AND branches with filters")
    return [_test(each, shelf) for each in branch.filters]


def _test(condition: Condition, shelf: Shelf) -> Test:
    name, asked = condition.property, condition.operation
    if condition.filterType != "PROPERTY":
        raise unsimulated(f"filters of lists by {condition.filterType}")
    if asked is None:
        raise bad_request("A PROPERTY filter needs an operation")
    if name not in shelf.fields:
        raise bad_request(f"Property {name} does not exist")
    if asked.operationType == "ALL_PROPERTY":
        known = _known(asked)
        return lambda record: (_text(record, name) is not None) is known
    empty, holds = asked.includeObjectsWithNoValueSet, _holds(asked, shelf.fields[name].type)

    def test(record: Record) -> bool:
        text = _text(record, name)
        return empty if text is None else holds(text)

    return test


def _text(record: Record, name: str) -> str | None:
    return str(record.id) if name == SPECIAL else record.properties.get(name)


def _known(asked: Operation) -> bool:
    if asked.operator not in {"IS_KNOWN", "IS_NOT_KNOWN"}:
        raise unsimulated(f"the operator {asked.operator} of lists")
    return asked.operator == "IS_KNOWN"


def _holds(asked: Operation, kind: str) -> Holds:
    """What the operation says of a value. Raises Refusal."""
    if asked.operationType not in _MAKERS:
        raise unsimulated(f"the operation type {asked.operationType} of lists")
    types, make = _MAKERS[asked.operationType]
    if kind not in types:
        raise bad_request(f"{asked.operationType} does not go with a property of type {kind}")
    return make(asked)


def _of(asked: Operation, operators: dict[str, Any]) -> Any:
    if asked.operator not in operators:
        raise unsimulated(f"the operator {asked.operator} of {asked.operationType} in lists")
    return operators[asked.operator]


def _several(asked: Operation) -> Sequence[str]:
    if not asked.values:
        raise bad_request(f"{asked.operationType} needs values")
    return asked.values


def _number(value: Any, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise bad_request(f"{name} must be a number")
    return value


def _parsed(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:  # from a time when the property was of another type
        return None


def _by_text(asked: Operation) -> Holds:
    compare, wanted_result = _of(asked, _TEXTS)
    if asked.operationType == "STRING" and not isinstance(asked.value, str):
        raise bad_request("STRING needs a value")
    given = [str(asked.value)] if asked.operationType == "STRING" else _several(asked)
    wanted = [each.lower() for each in given]
    return lambda text: any(compare(text.lower(), each) for each in wanted) is wanted_result


def _by_option(asked: Operation) -> Holds:
    compare, wanted_result = _of(asked, _OPTIONS)
    wanted = frozenset(_several(asked))
    return lambda text: bool(compare(frozenset(text.split(";")), wanted)) is wanted_result


def _by_number(asked: Operation) -> Holds:
    compare, value = _of(asked, _NUMBERS), _number(asked.value, "value")
    return lambda text: (found := _parsed(text)) is not None and bool(compare(found, value))


def _by_range(asked: Operation) -> Holds:
    within = _of(asked, {"IS_BETWEEN": True, "IS_NOT_BETWEEN": False})
    low, high = _number(asked.lowerBound, "lowerBound"), _number(asked.upperBound, "upperBound")
    return lambda text: (found := _parsed(text)) is not None and (low <= found <= high) is within


def _by_flag(asked: Operation) -> Holds:
    equal = _of(asked, {"IS_EQUAL_TO": True, "IS_NOT_EQUAL_TO": False})
    if not isinstance(asked.value, bool):
        raise bad_request("BOOL needs true or false")
    wanted = str(asked.value).lower()
    return lambda text: (text == wanted) is equal


_TEXTS: dict[str, tuple[Callable[[str, str], bool], bool]] = {
    "IS_EQUAL_TO": (operator.eq, True),
    "IS_NOT_EQUAL_TO": (operator.eq, False),
    "CONTAINS": (operator.contains, True),
    "DOES_NOT_CONTAIN": (operator.contains, False),
    "STARTS_WITH": (str.startswith, True),
    "ENDS_WITH": (str.endswith, True),
}
_OPTIONS: dict[str, tuple[Callable[[Any, Any], Any], bool]] = {
    "IS_ANY_OF": (operator.and_, True),
    "IS_NONE_OF": (operator.and_, False),
    "IS_EXACTLY": (operator.eq, True),
    "IS_NOT_EXACTLY": (operator.eq, False),
    "CONTAINS_ALL": (operator.ge, True),
    "DOES_NOT_CONTAIN_ALL": (operator.ge, False),
}
_NUMBERS: dict[str, Callable[[float, float], bool]] = {
    "IS_EQUAL_TO": operator.eq,
    "IS_NOT_EQUAL_TO": operator.ne,
    "IS_GREATER_THAN": operator.gt,
    "IS_GREATER_THAN_OR_EQUAL_TO": operator.ge,
    "IS_LESS_THAN": operator.lt,
    "IS_LESS_THAN_OR_EQUAL_TO": operator.le,
}
# By type of operation: the types of properties that it goes with, and what makes a test of it.
_STRINGS = frozenset({"string", "phone_number"})
_MAKERS: dict[str, tuple[frozenset[str], Callable[[Operation], Holds]]] = {
    "STRING": (_STRINGS, _by_text),
    "MULTISTRING": (_STRINGS, _by_text),
    "ENUMERATION": (frozenset({"enumeration", "bool"}), _by_option),
    "NUMBER": (frozenset({"number"}), _by_number),
    "NUMBER_RANGED": (frozenset({"number"}), _by_range),
    "BOOL": (frozenset({"bool"}), _by_flag),
}
