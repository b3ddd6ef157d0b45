"""How an ordinary customer is doing: the ranges from which its facts are drawn."""

from __future__ import annotations

from dataclasses import dataclass

Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Mood:
    """Shares of seats and features in use, quarter over quarter trend, and what is heard and seen.

    `tickets` are a month's; `urgent` is the chance of an open P1 or P2; `late` the chance of an invoice
    overdue by `overdue` days; `answers` the chance that a person answers a survey; `met` days since a
    decision maker was met.
    """

    share: Range
    trend: Range
    breadth: Range
    goals: tuple[int, int, int, int]  # weights of On track, Met, At risk, Missed
    tickets: float
    urgent: float
    nps: tuple[int, ...]
    answers: float
    late: float
    overdue: tuple[int, int]
    met: tuple[int, int]
    judgement: tuple[int, int, int, int]  # weights of unset, Good, Concerned, At risk


HEALTHY = Mood(
    (0.5, 0.96), (0.95, 1.14), (0.42, 0.9), (60, 30, 10, 0), 0.35, 0.08,
    (7, 8, 8, 9, 9, 9, 10, 10), 0.7, 0.07, (3, 20), (4, 75), (35, 60, 5, 0),
)  # fmt: skip
MIXED = Mood(
    (0.2, 0.5), (0.76, 0.95), (0.2, 0.5), (35, 15, 40, 10), 1.6, 0.25,
    (5, 6, 6, 7, 7, 8, 9), 0.5, 0.3, (8, 45), (40, 150), (45, 25, 30, 0),
)  # fmt: skip
SICK = Mood(
    (0.04, 0.2), (0.4, 0.74), (0.05, 0.25), (10, 5, 45, 40), 4.0, 0.7,
    (1, 2, 3, 4, 5, 6), 0.4, 0.65, (35, 110), (110, 280), (30, 5, 35, 30),
)  # fmt: skip
