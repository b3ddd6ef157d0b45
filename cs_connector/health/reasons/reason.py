"""The sentence that people read in the CRM, the main driver, and the suggested next step."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from typing import Any, NamedTuple

from cs_connector.health.levers import Lever, Part, lever
from cs_connector.health.scorecard import Cap
from cs_connector.health.words import Template, day, recent, short

LIMIT, MOST = 255, 3  # characters of a CRM text field; reasons in one sentence
WORTH = 2.0  # points lost that are worth a word
WORTH_OF_GOOD = (
    5.0  # the same of a measure well inside the best band: usage at 100 % of what it was is no news
)
INSIDE = 0.2  # how far into the best band that begins
MOVED = 5  # points since the last month end that are worth a word
RENEWS_WITHIN = 180
UNKNOWN = "unknown"  # the band of a score that the CRM does not show
TRIAL = "Trial"  # the type of relationship that ends and does not renew


class Costly(NamedTuple):
    """A measure that costs points worth a word: its text, its metric with the value, and the date that it is carried from."""

    phrase: Template
    metric: str
    value: float | None
    since: date | None


class Scored(NamedTuple):
    """One score at one date, with everything that its sentence may use.

    `target` is where the next band begins, None where there is none to reach; `value` gives what a text names, and `since` the day from which that is carried; `costly` begins with what costs most; `silent` are the groups of which something is not known;
    `costs` is the group that costs most; of `movable` any may alone lift the score into the next band, the least effort first, and
    `heaviest` helps most where none does.
    """

    today: date
    score: int | None
    band: str
    uncapped: float | None
    target: int | None
    cap: Cap | None
    value: Callable[[str], Any]
    costly: Sequence[Costly]
    silent: Sequence[str]
    costs: str
    movable: Iterable[Part]
    heaviest: Iterable[Part]
    before: tuple[int, str, date] | None = None
    since: Callable[[str], date | None] = lambda _: None

    @property
    def bound(self) -> bool:
        """The cap holds the score down."""
        return self.cap is not None and self.uncapped is not None and self.cap.rule.cap < self.uncapped

    @property
    def barred(self) -> bool:
        """The cap holds the score down, or would before it came into the next band."""
        return self.bound or (
            self.cap is not None and self.target is not None and self.cap.rule.cap < self.target
        )


def override_reason(scored: Scored) -> str | None:
    if scored.cap is None:
        return None
    text = scored.cap.reason
    values = {name: scored.value(name) for name in text.names}
    return text.fill(values, scored.today, {name: scored.since(name) for name in text.names})


def reason(scored: Scored, capped: str | None) -> str:
    """What costs most points, in one sentence of at most 255 characters, first of all the reason of the cap."""
    if scored.band == UNKNOWN:
        return _unknown(scored)
    said = [capped] if capped else []
    told = scored.cap.metrics if capped and scored.cap else frozenset()
    others = [one for one in scored.costly if one.metric not in told]
    said += [_phrase(scored, one) for one in others[: MOST - len(said)]]
    said = said or ["nothing costs many points"]
    return _fit(_head(scored), [*said, *_renewal(scored, said[0])])


def _renewal(scored: Scored, first: str) -> Iterator[str]:
    """When the customer decides, where that is near and not said yet."""
    renewal = scored.value("renewal_on")
    if renewal and 0 <= (renewal - scored.today).days <= RENEWS_WITHIN and "renews" not in first:
        yield f"{'ends' if scored.value('type') == TRIAL else 'renews'} {day(renewal)}"


def _head(scored: Scored) -> str:
    head = f"{scored.band.capitalize()} {scored.score}"
    if scored.before is None or scored.score is None:
        return head
    score, band, when = scored.before
    if abs(score - scored.score) < MOVED and band == scored.band:
        return head
    return f"{head}, was {UNKNOWN if band == UNKNOWN else score} on {short(when)}"


def _phrase(scored: Scored, one: Costly) -> str:
    names = one.phrase.names
    values = {name: one.value if name == "value" else scored.value(name) for name in names}
    since = {name: one.since if name == "value" else scored.since(name) for name in names}
    text = one.phrase.fill(values, scored.today, since)
    return f"{text} (last known {recent(one.since, scored.today)})" if one.since else text


def _unknown(scored: Scored) -> str:
    groups = ", ".join(dict.fromkeys(scored.silent))
    return _fit("Unknown: too little is known", [f"no current data on {groups}"] if groups else [])


def _fit(head: str, said: Sequence[str]) -> str:
    text = head
    for index, part in enumerate(said):
        longer = text + (": " if index == 0 else "; ") + part
        if len(longer) + 1 > LIMIT:
            break
        text = longer
    return (text + ".")[:LIMIT]


def driver(scored: Scored) -> str:
    """Where most points are lost."""
    return scored.cap.rule.driver if scored.bound and scored.cap else scored.costs


def next_step(scored: Scored) -> str | None:
    """The cheapest way into the next band; a cap that bars it goes first."""
    if scored.barred and scored.cap:
        return f"First: {scored.cap.rule.fix}"[:LIMIT]
    target = scored.target
    if target is None or scored.uncapped is None:
        return None
    alone = _first(lever(part, target - scored.uncapped, scored.today) for part in scored.movable)
    if alone:
        return _capital(f"{alone.sentence} would lift health to {target}")
    best = _first(lever(part, part.lost, scored.today) for part in scored.heaviest)
    return _capital(f"{best.sentence} would help most, but is not enough alone") if best else None


def _first(found: Iterable[Lever | None]) -> Lever | None:
    return next(filter(None, found), None)


def _capital(text: str) -> str:
    return (text[:1].upper() + text[1:])[:LIMIT]
