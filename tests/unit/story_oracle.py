"""Health of a neutral account by the definitions alone: no engine, no store, only arithmetic."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from cs_connector.sandbox.company import Account, Person, Subscription, Survey, Ticket

Points = tuple[tuple[float, float], ...]
Metrics = dict[str, float | None]

LINES: dict[str, Points] = {
    "active_share": ((0, 0), (0.25, 40), (0.5, 65), (0.8, 100)),
    "usage_trend": ((0.5, 0), (0.7, 30), (0.85, 60), (1, 85), (1.15, 100)),
    "feature_breadth": ((0, 0), (0.3, 50), (0.6, 100)),
    "goals_on_track": ((0, 0), (0.5, 50), (1, 100)),
    "nps": ((0, 0), (6, 40), (7, 60), (8, 70), (9, 90), (10, 100)),
    "survey_response": ((0, 0), (0.25, 60), (0.5, 100)),
    "overdue": ((0, 100), (15, 85), (30, 60), (60, 25), (90, 0)),
    "executive_contact": ((30, 100), (90, 70), (180, 20), (270, 0)),
    "csm_judgement": ((0, 0), (100, 100)),
}
STANDARD = {
    "active_share": 15, "usage_trend": 15, "feature_breadth": 5, "goals_on_track": 10, "support_requests": 10,
    "urgent_x_renewal": 10, "nps": 10, "survey_response": 5, "overdue": 10, "executive_contact": 5,
    "csm_judgement": 5,
}  # fmt: skip
USAGE_ONLY = {"active_share": 45, "usage_trend": 40, "feature_breadth": 15}
TRIAL = {"trial_active": 40, "trial_actions": 40, "trial_invited": 20}
JUDGED = {"Good": 100.0, "Concerned": 50.0, "At risk": 0.0}


@dataclass(frozen=True)
class Reading:
    metrics: Metrics
    scores: Metrics
    uncapped: float
    caps: dict[str, int]

    @property
    def published(self) -> int:
        return min([int(self.uncapped + 0.5), *self.caps.values()])

    @property
    def band(self) -> str:
        return "red" if self.published < 50 else "yellow" if self.published < 75 else "green"


def line(points: Points, x: float) -> float:
    if x <= points[0][0]:
        return points[0][1]
    for (x0, y0), (x1, y1) in pairwise(points):
        if x <= x1:
            return y0 + (y1 - y0) * (x - x0) / (x1 - x0)
    return points[-1][1]


def halving(half: float, x: float) -> float:
    return float(100 * 2 ** (-x / half))


def read(account: Account, sub: Subscription, on: date, weights: dict[str, int] = STANDARD) -> Reading:
    metrics = measured(account, sub, on)
    scores = {name: scored(account, name, metrics[name]) for name in weights}
    known = {name: weight for name, weight in weights.items() if scores[name] is not None}
    total = sum(known[name] * (scores[name] or 0) for name in known) / sum(known.values())
    return Reading(metrics, scores, total, capped(metrics, account, on))


def scored(account: Account, name: str, value: float | None) -> float | None:
    if value is None:
        return None
    if name == "support_requests":
        return halving(18 if account.segment == "Enterprise" else 6, value)
    if name == "urgent_x_renewal":
        return halving(6, value)
    return line(LINES[name], value)


def measured(account: Account, sub: Subscription, on: date) -> Metrics:
    return {
        **_usage(account, sub, on),
        **_tickets(account, sub, on),
        **_surveys(account, on),
        **_relationship(account, sub, on),
    }


def month(on: date, back: int) -> date:
    year, zero_based = divmod(on.year * 12 + on.month - 1 - back, 12)
    return date(year, zero_based + 1, 1)


def _usage(account: Account, sub: Subscription, on: date) -> Metrics:
    rows = {(u.metric, u.on): u.value for u in account.usage if u.product == sub.product and not u.flaw}
    active = {day: v for (metric, day), v in rows.items() if metric == "active_users"}
    last, features = active.get(month(on, 1)), rows.get(("key_features_used", month(on, 1)))
    before = active.get(month(on, 4))
    used = [day for day, value in active.items() if value > 0]
    end = month(max(used), -1) - timedelta(days=1) if used else None
    return {
        "active_share": last / sub.seats if last is not None and sub.seats else None,
        "feature_breadth": features / sub.features if features is not None and sub.features else None,
        "usage_trend": _trend(active, on),
        "usage_change": last / before - 1 if last is not None and before else None,
        "inactive_days": (on - end).days if end else None,
    }


def _trend(active: dict[date, int], on: date) -> float | None:
    def mean(first: int) -> float | None:
        values = [active.get(month(on, back)) for back in range(first, first + 3)]
        return None if None in values else sum(v or 0 for v in values) / 3

    now, previous, year_ago = mean(1), mean(4), mean(13)
    if now is None or previous is None:
        return None
    ratios = [now / base for base in (previous, year_ago) if base]
    return max(ratios) if ratios else None


def _of_product(tickets: Iterable[Ticket], sub: Subscription) -> list[Ticket]:
    return [t for t in tickets if t.product in (None, sub.product) and not t.orphan]


def _tickets(account: Account, sub: Subscription, on: date) -> Metrics:
    tickets = _of_product(account.tickets, sub)
    still_open = [t for t in tickets if t.closed_at is None]
    p1 = [t for t in still_open if t.priority == "P1"]
    p2 = [t for t in still_open if t.priority == "P2"]
    days = (sub.renewal_on - on).days if sub.renewal_on else None
    factor = 2 if days is None else 1 if days >= 180 else 3 if days <= 30 else 1 + 2 * (180 - days) / 150
    waits = [(on - t.waiting_since.date()).days for t in still_open if t.waiting_since]

    def opened(window: int) -> int:
        return sum(on - timedelta(days=window) < t.opened_at.date() <= on for t in tickets)

    return {
        "support_requests": opened(30),
        "tickets_90d": opened(90),
        "urgent_x_renewal": (len(p1) + len(p2) / 2) * factor,
        "open_p1": len(p1),
        "open_urgent": len(p1) + len(p2),
        "p1_days": max([(on - t.opened_at.date()).days for t in p1], default=0),
        "waiting_days": max(waits, default=0),
        "days_to_renewal": days,
    }


def _within(survey: Survey, on: date, days: int) -> bool:
    at = survey.answered_at or survey.invited_at
    return 0 <= (on - at.date()).days <= days


def _surveys(account: Account, on: date) -> Metrics:
    asked = [s for s in account.surveys if _within(s, on, 365)]
    answered = [s for s in asked if s.answered_at]
    nps = _latest(
        [s for s in answered if s.kind == "nps" and _within(s, on, 180) and (s.score or 0) <= s.high]
    )
    heads = _latest([s for s in answered if s.person.decision_maker and _within(s, on, 180)], by_kind=True)
    weighed = [(2 if s.person.decision_maker else 1, s.score or 0) for s in nps]
    newest = max(nps, key=lambda s: str(s.answered_at), default=None)
    return {
        "nps": sum(w * v for w, v in weighed) / sum(w for w, _ in weighed) if weighed else None,
        "survey_response": len(answered) / len(asked) if len(asked) >= 2 else None,
        "invitations_unanswered": None if not asked else 0 if answered else len(asked),
        "promoter": None if newest is None else float((newest.score or 0) >= 9),
        "decision_maker_score": min((ten(s) for s in heads), default=None),
    }


def ten(survey: Survey) -> float:
    """An answer on its own scale, as one on 0 to 10."""
    return ((survey.score or 0) - survey.low) / (survey.high - survey.low) * 10


def _latest(surveys: list[Survey], *, by_kind: bool = False) -> list[Survey]:
    newest: dict[tuple[int, str], Survey] = {}
    for survey in sorted(surveys, key=lambda s: str(s.answered_at)):
        newest[survey.person.key, survey.kind if by_kind else ""] = survey
    return list(newest.values())


def _relationship(account: Account, sub: Subscription, on: date) -> Metrics:
    goals = [g for g in account.goals if g.product in (None, sub.product)]
    met = [(on - m.at.date()).days for m in account.meetings if _head(m.person)]
    unpaid = [i.due_on for i in account.invoices if i.paid_on is None]
    fresh = account.judgement_on and (on - account.judgement_on).days <= 90
    return {
        "goals_on_track": sum(g.status in {"On track", "Met"} for g in goals) / len(goals) if goals else None,
        "executive_contact": min(met, default=None),
        "overdue": (max(0, (on - min(unpaid)).days) if unpaid else 0) if account.invoices else None,
        "csm_judgement": JUDGED[account.judgement] if account.judgement and fresh else None,
        "notice": float(sub.notice_on is not None and sub.notice_on <= on),
    }


def _head(person: Person) -> bool:
    return person.decision_maker and person.left_on is None


def capped(m: Metrics, account: Account, on: date) -> dict[str, int]:
    def at(name: str, otherwise: float) -> float:
        value = m[name]
        return otherwise if value is None else value

    promoter = at("promoter", 0) == 1
    renews = at("days_to_renewal", 999)
    rules: dict[str, tuple[int, Callable[[], bool]]] = {
        "notice_given": (10, lambda: at("notice", 0) == 1),
        "gone_dark": (35, lambda: at("inactive_days", 0) > 31),
        "decision_maker_unhappy_renewal": (40, lambda: at("decision_maker_score", 10) <= 4 and 0 <= renews <= 90),
        "champion_dark_users": (
            45, lambda: promoter and at("usage_change", 0) <= -0.5 and at("waiting_days", 0) >= 14),
        "overdue_90": (45, lambda: at("overdue", 0) >= 90),
        "says_not_does": (60, lambda: promoter and at("active_share", 1) < 0.1),
        "urgent_waiting": (60, lambda: at("p1_days", 0) >= 14 or (at("open_urgent", 0) >= 2 and renews <= 45)),
        "csm_at_risk": (60, lambda: at("csm_judgement", 100) == 0),
        "decision_maker_unhappy": (74, lambda: at("decision_maker_score", 10) <= 4),
        "silent_but_busy": (74, lambda: at("invitations_unanswered", 0) >= 3 and at("tickets_90d", 0) >= 4),
    }  # fmt: skip
    return {name: cap for name, (cap, fires) in rules.items() if fires()}
