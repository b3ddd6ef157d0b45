"""Why a score moved: its difference between two dates as a sum of parts that adds up exactly.

A path is walked from the first date to the second, in an order that is declared and always the same:

1. *value*: measures known at both dates take their new values;
2. *cap*: the cap that facts brought, or took away;
3. *coverage*: what became known, unknown, carried or released; a cap that only went silent belongs here;
4. *configuration*: weights, curves, metrics and caps as they are at the second date.

After each stage the score is what the stage makes of it, so the stages sum to the difference. Within a stage the points
of a measure do not depend on the order of measures: see `shift`. Value and cap together are what the customer did.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from cs_connector.health.basis import Basis, Judged

Kind = Literal["value", "cap", "coverage", "configuration"]
KINDS: tuple[Kind, ...] = ("value", "cap", "coverage", "configuration")
FACTS: tuple[Kind, ...] = ("value", "cap")  # what a rule may fire on
NOTHING = 1e-12  # points
Mean = Mapping[str, tuple[float, float]]
"""The measures that count, as (weight, score)."""
Capped = tuple[float, float | None]
"""An uncapped score, and the cap over it."""


@dataclass(frozen=True, slots=True)
class Mark:
    """How a measure stood: a `score` counts, by a value that is `known` or by one carried `since` then; none is unknown."""

    value: float | None
    score: float | None
    known: bool
    since: date | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """A score of one relationship at one date: marks by measure, and the cap that held.

    `unsure` are the overrides that cannot be judged by what is known at the date; `segment` chooses curves.
    """

    basis: Basis
    marks: Mapping[str, Mark]
    cap: float | None = None
    override: str | None = None
    unsure: frozenset[str] = frozenset()
    segment: str | None = None

    @property
    def counted(self) -> Mean:
        return {
            name: (self.basis.measures[name].weight, mark.score)
            for name, mark in self.marks.items()
            if mark.score is not None
        }

    @property
    def exact(self) -> float | None:
        """The unrounded score; None where nothing counts."""
        found = mean(self.counted)
        return None if found is None else found - taken(found, self.cap)


@dataclass(frozen=True, slots=True)
class Line:
    """Points of the difference. `measure` or `override` says whose they are; neither: a cap kept them from showing."""

    kind: Kind
    points: float
    measure: str | None = None
    override: str | None = None


def mean(counted: Mean) -> float | None:
    """The weighted mean; None where nothing has weight."""
    total = math.fsum(weight for weight, _ in counted.values())
    return math.fsum(weight * score for weight, score in counted.values()) / total if total else None


def taken(uncapped: float, cap: float | None) -> float:
    """The points that a cap takes."""
    return 0.0 if cap is None else max(uncapped - cap, 0.0)


def decompose(before: Reading, after: Reading) -> list[Line]:
    """The parts of `after.exact - before.exact`, in the order of the stages. Both must have a score.

    Lines without points are left out, but for changes of coverage: that a value is only carried is worth a line.
    """
    start, facts = before.counted, _moved(before, after)
    end = after.counted
    covered = _covered(before, after, facts)
    seen = touched(before, after)
    if mean(covered) is None:  # nothing that both scorecards have is left: coverage goes with the last stage
        covered, seen = facts, set()
    caps = _caps(before, after)
    found = [
        *_stage("value", start, facts),
        *_turned(before, after, (_at(start), before.cap), (_at(facts), caps["cap"])),
        *_stage("coverage", facts, covered, seen),
        *_held("coverage", before, after, (_at(facts), caps["cap"]), (_at(covered), caps["coverage"])),
        *_judged(before, after, covered, end),
        *_held("configuration", before, after, (_at(covered), caps["coverage"]), (_at(end), after.cap)),
    ]
    return [n for n in found if abs(n.points) > NOTHING or (n.kind == "coverage" and n.measure in seen)]


def shift(before: Mean, after: Mean) -> dict[str, float]:
    """The difference of two weighted means, split by measure; it sums exactly, in whatever order.

    A measure that keeps its weight gives its share of the first mean times what its score moved. One that comes, goes
    or changes its weight gives, beside that, the change of its share times its distance from the mean of those that
    keep theirs (from the first mean, if none does): leaving a measure out that is as good as the others costs nothing.
    """
    rest = {name: after[name] for name in before.keys() & after.keys() if before[name][0] == after[name][0]}
    middle = mean(rest) if mean(rest) is not None else mean(before)
    return {
        name: _points(name, before, after, None if name in rest else middle)
        for name in sorted({*before, *after})
    }


def touched(before: Reading, after: Reading) -> set[str]:
    """Measures of both scorecards whose coverage changed: known, carried, not counted."""
    both = before.basis.measures.keys() & after.basis.measures.keys()
    return {name for name in both if _state(before, name) != _state(after, name)}


def _points(name: str, before: Mean, after: Mean, middle: float | None) -> float:
    one, two = _share(name, before), _share(name, after)
    last = (after.get(name) or before[name])[1]
    first = (before.get(name) or after[name])[1]
    moved = one * (last - first)
    return moved if middle is None else moved + (two - one) * (last - middle)


def _share(name: str, counted: Mean) -> float:
    total = math.fsum(weight for weight, _ in counted.values())
    return counted[name][0] / total if name in counted and total else 0.0


def _state(reading: Reading, name: str) -> tuple[bool, bool]:
    mark = reading.marks.get(name)
    return (False, False) if mark is None or mark.score is None else (True, mark.known)


def _known_twice(before: Reading, after: Reading, name: str) -> bool:
    return _state(before, name) == _state(after, name) == (True, True)


def _at(counted: Mean) -> float:
    found = mean(counted)
    assert found is not None, "both readings have a score"
    return found


def _moved(before: Reading, after: Reading) -> Mean:
    """The first reading with the new values of what is known at both dates, judged as then."""
    both = {
        name
        for name, mark in before.marks.items()
        if _known_twice(before, after, name)
        and _measured(before, after, name)
        and mark.value != after.marks[name].value
    }
    return {
        name: (weight, _then(before, after, name) if name in both else score)
        for name, (weight, score) in before.counted.items()
    }


def _measured(before: Reading, after: Reading, name: str) -> bool:
    one, two = before.basis.measures[name], after.basis.measures.get(name)
    return two is not None and (one.metric, one.measured) == (two.metric, two.measured)


def _then(before: Reading, after: Reading, name: str) -> float:
    """What the value of the second date scores by the curve of the first."""
    rule, mark = before.basis.measures[name], after.marks[name]
    assert mark.score is not None, "it counts"
    same = _curves(rule) == _curves(after.basis.measures[name])
    if same or mark.value is None or not _measured(before, after, name):
        return mark.score
    return rule.curve_for(after.segment).score(mark.value)


def _curves(rule: Judged) -> tuple[object, ...]:
    return rule.curve, rule.by_segment


def _covered(before: Reading, after: Reading, facts: Mean) -> Mean:
    """The scorecard of the first date over what counts at the second; what only one scorecard has stays as it is."""
    found: dict[str, tuple[float, float]] = {}
    for name, rule in before.basis.measures.items():
        if name not in after.basis.measures or _known_twice(before, after, name):
            found |= {name: facts[name]} if name in facts else {}
        elif name in after.counted:
            found[name] = (rule.weight, _then(before, after, name))
    return found


def _stage(kind: Kind, before: Mean, after: Mean, always: Collection[str] = ()) -> Iterator[Line]:
    points = shift(before, after)
    for name in sorted({*points, *always}):
        if name in always or points[name]:
            yield Line(kind, points.get(name, 0.0), name)


def _judged(before: Reading, after: Reading, covered: Mean, end: Mean) -> Iterator[Line]:
    """The last stage. A measure of both scorecards that only now stops to count is a change of coverage."""
    both = before.basis.measures.keys() & after.basis.measures.keys()
    for name, points in shift(covered, end).items():
        late = name in both and (name in covered) != (name in end)
        yield Line("coverage" if late else "configuration", points, name)


def _caps(before: Reading, after: Reading) -> dict[Kind, float | None]:
    """The cap at the end of each stage: it changes in the one to which its change belongs."""
    stage = _cap_stage(before, after)
    return {kind: after.cap if KINDS.index(kind) >= KINDS.index(stage) else before.cap for kind in KINDS}


def _cap_stage(before: Reading, after: Reading) -> Kind:
    decisive = _decisive(before, after)
    if decisive is None:
        return "cap"
    if before.basis.overrides.get(decisive) != after.basis.overrides.get(decisive):
        return "configuration"
    return "coverage" if decisive in after.unsure else "cap"


def _decisive(before: Reading, after: Reading) -> str | None:
    """The override that changed the cap: the new one where the cap falls, the old one where it rises."""
    if before.cap == after.cap:
        return None
    lower = after.cap is not None and (before.cap is None or after.cap < before.cap)
    return after.override if lower else before.override


def _turned(before: Reading, after: Reading, first: Capped, last: Capped) -> Iterator[Line]:
    """What caps take less or more by facts: of each override, where another one holds now."""
    if first[1] == last[1]:
        yield Line("cap", taken(*first) - taken(*last), override=before.override)
    else:
        yield Line("cap", taken(*first), override=before.override)
        yield Line("cap", -taken(*last), override=after.override)


def _held(kind: Kind, before: Reading, after: Reading, first: Capped, last: Capped) -> Iterator[Line]:
    """What of a stage a cap keeps from showing; or what another cap takes, where the stage changed it."""
    override = None if first[1] == last[1] else _decisive(before, after)
    yield Line(kind, taken(*first) - taken(*last), override=override)
