"""What ships is what was promised: measures with their weights, and caps. Who edits a file edits this table, too."""

from __future__ import annotations

from pathlib import Path

from cs_connector.config.documents import load, validate
from cs_connector.health import load_definitions
from cs_connector.health.scorecard import Scorecard
from tests.unit.health_tables import SHIPPED, World, definitions
from tests.unit.test_health_golden import card

WEIGHTS = {
    "standard": {
        "active_share": 15, "usage_trend": 15, "feature_breadth": 5, "goals_on_track": 10, "support_requests": 10,
        "urgent_x_renewal": 10, "nps": 10, "survey_response": 5, "overdue": 10, "executive_contact": 5, "csm_judgement": 5,
    },
    "usage_only": {"active_share": 45, "usage_trend": 40, "feature_breadth": 15},
    "surveys_only": {"nps": 60, "survey_response": 20, "csat": 20},
    "new_customer": {
        "onboarding_on_time": 35, "active_share": 25, "support_requests": 15, "onboarding_survey": 15, "executive_contact": 10,
    },
    "services_engagement": {
        "milestones_on_time": 35, "goals_on_track": 25, "budget_burn": 15, "project_csat": 15, "sponsor_contact": 10,
    },
    "trial": {"trial_active_days": 40, "trial_actions_share": 40, "trial_invited": 20},
}  # fmt: skip
WAITING = {
    "self_sufficiency", "csat_90d", "app_reviews", "social_reviews", "outreach_engagement", "onboarding_delay", "ebr_age", "peer_quartile",
}  # fmt: skip
CAPS = {
    "notice_given": 10, "leaving_uncontrollable": 20, "gone_dark": 35, "decision_maker_unhappy_renewal": 40, "champion_dark_users": 45,
    "overdue_90": 45, "says_not_does": 60, "urgent_waiting": 60, "csm_at_risk": 60, "onboarding_late": 60, "champion_left": 70,
    "decision_maker_unhappy": 74, "silent_but_busy": 74,
}  # fmt: skip
TEXT = (SHIPPED / "scorecards/standard.yml").read_text()


def test_weights_and_caps() -> None:
    cards = definitions().cards
    found = {name: {m.measure: m.weight for m in one.rule.measures} for name, one in cards.items()}
    assert found == WEIGHTS
    assert {name: sum(weights.values()) for name, weights in found.items()} == dict.fromkeys(found, 100)
    assert {cap.name: cap.rule.cap for cap in cards["standard"].caps} == CAPS


def test_optional_measures_wait_for_a_weight_and_count_when_they_have_one(tmp_path: Path) -> None:
    declared = validate(Scorecard, load(SHIPPED / "scorecards/standard.yml"))
    assert {m.measure for m in declared.measures if m.waits} == WAITING
    assert not WAITING & World().customer().score().measures().keys()
    given = TEXT.replace("weight: 0", "weight: 5")
    mine = card(tmp_path, given, "standard")
    assert {m.measure for m in load_definitions([SHIPPED, mine]).cards["standard"].rule.measures} >= WAITING
    world = World().customer().users(50).answer(9, kind="CSAT", days_ago=10)
    measures = world.score(mine).measures()
    assert (measures["csat_90d"]["score"], measures["csat_90d"]["known"]) == (100, True)
    assert measures["app_reviews"]["weight"] == 0, "one that was never set is left out"
