"""Search filters, compiled to functions, and where in the store to look for what they let through."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from ..errors import bad_request, unknown_kind
from ..properties.fields import Property
from ..state import State
from ..times import parsed
from .shelf import Record, Shelf
from .values import Scalar, text_of

Test = Callable[[Record], bool]
Key = Callable[[Record], Any]
LATEST = 2**62
_EXACT = frozenset({"enumeration", "bool"})
_TEXTS = frozenset({"string", "phone_number", "json"})
_BOUNDS = frozenset({"GTE", "GT", "LTE", "LT", "BETWEEN"})
MOST_VALUES = 100


class Filter(msgspec.Struct):
    """Values may come as any JSON scalar; they are compared as texts of the property's type."""

    propertyName: str  # noqa: N815 — HubSpot's names
    operator: str
    value: Scalar | None = None
    values: list[Scalar] | None = None
    highValue: Scalar | None = None  # noqa: N815

    def wanted(self) -> list[str] | None:
        """What EQ or IN asks for."""
        if self.operator == "EQ" and self.value is not None:
            return [text_of(self.value)]
        return [text_of(value) for value in self.values or ()] if self.operator == "IN" else None


class Group(msgspec.Struct):
    filters: list[Filter] = []


def key_of(shelf: Shelf, name: str) -> Key:
    """A function that gives a record's value as it is compared, None where it has none."""
    if name == "hs_object_id":
        return lambda record: record.id
    if name == shelf.kind.modified:
        return lambda record: record.modified
    convert = _converter(shelf.fields[name])

    def value(record: Record) -> Any:
        text = record.properties.get(name)
        try:
            return None if text is None else convert(text)
        except (ValueError, OverflowError):  # from before an admin gave the property another type
            return None

    return value


def compiled(shelf: Shelf, state: State, groups: Sequence[Group]) -> list[list[Test]]:
    """The tests of each group. Raises Refusal 400 for what cannot be asked."""
    return [[_test(shelf, state, each) for each in group.filters] for group in groups]


def sifted(groups: Sequence[Sequence[Test]], records: Sequence[Record]) -> dict[int, Record]:
    """The records that pass all tests of any group, by id; without groups all of them."""
    found: dict[int, Record] = {}
    for tests in groups or [[]]:
        left: Iterable[Record] = records
        for test in tests:
            left = filter(test, left)
        found.update((record.id, record) for record in left)
    return found


def candidates(shelf: Shelf, state: State, groups: Sequence[Group]) -> Iterable[int]:
    """Ids among which all that pass are: found by id, unique value, link or time where a filter allows."""
    reaches = [_reach(shelf, state, group) for group in groups]
    known = [reach for reach in reaches if reach is not None]
    if not groups or len(known) < len(reaches):
        return shelf.ids
    return known[0] if len(known) == 1 else {record_id for reach in known for record_id in reach}


def _reach(shelf: Shelf, state: State, group: Group) -> Sequence[int] | None:
    found = [reach for each in group.filters if (reach := _among(shelf, state, each)) is not None]
    low, high = _span(group, "hs_object_id")
    if low > 0 or high < LATEST:
        found.append(shelf.between(low, high))
    since, until = _span(group, shelf.kind.modified)
    if since > 0 or until < LATEST:
        where = shelf.changed(since, until)
        if not found or where.stop - where.start < min(map(len, found)):
            found.append([record_id for _, record_id in shelf.log[where]])
    return min(found, key=len, default=None)


def _among(shelf: Shelf, state: State, each: Filter) -> Sequence[int] | None:
    wanted = each.wanted()
    if wanted is None:
        return None
    if each.propertyName in shelf.unique:
        holders = (shelf.holder(each.propertyName, value) for value in wanted)
        exact = list(dict.fromkeys(holder for holder in holders if holder is not None))
        # values are compared without regard to case, the index only knows e-mail addresses so
        return exact if each.propertyName == "email" or len(exact) == len(set(wanted)) else None
    if each.propertyName == "hs_object_id":
        return list(dict.fromkeys(int(value) for value in wanted if value.isdecimal()))
    linked = _linked(shelf, state, each)
    return None if linked is None else sorted(linked)


def _span(group: Group, name: str) -> tuple[int, int]:
    low, high = 0, LATEST
    convert = _number if name == "hs_object_id" else parsed
    for each in group.filters:
        if each.propertyName != name or each.operator not in _BOUNDS or each.value is None:
            continue
        value = int(convert(text_of(each.value)))
        match each.operator:
            case "GTE" | "GT":
                low = max(low, value)
            case "LTE" | "LT":
                high = min(high, value)
            case "BETWEEN" if each.highValue is not None:
                low, high = max(low, value), min(high, int(convert(text_of(each.highValue))))
    return low, high


def _linked(shelf: Shelf, state: State, each: Filter) -> set[int] | None:
    """Records linked to one of the wanted ones, for the pseudo-property `associations.<kind>`."""
    stem, _, end = each.propertyName.partition("associations.")
    wanted = each.wanted()
    if stem or not end or wanted is None:
        return None
    start = state.names.get(end.lower())
    if start is None:
        raise unknown_kind(end)
    ids = [int(value) for value in wanted if value.isdecimal()]
    return {other for i in ids for other in state.links.ends(start, i, shelf.kind.type_id)}


def _test(shelf: Shelf, state: State, each: Filter) -> Test:
    if each.propertyName.startswith("associations."):
        linked = _linked(shelf, state, each)
        if linked is None:
            raise bad_request("Associations can only be searched with EQ and IN")
        return lambda record: record.id in linked
    prop = shelf.fields.get(each.propertyName)
    if prop is None:
        raise bad_request(f"There was a problem with the request: unknown property {each.propertyName}")
    make = _OPERATORS.get(each.operator)
    if make is None:
        raise bad_request(f"Invalid operator {each.operator}: must be one of {', '.join(sorted(_OPERATORS))}")
    convert = _converter(prop)
    if each.operator in ("IN", "NOT_IN") and prop.type in _TEXTS:
        convert = str  # the values of such a list must be in lower case, or nothing is found
    try:
        return make(key_of(shelf, prop.name), each, convert)
    except (ValueError, OverflowError) as error:
        given = [v for v in (each.value, each.highValue, *(each.values or ())) if v is not None]
        text = ", ".join(text_of(value) for value in given)
        raise bad_request(f"Invalid value for the property {prop.name}: {text}") from error


def _converter(prop: Property) -> Callable[[str], Any]:
    """Texts are compared without regard to case, but the options of an enumeration with it."""
    if prop.multiple:
        return lambda text: frozenset(text.split(";"))
    if prop.type in _EXACT:
        return str
    return {"number": _number, "datetime": parsed, "date": parsed}.get(prop.type, str.lower)


def _number(text: str) -> float | int:
    """Raises ValueError, also for what is no finite number."""
    if text.lstrip("-").isdecimal():
        return int(text)
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _one(each: Filter, convert: Callable[[str], Any]) -> Any:
    if each.value is None:
        raise bad_request(f"The operator {each.operator} needs a value")
    return convert(text_of(each.value))


def _several(each: Filter, convert: Callable[[str], Any]) -> Any:
    if not each.values:
        raise bad_request(f"The operator {each.operator} needs values")
    if len(each.values) > MOST_VALUES:
        raise bad_request(f"At most {MOST_VALUES} values are allowed, not {len(each.values)}")
    return {convert(text_of(value)) for value in each.values}


def _equal(key: Key, each: Filter, convert: Callable[[str], Any]) -> Test:
    wanted = _one(each, convert)
    if isinstance(wanted, frozenset):
        return lambda record: wanted <= (key(record) or frozenset())
    return lambda record: key(record) == wanted


def _unequal(key: Key, each: Filter, convert: Callable[[str], Any]) -> Test:
    equal = _equal(key, each, convert)
    return lambda record: key(record) is not None and not equal(record)


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Key, Filter, Callable[[str], Any]], Test]:
    def make(key: Key, each: Filter, convert: Callable[[str], Any]) -> Test:
        bound = _one(each, convert)
        return lambda record: (value := key(record)) is not None and compare(value, bound)

    return make


def _between(key: Key, each: Filter, convert: Callable[[str], Any]) -> Test:
    low = _one(each, convert)
    if each.highValue is None:
        raise bad_request("The operator BETWEEN needs a value and a highValue")
    high = convert(text_of(each.highValue))
    return lambda record: (value := key(record)) is not None and low <= value <= high


def _in(key: Key, each: Filter, convert: Callable[[str], Any]) -> Test:
    wanted = _several(each, convert)
    if all(isinstance(value, frozenset) for value in wanted):
        options = frozenset[str]().union(*wanted)
        return lambda record: bool(options & (key(record) or frozenset()))
    return lambda record: key(record) in wanted


def _not_in(key: Key, each: Filter, convert: Callable[[str], Any]) -> Test:
    within = _in(key, each, convert)
    return lambda record: key(record) is not None and not within(record)


def _known(key: Key, _: Filter, __: Callable[[str], Any]) -> Test:
    return lambda record: key(record) is not None


def _empty(key: Key, _: Filter, __: Callable[[str], Any]) -> Test:
    return lambda record: key(record) is None


def _token(key: Key, each: Filter, _: Callable[[str], Any]) -> Test:
    """Every word of the value must be there as a whole word; `*` stands for any part of one."""
    if each.value is None:
        raise bad_request(f"The operator {each.operator} needs a value")
    parts = text_of(each.value).lower().split()
    words = [re.compile(rf"(?<![\w]){_wild(part)}(?![\w])") for part in parts]

    def test(record: Record) -> bool:
        value = key(record)
        text = ";".join(value) if isinstance(value, frozenset) else str(value or "")
        return all(word.search(text.lower()) for word in words)

    return test


def _wild(part: str) -> str:
    return r"[^\s]*".join(re.escape(piece) for piece in part.split("*"))


def _no_token(key: Key, each: Filter, convert: Callable[[str], Any]) -> Test:
    has = _token(key, each, convert)
    return lambda record: not has(record)


_OPERATORS: dict[str, Callable[[Key, Filter, Callable[[str], Any]], Test]] = {
    "EQ": _equal,
    "NEQ": _unequal,
    "LT": _ordered(operator.lt),
    "LTE": _ordered(operator.le),
    "GT": _ordered(operator.gt),
    "GTE": _ordered(operator.ge),
    "BETWEEN": _between,
    "IN": _in,
    "NOT_IN": _not_in,
    "HAS_PROPERTY": _known,
    "NOT_HAS_PROPERTY": _empty,
    "CONTAINS_TOKEN": _token,
    "NOT_CONTAINS_TOKEN": _no_token,
}
