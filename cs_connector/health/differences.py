"""What two configurations say differently of scores, as sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cs_connector.health.curves import Curve
from cs_connector.health.rolling.upward import Groups, Taking
from cs_connector.health.scorecard import Card, Definitions, Measure
from cs_connector.language.periods import GREGORIAN, Calendar
from cs_connector.measure import functions
from cs_connector.measure.entries import Placed
from cs_connector.measure.metrics import Metrics

_TEXTS = ("title", "phrase", "lever", "reason", "fix")


def differences(before: Definitions, after: Definitions) -> list[str]:
    """One sentence for each difference, in the order assignment, roll-up, what people wrote of customers, bands, scorecards, overrides,
    calendar, metrics; texts are told in one.
    """
    return [
        *_assigned(before, after),
        *_rolled(before, after),
        *_written("retired evidence", before.retired, after.retired),
        *_written("judgements", before.metrics.judgements, after.metrics.judgements),
        *_banded(before, after),
        *_cards(before, after),
        *_overrides(before, after),
        *_calendars(before.metrics, after.metrics),
        *_metrics(before.metrics, after.metrics),
        *_texts(before, after),
    ]


def _assigned(before: Definitions, after: Definitions) -> Iterator[str]:
    one, two = (_order(definitions) for definitions in (before, after))
    if one != two:
        yield f"assignment: {one} → {two}"


def _rolled(before: Definitions, after: Definitions) -> Iterator[str]:
    one, two = before.roll_up, after.roll_up
    types = sorted(one.accounts.types.keys() | two.accounts.types.keys())
    pairs = [("of relationships", _taking(one.accounts), _taking(two.accounts))]
    pairs += [
        (f"of {name}", _taking(one.accounts.types.get(name)), _taking(two.accounts.types.get(name)))
        for name in types
    ]
    pairs.append(("of accounts", _grouping(one.groups), _grouping(two.groups)))
    yield from (f"roll-up {of}: {old} → {new}" for of, old, new in pairs if old != new)


def _written(what: str, before: Sequence[Placed[Any]], after: Sequence[Placed[Any]]) -> Iterator[str]:
    """Lines that people wrote about customers."""
    one, two = ({tuple(line.entry) for line in side} for side in (before, after))
    if one != two:
        yield f"{what}: {len(one - two)} lines gone, {len(two - one)} new"


def _banded(before: Definitions, after: Definitions) -> Iterator[str]:
    for name, limits in before.bands.limits.items():
        if limits != after.bands.limits[name]:
            old, new = (f"{low} to {high}" for low, high in (limits, after.bands.limits[name]))
            yield f"band {name}: {old} → {new}"


def _taking(taking: Taking | None) -> str:
    if taking is None:
        return "as for all"
    small = taking.small
    return taking.take + (f", under {small.below:.0%} no lower than {small.floor}" if small else "")


def _grouping(groups: Groups) -> str:
    return f"{groups.take}, minimum coverage {groups.minimum_coverage:.0%}, without {', '.join(groups.without) or 'nobody'}"


def _order(definitions: Definitions) -> str:
    return "; ".join(f"{name} when {when.text}" if when else name for name, when in definitions.assign)


def _named(what: str, one: Mapping[str, Any], two: Mapping[str, Any]) -> Iterator[str]:
    """What came and what went."""
    for name in sorted(one.keys() ^ two.keys()):
        yield f"{what} {name}: {'new' if name in two else 'gone'}"


def _cards(before: Definitions, after: Definitions) -> Iterator[str]:
    yield from _named("scorecard", before.cards, after.cards)
    for name in sorted(before.cards.keys() & after.cards.keys()):
        yield from _card(before.cards[name], after.cards[name])


def _card(one: Card, two: Card) -> Iterator[str]:
    if one.rule.minimum_coverage != two.rule.minimum_coverage:
        yield f"{one.name}: minimum coverage {one.rule.minimum_coverage:.0%} → {two.rule.minimum_coverage:.0%}"
    first, second = ({m.measure: m for m in card.rule.measures} for card in (one, two))
    yield from _named(f"{one.name}: measure", first, second)
    for name in sorted(first.keys() & second.keys()):
        yield from (f"{one.name}: {name}: {told}" for told in _measure(first[name], second[name]))
    yield from _named(f"{one.name}: override", {c.name: c for c in one.caps}, {c.name: c for c in two.caps})


def _measure(one: Measure, two: Measure) -> Iterator[str]:
    for key in ("metric", "weight", "optional"):
        old, new = getattr(one, key), getattr(two, key)
        if old != new:
            yield f"{key} {_plain(old)} → {_plain(new)}"
    if one.curve != two.curve:
        yield f"curve {_curve(one.curve)} → {_curve(two.curve)}"
    for segment in sorted(one.by_segment.keys() | two.by_segment.keys()):
        old, new = one.by_segment.get(segment), two.by_segment.get(segment)
        if old != new:
            yield f"curve of {segment} {_curve(old)} → {_curve(new)}"


def _plain(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _curve(curve: Curve | None) -> str:
    if curve is None:
        return "as for all"
    if curve.half_life is not None:
        return f"half-life {curve.half_life:g}"
    if curve.percentile or curve.z_score:
        return f"percentile {curve.percentile}" if curve.percentile else f"z-score {curve.z_score}"
    kind = "line" if curve.line else "steps"
    return f"{kind} {', '.join(f'{x:g}→{y:g}' for x, y in curve.points)}"


def _overrides(before: Definitions, after: Definitions) -> Iterator[str]:
    """Those that both have, as some scorecard of each uses them."""
    one, two = ({c.name: c for card in d.cards.values() for c in card.caps} for d in (before, after))
    for name in sorted(one.keys() & two.keys()):
        for key in ("cap", "when"):
            old, new = getattr(one[name].rule, key), getattr(two[name].rule, key)
            if old != new:
                yield f"override {name}: {key} {' '.join(str(old).split())} → {' '.join(str(new).split())}"


def _calendars(one: Metrics, two: Metrics) -> Iterator[str]:
    before, after = (next((s.calendar for s in side.sources), GREGORIAN) for side in (one, two))
    if before != after:
        yield f"calendar: {_calendar(before)} → {_calendar(after)}"


def _calendar(calendar: Calendar) -> str:
    return f"fiscal year from month {calendar.fiscal_year_starts}, weeks from {calendar.week_starts}, {calendar.zone}"


def _metrics(one: Metrics, two: Metrics) -> Iterator[str]:
    yield from _named("metric", one.by_name, two.by_name)
    for name in sorted(one.by_name.keys() & two.by_name.keys()):
        if _measured(one, name) != _measured(two, name):
            yield f"metric {name}: measured otherwise"


def _measured(metrics: Metrics, name: str) -> tuple[Any, ...]:
    metric = metrics.by_name[name]
    source = metrics.source(name)
    return (
        source.study.model_dump(exclude={"metrics"}),
        metric.model_dump(exclude={"title", "unit", "evidence"}),
        functions.code(source),
    )


def _texts(before: Definitions, after: Definitions) -> Iterator[str]:
    """Texts move no score; that they differ is worth a line."""
    one, two = _said(before), _said(after)
    if any(one[key] != two[key] for key in one.keys() & two.keys()):
        yield "texts: titles, phrases, levers, reasons or fixes differ; they move no score"


def _said(definitions: Definitions) -> dict[tuple[str, str, str], Any]:
    found: dict[tuple[str, str, str], Any] = {}
    for name, card in definitions.cards.items():
        rules = {m.measure: m for m in card.rule.measures} | {c.name: c.rule for c in card.caps}
        for part, rule in {"": card.rule, **rules}.items():
            found |= {(name, part, key): getattr(rule, key, None) for key in _TEXTS}
    return found
