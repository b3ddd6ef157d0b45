"""What holds a call back, and for how long."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta

from .desk import Call, Desk, Seen
from .rules import Rule

OPPORTUNITY = ("Advocacy", "Expansion")
DELETED = "deleted in the CRM"
Budget = Counter[tuple[str, bool]]


def obstacles(
    desk: Desk, earlier: Sequence[Call], row: Call, owner: str | None, budget: Budget
) -> Iterator[str]:
    """Why a call is not opened now, one reason after another; none, if it is."""
    rule = desk.rules[row["rule"]]
    last = closed(earlier)
    if last and (desk.as_of - last).days < rule.cool_down_days:
        yield "cooling down"
    if _later(silent_until(desk, earlier, rule), desk.as_of):
        yield "silenced by a person"
    if deleted(earlier):
        yield "its task was deleted"
    if _later(row["alerts_paused_until"], desk.as_of - timedelta(days=1)):
        yield "paused by a person"
    if desk.home is None:
        yield "no home for tasks"
    elif not row["housed"]:
        yield "not in the system that holds tasks"
    if owner is None:
        yield "no active owner"
    if not desk.live:
        yield "observing"
    if budget[str(owner), rule.type in OPPORTUNITY] >= weekly(desk, rule):
        yield "over this week's budget"


def _later(day: date | None, than: date) -> bool:
    return day is not None and day > than


def closed(earlier: Iterable[Call]) -> date | None:
    """When the last of these calls was closed."""
    return max((c["closed_on"] for c in earlier if c["closed_on"]), default=None)


def deleted(earlier: Iterable[Call]) -> bool:
    """Whether a person deleted the last task, and its cause has lasted since."""
    last = max(earlier, key=lambda c: c["episode"], default=None)
    return bool(last and last["closed_why"] == DELETED and last["cleared_on"] is None)


def silent_until(desk: Desk, earlier: Iterable[Call], rule: Rule) -> date | None:
    """Until when a person's word silences a rule; None where nobody said so."""
    tasks = desk.settings.tasks
    days = {"not relevant": tasks.not_relevant_days, "planned loss": tasks.planned_loss_days}
    spans = ((c["closed_on"], days.get(outcome(c))) for c in earlier if c["rule"] == rule.rule)
    return max((day + timedelta(days=span) for day, span in spans if day and span), default=None)


def outcome(call: Mapping[str, object]) -> str:
    """What a person said of a task, in one form for every CRM."""
    return str(call["outcome"] or "").lower().replace("_", " ")


def weekly(desk: Desk, rule: Rule) -> int:
    """How many calls of this kind an owner gets in a week."""
    tasks = desk.settings.tasks
    return tasks.opportunity_per_week if rule.type in OPPORTUNITY else tasks.risk_per_week


def spent(known: Iterable[Call], desk: Desk, seen: Seen) -> Budget:
    """Calls that each owner was sent in the week of as_of, risk and opportunity apart."""
    week = desk.as_of.isocalendar()[:2]
    return Counter(
        (c["owner_user_id"], c["type"] in OPPORTUNITY)
        for c in known
        if c["opened_on"] and c["opened_on"].isocalendar()[:2] == week and seen.sent(c)
    )


def owner_of(desk: Desk, rule: Rule, row: Mapping[str, object], seen: Seen) -> str | None:
    """The first whom the task system knows and lets own a task: who the rule names, the owner of the relationship, the fallback."""
    owner = row["owner_user_id"]
    chains = {
        "csm": (owner,),
        "renewal_manager": (row["renewal_manager_user_id"], owner),
        "sales": (row["sales_owner_user_id"], owner),
        "manager": (desk.manager,),
    }
    found = (str(user) for user in (*chains[rule.to], desk.fallback) if user in seen.users - desk.unfit)
    return next(found, None)
