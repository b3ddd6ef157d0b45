"""The sentence and the next step of a score, worked by hand: what a cap forbids is not promised, and nothing is said twice."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from cs_connector.health.curves import Curve
from cs_connector.health.levers import Part
from cs_connector.health.reasons.reason import Costly, Scored, next_step, override_reason, reason
from cs_connector.health.scorecard import Cap, Override
from cs_connector.health.words import read
from cs_connector.language.expression import parse_condition
from tests.unit.health_tables import World

TODAY = date(2026, 11, 25)
LINE = Curve(line=((0, 0), (1, 100)))
SEATS = Part(
    "active_share", "Usage", 0.2, "share", 20.0, 0.4, LINE, read("{value:percent} of seats active or more")
)


def cap(most: int, when: str = "overdue >= 90", said: str = "an invoice is overdue") -> Cap:
    names = [word for word in when.split() if word.isidentifier()]
    rule = Override(when=when, cap=most, driver="Billing", reason=said, fix="settle the invoice")
    return Cap(
        "overdue_90",
        rule,
        parse_condition(when, dict.fromkeys(names, "number")),
        read(said),
        frozenset(names),
    )


def scored(band: str, uncapped: float, target: int | None, held: Cap | None = None, **more: Any) -> Scored:
    known: Mapping[str, Any] = more.pop("known", {})
    given = {
        "today": TODAY, "score": round(uncapped), "band": band, "uncapped": uncapped, "target": target, "cap": held, "value": known.get,
        "costly": [], "silent": [], "costs": "Usage", "movable": [SEATS], "heaviest": [SEATS],
    }  # fmt: skip
    return Scored(**(given | more))


@pytest.mark.parametrize(
    ("most", "target", "step"),
    [
        (45, 50, "First: settle the invoice"),  # it does not bind at 44, and would at 45
        (50, 50, "35 % of seats active or more would lift health to 50"),
        (60, 50, "35 % of seats active or more would lift health to 50"),
    ],
)
def test_a_step_into_the_next_band_is_not_promised_under_a_cap_that_forbids_it(
    most: int, target: int, step: str
) -> None:
    assert next_step(scored("red", 44.0, target, cap(most))) == step


def test_a_number_is_said_with_its_noun_for_one_and_for_several() -> None:
    text = read("{value:ticket|tickets} in 30 days")
    said = [text.fill({"value": value}, TODAY) for value in (0, 1, 1.2, 7, 1_200, None)]
    assert [one.removesuffix(" in 30 days") for one in said] == [
        "0 tickets", "1 ticket", "1 ticket", "7 tickets", "1,200 tickets", "–",
    ]  # fmt: skip


def test_the_next_band_is_that_of_the_project() -> None:
    assert next_step(scored("red", 44.0, 48)) == "30 % of seats active or more would lift health to 48"
    assert next_step(scored("green", 81.0, None)) is None


def test_what_the_cap_says_is_not_said_again_by_a_measure_of_the_same_metric() -> None:
    costly = [
        Costly(read("an invoice has been overdue since {value:ago}"), "overdue", 95, None),
        Costly(read("{value:percent} of seats are active"), "active_share", 0.2, None),
    ]
    said = reason(scored("red", 44.0, 50, cap(45), costly=costly), "an invoice is overdue")
    assert said == "Red 44: an invoice is overdue; 20 % of seats are active."


def test_a_trial_ends_and_does_not_renew() -> None:
    known = {"renewal_on": date(2026, 12, 7)}
    assert "renews 7 Dec 2026" in reason(scored("green", 84.0, None, known=known), None)
    trial = reason(scored("green", 84.0, None, known=known | {"type": "Trial"}), None)
    assert trial == "Green 84: nothing costs many points; ends 7 Dec 2026."


@pytest.mark.parametrize("today", [date(2026, 11, 25), date(2026, 12, 9)])
def test_the_age_of_something_carried_names_the_same_day_for_ever(today: date) -> None:
    """95 days on 20 November were 17 August, whenever that is told: a stored sentence does not tick."""
    known = date(2026, 11, 20)
    costly = [Costly(read("an invoice has been overdue since {value:ago}"), "overdue", 95, known)]
    said = reason(scored("red", 44.0, 50, today=today, costly=costly), None)
    assert said == "Red 44: an invoice has been overdue since 17 Aug (last known 20 Nov)."
    held = cap(45, said="nobody since {inactive_days:ago}")
    days = {"inactive_days": 95}
    told = scored("red", 44.0, 50, held, today=today, known=days, since={"inactive_days": known}.get)
    assert override_reason(told) == "nobody since 17 Aug"


def test_a_number_has_at_most_one_decimal_however_large() -> None:
    text = read("{value:plain} calls")
    said = [text.fill({"value": value}, TODAY) for value in (7.06, 7.0, 123_456.78, 2_500_000.0)]
    assert said == ["7.1 calls", "7 calls", "123456.8 calls", "2500000 calls"]


def test_what_is_a_year_old_is_said_with_its_year() -> None:
    """Without it an invoice of last November would look like one of this month."""
    text = read("overdue since {value:ago}")
    said = [text.fill({"value": days}, TODAY) for days in (22, 364, 365, 387)]
    assert said == [f"overdue since {day}" for day in ("3 Nov", "26 Nov", "25 Nov 2025", "3 Nov 2025")]
    assert text.fill({"value": 200}, TODAY, {"value": date(2026, 3, 30)}) == "overdue since 11 Sep 2025"
    costly = [Costly(read("reviews average {value:plain} of 10"), "app_reviews", 4, date(2025, 9, 30))]
    assert reason(scored("red", 44.0, 50, costly=costly), None).endswith("(last known 30 Sep 2025).")


@pytest.mark.parametrize(
    ("before", "head"),
    [
        ((63, "unknown", date(2026, 10, 31)), "Yellow 63, was unknown on 31 Oct: "),
        ((63, "yellow", date(2026, 10, 31)), "Yellow 63: "),
        ((49, "red", date(2026, 10, 31)), "Yellow 63, was 49 on 31 Oct: "),
    ],
)
def test_a_score_that_nobody_was_shown_is_not_what_it_was(before: tuple[int, str, date], head: str) -> None:
    assert reason(scored("yellow", 63.0, 75, before=before), None).startswith(head)


@pytest.mark.slow
def test_next_steps_aim_at_the_bands_that_are_declared(tmp_path: Path) -> None:
    (tmp_path / "bands.yml").write_text(
        "version: 1\nbands:\n  red: [0, 10]\n  yellow: [10, 93]\n  green: [93, 100]\n"
    )
    row = World().customer().users(*[70] * 6).tickets(1).score(tmp_path).snapshot()
    assert row["band"] == "yellow"
    assert row["next_step"].endswith("would lift health to 93")
