"""The sentence that people read in the CRM, the main driver, and the suggested next step."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple

from cs_connector.health.levers import Lever, Part, lever
from cs_connector.health.scorecard import Cap
from cs_connector.health.words import Template, day, short

LIMIT, MOST = 255, 3  # characters of a CRM text field; reasons in one sentence
WORTH = 2.0  # points lost that are worth a word
MOVED = 5  # points since the last month end that are worth a word
RENEWS_WITHIN = 180
EDGES = {"red": 50, "yellow": 75}


class Costly(NamedTuple):
    """A measure that costs points worth a word: its text, its value, and the date that it is carried from."""

    phrase: Template
    value: float | None
    since: date | None


class Scored(NamedTuple):
    """One score at one date, with everything that its sentence may use.

    `value` gives what a text names; `costly` begins with what costs most; `silent` are the groups of which something is not known;
    `costs` is the group that costs most; of `movable` any may alone lift the score into the next band, the least effort first, and
    `heaviest` helps most where none does.
    """

    today: date
    score: int | None
    band: str
    uncapped: float | None
    cap: Cap | None
    value: Callable[[str], Any]
    costly: Sequence[Costly]
    silent: Sequence[str]
    costs: str
    movable: Iterable[Part]
    heaviest: Iterable[Part]
    before: tuple[int, str, date] | None = None

    @property
    def bound(self) -> bool:
        """The cap holds the score down."""
        return self.cap is not None and self.uncapped is not None and self.cap.rule.cap < self.uncapped


def override_reason(scored: Scored) -> str | None:
    if scored.cap is None:
        return None
    text = scored.cap.reason
    return text.fill({name: scored.value(name) for name in text.names}, scored.today)


def reason(scored: Scored, capped: str | None) -> str:
    """What costs most points, in one sentence of at most 255 characters, first of all the reason of the cap."""
    if scored.band == "unknown":
        return _unknown(scored)
    said = [capped] if capped else []
    said += [_phrase(scored, one) for one in scored.costly[: MOST - len(said)]]
    said = said or ["nothing costs many points"]
    renewal = scored.value("renewal_on")
    if renewal and 0 <= (renewal - scored.today).days <= RENEWS_WITHIN and "renews" not in said[0]:
        said.append(f"renews {day(renewal)}")
    return _fit(_head(scored), said)


def _head(scored: Scored) -> str:
    head = f"{scored.band.capitalize()} {scored.score}"
    if scored.before is None or scored.score is None:
        return head
    score, band, when = scored.before
    if abs(score - scored.score) < MOVED and band == scored.band:
        return head
    return f"{head}, was {score} on {short(when)}"


def _phrase(scored: Scored, one: Costly) -> str:
    names = one.phrase.names
    values = {name: one.value if name == "value" else scored.value(name) for name in names}
    text = one.phrase.fill(values, scored.today)
    return f"{text} (last known {short(one.since)})" if one.since else text


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
    """The cheapest way into the next band; a cap goes first."""
    if scored.bound and scored.cap:
        return f"First: {scored.cap.rule.fix}"[:LIMIT]
    target = EDGES.get(scored.band)
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
