"""What is allowed in a scorecard and hardly meant: by its files alone."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlglot import exp

from cs_connector.config.documents import Document, load
from cs_connector.errors import Place
from cs_connector.health.bands import Bands
from cs_connector.health.curves import Curve
from cs_connector.health.scorecard import Card, Definitions, Measure, card_files
from cs_connector.health.words import half_up

PRAISE = frozenset({"Advocacy", "Expansion", "Feedback"})  # calls that green customers are meant to get
TRIAL = "Trial"
MATTERS = 1.0  # points: what moves a score by less is lost in rounding


@dataclass(frozen=True, slots=True)
class Doubt:
    """A warning: what, why it is one, what to do, and where in a file."""

    place: Place
    what: str
    why: str
    fix: str


@dataclass(frozen=True, slots=True)
class Signal:
    """What a rule looks at beside the score: metrics, and where the rule says so; `type` is that of its calls."""

    rule: str
    metrics: frozenset[str]
    place: Place
    type: str = "Risk"


def in_force(definitions: Definitions, carried: Collection[str]) -> set[str]:
    """The scorecards by which somebody is judged: those that are assigned, and those that types carry."""
    return ({name for name, _ in definitions.assign} | set(carried)) & definitions.cards.keys()


def doubts(
    definitions: Definitions, layers: Sequence[Path], signals: Iterable[Signal], carried: Collection[str]
) -> list[Doubt]:
    """The warnings of every scorecard, in the order of files and lines; `carried` are scorecards of types."""
    found: list[Doubt] = []
    judged = in_force(definitions, carried)
    for name, path in card_files(layers).items():
        card, document = definitions.cards[name], load(path)
        found += [*_usage_only(card, document), *_weights(card, document)]
        found += [*_bands(card, document, definitions.bands), *_same_metric(card, document)]
        if name in judged:
            trials = name not in carried and _of_trials(definitions, name)
            met = [s for s in signals if s.type not in PRAISE and (s.type == TRIAL) == trials]
            found += _absent(card, document, met)
    return sorted(found, key=lambda d: (d.place.path, d.place.line or 0, d.what))


def _of_trials(definitions: Definitions, name: str) -> bool:
    """Whether a scorecard is for nothing but trials, which have rules and people of their own."""
    when = [formula for card, formula in definitions.assign if card == name]
    return bool(when) and all(f is not None and _says_trial(f.tree) for f in when)


def _says_trial(tree: exp.Expr) -> bool:
    return any(
        isinstance(part, exp.EQ) and {part.left.name, part.right.name} == {"type", TRIAL}
        for part in conjuncts(tree)
    )


def conjuncts(tree: exp.Expr) -> Iterator[exp.Expr]:
    """The conditions that a formula asks for all together."""
    whole = tree.unnest()
    parts = [whole.left, whole.right] if isinstance(whole, exp.And) else []
    yield from [one for part in parts for one in conjuncts(part)] or [whole]


def line_of(document: Document, measure: str, key: str = "measure") -> Place:
    """Where a measure of a scorecard stands."""
    listed = [m.get("measure") for m in document.data["measures"]]
    return document.place(("measures", listed.index(measure), key))


def _usage_only(card: Card, document: Document) -> Iterator[Doubt]:
    if {m.driver for m in card.rule.measures if m.weight} == {"Usage"}:
        why = "customers who log in and are unhappy, overdue or leaving are green by it"
        fix = "add measures of support, surveys, billing or goals"
        yield Doubt(document.place(("measures",)), f"{card.name} looks at usage only", why, fix)


def _weights(card: Card, document: Document) -> Iterator[Doubt]:
    total = sum(m.weight for m in card.rule.measures)
    for m in card.rule.measures:
        low, high = _range(m)
        moves = (high - low) * m.weight / total
        if moves < MATTERS:
            key = "weight" if m.weight < total / 100 else "curve"
            yield Doubt(
                line_of(document, m.measure, key),
                f"{m.measure} cannot matter",
                f"from its worst value to its best it moves the score by {moves:.1f} points",
                "give it more weight or a steeper curve, or remove it",
            )


def _range(measure: Measure) -> tuple[float, float]:
    """The worst and the best score that a measure can have, of any segment."""
    curves = (measure.curve, *measure.by_segment.values())
    return min(_worst(c) for c in curves), max(_best(c) for c in curves)


def _worst(curve: Curve) -> float:
    return 0.0 if curve.half_life is not None else min(score for _, score in curve.points)


def _best(curve: Curve) -> float:
    return 100.0 if curve.half_life is not None else max(score for _, score in curve.points)


def _bands(card: Card, document: Document, bands: Bands) -> Iterator[Doubt]:
    """Bands above the best score, and below the worst that measures and caps allow."""
    total = sum(m.weight for m in card.rule.measures)
    ranges = [(m.weight / total, *_range(m)) for m in card.rule.measures]
    worst = sum(share * low for share, low, _ in ranges)
    best = half_up(sum(share * high for share, _, high in ranges))
    worst = half_up(min([worst, *(float(cap.rule.cap) for cap in card.caps)]))
    for name, (low, high) in bands.limits.items():
        if best < low or (worst >= high and name != "green"):
            why = f"with everything known, scores by {card.name} lie between {worst} and {best}"
            fix = "let the curves of its measures reach further"
            yield Doubt(document.place(("measures",)), f"{name} cannot be reached by {card.name}", why, fix)


def _same_metric(card: Card, document: Document) -> Iterator[Doubt]:
    seen: dict[str, str] = {}
    for m in card.rule.measures:
        other = seen.setdefault(m.metric, m.measure)
        if other != m.measure:
            place = line_of(document, m.measure, "metric")
            why = f"both are made of {m.metric}, which so counts twice"
            yield Doubt(place, f"{other} and {m.measure} are the same thing", why, "remove one of them")


def _absent(card: Card, document: Document, signals: Iterable[Signal]) -> Iterator[Doubt]:
    """Rules that raise an alarm about what the scorecard does not see."""
    seen = {m.metric for m in card.rule.measures if m.weight}.union(*(cap.when.names for cap in card.caps))
    for signal in signals:
        if missing := sorted(signal.metrics - seen):
            yield Doubt(
                document.place(("measures",)),
                f"the rule {signal.rule} looks at what {card.name} does not see: {', '.join(missing)}",
                f"it can call for help about a customer who is green ({signal.place})",
                f"add a measure or an override with {missing[0]}",
            )
