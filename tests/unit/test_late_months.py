"""A month's usage may come some days after the month is over: until then the months before it count, and nobody is dark."""

from __future__ import annotations

from datetime import date, datetime

from tests.unit.health_tables import Scores, World, month

EARLY, LATE = date(2026, 12, 4), date(2026, 12, 14)
USED = ("active_share", "usage_trend", "feature_breadth", "usage_change")
DARK = ("inactive_days", "inactive_months")


def town(as_of: date) -> Scores:
    """Of r1 and r2 the last month was not delivered, and r2 was dark before; of r3 it was; of r4 two are missing."""
    world = World(as_of=as_of)
    delivered = {
        1: {2: 80, 3: 80, 4: 80, 5: 40, 6: 40, 7: 40},
        2: {2: 0, 3: 0},
        3: {1: 20, 2: 80},
        4: {3: 80},
    }
    for n, months in delivered.items():
        world.customer(f"a{n}", f"r{n}")
        for back, users in months.items():
            world.use("active_users", month(back, as_of), users, f"a{n}")
            world.use("key_features_used", month(back, as_of), 6, f"a{n}")
    return world.score()


def values(scores: Scores, relationship: str, *names: str) -> list[float | None]:
    return [scores.metric(name, relationship) for name in names]


def test_the_last_delivered_month_counts_for_ten_days_and_nobody_is_dark_meanwhile() -> None:
    scores = town(EARLY)
    assert values(scores, "r1", *USED) == [0.8, 2.0, 0.6, 1.0]
    assert values(scores, "r2", "active_share", *DARK) == [0, None, None]
    assert values(scores, "r3", "active_share") == [0.2], "what was delivered counts at once"
    assert values(scores, "r4", *USED) == [None] * 4, "an older gap is no delay"


def test_after_ten_days_it_is_unknown() -> None:
    scores = town(LATE)
    for name in ("r1", "r2", "r4"):
        assert values(scores, name, *USED, *DARK) == [None] * 6
    assert values(scores, "r3", "active_share", *DARK) == [0.2, 14, 0]


def test_what_is_said_of_users_beside_other_things_waits_as_long() -> None:
    names = ("peer_quartile", "self_sufficiency", "engagement")
    early, late = scene(EARLY), scene(LATE)
    assert values(early, "r1", *names) == [4, 2.5, 2], "80 of 100 seats, two questions, one sign of help"
    assert values(early, "r2", *names) == [1, 0, 1], "what was delivered counts at once"
    assert values(early, "r3", *names) == [None] * 3, "an older gap is no delay"
    assert values(late, "r1", *names) == [None] * 3
    assert values(late, "r2", *names) == [None, 0, 1], "nobody is left to compare with"


def scene(as_of: date) -> Scores:
    """Of r1 the last month was not delivered; of r2 it was; of r3 two are missing."""
    world, noon = World(as_of=as_of), datetime.combine(as_of, datetime.min.time())
    for n, months in {1: {2: 80}, 2: {1: 40, 2: 80}, 3: {3: 80}}.items():
        world.customer(f"a{n}", f"r{n}")
        for back, users in months.items():
            world.use("active_users", month(back, as_of), users, f"a{n}")
        for entity in ("activity", "document"):
            world.add("feed", entity=entity, connection=f"{entity}{n}", complete=True, watermark=noon)
            world.add(
                "link",
                entity_id=f"a{n}",
                entity="account",
                connection=f"{entity}{n}",
                object="x",
                record_id=f"a{n}",
            )
    world.tickets(2, kind="how-to")
    return world.score()
