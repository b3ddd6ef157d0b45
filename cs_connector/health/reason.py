"""The sentence that people read in the CRM, the main driver, and the suggested next step."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from operator import itemgetter
from typing import Any

from cs_connector.health.levers import Part, levers, most
from cs_connector.health.scorecard import Cap, Card
from cs_connector.health.words import day, short

LIMIT, MOST = 255, 3  # characters of a CRM text field; reasons in one sentence
WORTH = 2.0  # points lost that are worth a word
MOVED = 5  # points since the last month end that are worth a word
RENEWS_WITHIN = 180
EDGES = {"red": 50, "yellow": 75}


@dataclass(frozen=True, slots=True)
class Scored:
    """One score at one date, with everything that its sentence may use."""

    card: Card
    today: date
    score: int | None
    band: str
    uncapped: float | None
    cap: Cap | None
    parts: tuple[Part, ...]
    values: Mapping[str, Any]
    carried: Mapping[str, date]
    before: tuple[int, str, date] | None = None

    @property
    def bound(self) -> bool:
        """The cap holds the score down."""
        return self.cap is not None and self.uncapped is not None and self.cap.rule.cap < self.uncapped

    def lost(self) -> list[Part]:
        """What costs points worth a word, the most costly first."""
        found = [(-round(lost, 9), part.measure, part) for part in self.parts if (lost := part.lost) >= WORTH]
        return [part for _, _, part in sorted(found, key=itemgetter(0, 1))]


def override_reason(scored: Scored) -> str | None:
    return scored.cap.reason.fill(scored.values, scored.today) if scored.cap else None


def reason(scored: Scored) -> str:
    """What costs most points, in one sentence of at most 255 characters."""
    if scored.band == "unknown":
        return _unknown(scored)
    said = [text for text in (override_reason(scored),) if text]
    said += [_phrase(scored, part) for part in scored.lost()[: MOST - len(said)]]
    said = said or ["nothing costs many points"]
    renewal = scored.values.get("renewal_on")
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


def _phrase(scored: Scored, part: Part) -> str:
    phrase = scored.card.phrases[part.measure]
    values = {name: part.value if name == "value" else scored.values.get(name) for name in phrase.names}
    text = phrase.fill(values, scored.today)
    since = scored.carried.get(part.measure)
    return f"{text} (last known {short(since)})" if since else text


def _unknown(scored: Scored) -> str:
    groups = list(dict.fromkeys(part.group for part in scored.parts if part.score is None))
    return _fit("Unknown: too little is known", [f"no current data on {', '.join(groups)}"] if groups else [])


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
    if scored.bound and scored.cap:
        return scored.cap.rule.driver
    lost: dict[str, float] = defaultdict(float)
    for part in scored.parts:
        if part.score is not None:
            lost[part.group] += round(part.lost, 9)
    group = max(sorted(lost), key=lost.__getitem__, default="")
    return group if group and lost[group] >= WORTH else "None"


def next_step(scored: Scored) -> str | None:
    """The cheapest way into the next band; a cap goes first."""
    if scored.bound and scored.cap:
        return f"First: {scored.cap.rule.fix}"[:LIMIT]
    target = EDGES.get(scored.band)
    if target is None or scored.uncapped is None:
        return None
    found = levers(scored.parts, scored.uncapped, target, scored.today)
    if found:
        return _capital(f"{found[0].sentence} would lift health to {target}")
    best = most(scored.parts, scored.today)
    return _capital(f"{best.sentence} would help most, but is not enough alone") if best else None


def _capital(text: str) -> str:
    return (text[:1].upper() + text[1:])[:LIMIT]
