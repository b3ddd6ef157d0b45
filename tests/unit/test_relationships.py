"""Relationships: made as a customer declares them, with what is about them, and what cannot be one is set aside."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from cs_connector import registry
from cs_connector.errors import ConfigError
from cs_connector.unify import entities, population
from cs_connector.unify.population import load_customers
from cs_connector.unify.relations import oddities
from cs_connector.unify.relations.rulebook import Rulebook, load_rulebook

from .kin import TODAY, Kin

SERVICES = {
    "relationships": [
        {"from": "opportunity", "when": "won and type = 'Services'", "type": "Services engagement", "key": ["opportunity_id"],
         "values": {"start_on": "close_on", "arr": "amount * 2"}},
        {"from": "subscription"},
    ],
    "types": {"Services engagement": {"scorecard": "usage_only", "owner": ["account_owner"], "lifecycle": []}},
}  # fmt: skip


def test_what_ships_is_what_a_file_without_anything_says() -> None:
    assert load_rulebook(registry.shipped()[0] / "relationships.yml") == Rulebook()
    own = Rulebook.model_validate({"types": {"Pilot": {"owner": ["csm"]}}})
    assert own.types["Trial"] == Rulebook().types["Trial"]


def test_a_won_deal_is_an_engagement_with_its_own_scorecard_owner_and_value() -> None:
    kin = Kin(SERVICES).account("a", owner_user_id="ann", csm_user_id="bob")
    kin.add("user", "ann", active=True).add("user", "bob", active=True)
    kin.sold("s", "a").add(
        "opportunity", "o", account_id="a", won=True, type="Services", amount=50, close_on=date(2026, 2, 1)
    )
    kin.add("opportunity", "lost", account_id="a", won=False, type="Services").derive().owned()
    assert kin.rows(
        "SELECT type, scorecard, arr::INT, start_on, owner_source FROM relationship ORDER BY type"
    ) == [
        ("Services engagement", "usage_only", 100, date(2026, 2, 1), "account owner"),
        ("Subscription", None, 10, date(2026, 1, 1), "CSM field"),
    ]
    assert kin.rows("SELECT arr::INT FROM account") == [(110,)]


def test_revenue_that_nobody_knows_is_unknown_and_that_of_what_ended_is_nothing() -> None:
    kin = Kin().account("a", arr=70, renewal_on=date(2027, 5, 1)).account("b").account("c")
    kin.sold("1", "a", arr=None).sold("2", "b", arr=None).sold("3", "b", "Q").sold(
        "4", "c", status="Ended"
    ).derive()
    assert kin.rows("SELECT account_id, product, arr::INT FROM relationship ORDER BY ALL") == [
        ("a", "P", None),
        ("b", "P", None),
        ("b", "Q", 10),
        ("c", "P", 0),
    ]
    assert kin.rows("SELECT account_id, arr::INT, renewal_on FROM account ORDER BY ALL") == [
        ("a", 70, date(2027, 5, 1)),
        ("b", 10, None),
        ("c", None, None),
    ]


@pytest.mark.parametrize(
    ("status", "is_"), [("cancelled", "Ended"), ("Expired", "Ended"), ("Live", "Active"), (None, "Active")]
)
def test_a_subscription_is_over_by_whatever_word_its_crm_has_for_it(status: str | None, is_: str) -> None:
    kin = (
        Kin()
        .account("a")
        .sold("1", "a", status=status)
        .account("b")
        .sold("2", "b", status=status, start_on=date(2027, 1, 1))
    )
    entities.normalise(kin.con)
    assert kin.derive().rows("SELECT status FROM relationship") == [(is_,)]
    later = kin.owned().rows("SELECT status_reason FROM account WHERE account_id = 'b'")
    assert later == [("no subscription" if is_ == "Ended" else "starts on a later date",)]


def test_an_account_without_a_currency_has_the_one_that_its_live_subscriptions_share() -> None:
    kin = Kin().account("a").account("b").account("c").account("d", currency="EUR")
    kin.sold("1", "a", currency="usd").sold("2", "a", "Q", currency="USD").sold("3", "b", currency="USD")
    kin.sold("4", "b", "Q", currency="GBP").sold("5", "c").sold("6", "d", currency="USD").derive()
    assert kin.rows("SELECT account_id, currency, arr::INT FROM account ORDER BY ALL") == [
        ("a", "USD", 20),
        ("b", None, None),
        ("c", None, 10),
        ("d", "EUR", None),
    ]


def test_a_child_account_can_be_a_business_unit_of_the_one_on_top() -> None:
    unit = {
        "from": "account", "when": "depth > 0", "type": "Business unit", "key": ["name"], "account": "ultimate_parent_id",
    }  # fmt: skip
    kin = Kin({"relationships": [unit]}).account("top", depth=0)
    kin.account("north", depth=1, ultimate_parent_id="top").account(
        "south", depth=1, ultimate_parent_id="top"
    ).derive()
    assert kin.rows("SELECT account_id, name FROM relationship ORDER BY name") == [
        ("top", "TOP · NORTH"), ("top", "TOP · SOUTH"),
    ]  # fmt: skip


def test_a_record_makes_one_relationship_by_the_first_rule_that_it_meets() -> None:
    rules = [
        {"from": "subscription", "when": "region = 'EU'", "key": ["product", "region"]},
        {"from": "subscription"},
    ]
    kin = (
        Kin({"relationships": rules})
        .account("a")
        .sold("1", "a", region="EU")
        .sold("2", "a", region="US")
        .sold("3", "a")
        .derive()
    )
    assert kin.rows("SELECT name, arr::INT FROM relationship ORDER BY name") == [
        ("A · P", 20),
        ("A · P · EU", 10),
    ]


def test_a_relationship_without_its_account_is_set_aside_with_the_record_that_it_names() -> None:
    kin = Kin().account("a").sold("ok", "a").sold("none", None)
    kin.sold("lost", None).sold("two", None)
    kin.con.execute("UPDATE stage_subscription SET account_id = 'domain:x.example' WHERE record_id = 'two'")
    kin.con.execute("UPDATE stage_subscription SET account_id = 'sf|Account|001X' WHERE record_id = 'lost'")
    kin.derive()
    assert kin.rows("SELECT record_id, code, reason FROM quarantine ORDER BY 1") == [
        ("lost", "ACCOUNT", "it makes a relationship of an account that is not there: Account 001X"),
        ("none", "ACCOUNT", "it makes a relationship, but names no account"),
        (
            "two",
            "ACCOUNT",
            "it makes a relationship of the account with domain x.example, which none has alone",
        ),
    ]
    assert kin.rows("SELECT count(*) FROM relationship") == [(1,)]


def test_a_record_of_which_a_formula_gives_what_does_not_fit_is_set_aside_alone() -> None:
    seats = {
        "from": "opportunity",
        "key": ["opportunity_id"],
        "values": {"seats": "amount * 1e18", "start_on": "close_on"},
    }
    kin = Kin({"relationships": [seats, {"from": "opportunity", "key": ["opportunity_id"]}]}).account("a")
    kin.add("opportunity", "large", account_id="a", amount=50).add(
        "opportunity", "small", account_id="a", amount=0
    )
    kin.derive()
    assert kin.rows("SELECT record_id, code, reason FROM quarantine") == [
        ("large", "VALUE", "the formula of seats gives 5e+19, which does not fit")
    ]
    assert kin.rows("SELECT name, seats FROM relationship") == [("A · small", 0)]


def test_of_two_records_of_one_key_the_first_counts_and_the_other_says_so() -> None:
    kin = Kin({"relationships": [{"from": "subscription", "unique": True}]}).account("a")
    kin.sold("1", "a").sold("2", "a").sold("3", "a", status="Ended").derive()
    assert kin.rows("SELECT record_id, reason FROM quarantine") == [
        ("2", "its key (P) is that of sf subscription 1, too, which counts")
    ]
    assert kin.rows("SELECT arr::INT FROM relationship") == [(10,)]
    kin = Kin().account("a").sold("1", "a").derive()
    ((key,),) = kin.rows("SELECT key FROM relationship")
    kin = Kin().account("a").sold("1", "a").add("relationship", "x", key=key, stage="Renewal")
    kin.add("relationship", "y", key=key, stage="Onboarding").derive()
    assert kin.rows("SELECT record_id, code FROM quarantine") == [("y", "KEY")]
    assert kin.rows("SELECT stage FROM relationship") == [("Renewal",)]


def test_one_that_comes_back_starts_again_and_its_churn_stays_visible() -> None:
    kin = Kin().account("a")
    kin.sold("old", "a", status="Ended", start_on=date(2022, 1, 1), end_on=date(2024, 6, 30))
    kin.sold("new", "a", start_on=date(2026, 3, 1))
    kin.add("lifecycle_event", "e", account_id="a", kind="Renewal", on_date=date(2023, 1, 1)).derive()
    assert kin.rows("SELECT status, start_on, previous_end_on, stage FROM relationship") == [
        ("Active", date(2026, 3, 1), date(2024, 6, 30), None)
    ]
    kin = Kin().account("a")
    kin.sold("old", "a", status="Ended", start_on=date(2025, 1, 1), end_on=date(2025, 12, 31)).sold(
        "new", "a"
    ).derive()
    assert kin.rows("SELECT start_on, previous_end_on FROM relationship") == [(date(2025, 1, 1), None)]


def test_a_row_is_about_what_it_names_then_by_the_first_rule_that_finds_any_and_the_rest_is_counted() -> None:
    attach = {
        "ticket": [{"same": {"topic": "region"}}, {"when": "priority = 'P1'", "to": "type = 'Product line'"}],
        "survey_response": [{"by": "person"}],
    }
    kin = Kin({"attach": attach}).account("a").account("b")
    kin.sold("1", "a", "P", region="EU").sold("2", "a", "Q", region="EU").sold(
        "3", "a", "R", type="Product line"
    )
    tickets: dict[str, dict[str, Any]] = {
        "named": {"relationship": "sf|subscription|3", "topic": "EU"},
        "eu": {"topic": "eu"},
        "urgent": {"priority": "P1"},
        "p": {"product": "P"},
        "x": {"product": "X"},
        "none": {},
        "lost": {"account_id": None},
        "other": {"account_id": "b"},
        "homeless": {"relationship": "sf|subscription|3", "account_id": None},
        "elsewhere": {"relationship": "crm:seller|subscription|3"},
    }
    kin.con.execute("INSERT INTO connection_crm VALUES ('sf', 'seller')")
    for key, values in tickets.items():
        kin.add("ticket", key, **{"account_id": "a", **values})
    kin.add("person", "ann", account_id="a").add(
        "role", "o", account_id="a", person_id="ann", product="Q", role="Sponsor"
    )
    kin.add("survey_response", "n", account_id="a", person_id="ann").derive()
    found = kin.rows(
        "SELECT t.entity_id, string_agg(r.product, '' ORDER BY r.product), min(t.rule) FROM attachment t "
        "JOIN relationship r USING (relationship_id) WHERE entity <> 'role' GROUP BY 1 ORDER BY 1"
    )
    assert found == [
        ("elsewhere", "R", "record"),
        ("eu", "PQ", "rule 1"),
        ("homeless", "R", "record"),
        ("n", "Q", "rule 1"),
        ("named", "R", "record"),
        ("urgent", "R", "rule 2"),
    ]
    assert dict(kin.rows("SELECT how, rows FROM attached WHERE entity = 'ticket'")) == {
        "record": 3, "rule 1": 1, "rule 2": 1, "product": 1, "unknown product": 1, "account": 1, "no account": 1,
        "account without relationships": 1,
    }  # fmt: skip
    assert kin.rows("SELECT account_id FROM linked WHERE entity_id = 'homeless'") == [("a",)]


def test_a_ticket_that_names_another_customers_relationship_stays_with_its_own() -> None:
    kin = Kin().account("a").account("b").account("child", ultimate_parent_id="b").account("reseller")
    kin.sold("1", "a").sold("2", "b", partner_account_id="reseller")
    for key, account in {"wrong": "a", "family": "child", "partner": "reseller", "right": "b"}.items():
        kin.add("ticket", key, account_id=account, relationship="sf|subscription|2")
    kin.derive().owned()
    oddities.find(kin.con)
    assert kin.rows("SELECT entity_id FROM attachment ORDER BY 1") == [("family",), ("partner",), ("right",)]
    assert dict(kin.rows("SELECT how, rows FROM attached WHERE entity = 'ticket'")) == {
        "record": 3, "relationship of another customer": 1,
    }  # fmt: skip
    assert kin.rows("SELECT detail FROM relationship_issue WHERE kind = 'named by another customer'") == [
        ("1 row of ticket of A, which stays there",)
    ]


def test_people_have_roles_in_relationships_and_those_of_the_account_where_nobody_is_named() -> None:
    kin = Kin().account("a").sold("1", "a", "P").sold("2", "a", "Q")
    kin.add("person", "ann", account_id="a", decision_maker=True).add(
        "person", "bob", account_id="a", champion=True
    )
    kin.derive()
    ((key,),) = kin.rows("SELECT key FROM relationship WHERE product = 'Q'")
    kin.add("relationship", "x", key=key, decision_maker="sf|person|bob").derive()
    found = kin.rows(
        "SELECT r.product, person_id, role, named FROM relationship_person JOIN relationship r USING (relationship_id) ORDER BY ALL"
    )
    assert found == [
        ("P", "ann", "Decision Maker", False), ("P", "bob", "Champion", False),
        ("Q", "bob", "Champion", False), ("Q", "bob", "Decision Maker", True),
    ]  # fmt: skip
    kin.con.execute("UPDATE person SET active = FALSE, champion = FALSE WHERE person_id = 'bob'")
    assert kin.derive().rows("SELECT DISTINCT person_id, role FROM relationship_person") == [
        ("ann", "Decision Maker")
    ]


def test_a_role_in_one_relationship_is_none_in_another_and_none_of_who_left() -> None:
    kin = Kin().account("a").sold("1", "a").sold("2", "a", "Q").add("person", "ann", account_id="a")
    kin.add("person", "old", account_id="a", active=False)
    for person in ("ann", "old"):
        kin.add("role", person, person_id=person, role="Sponsor", relationship="sf|subscription|1")
        kin.add("role", f"{person} of all", account_id="a", person_id=person, role="Lawyer")
    kin.derive()
    assert kin.rows("SELECT product, person_id, relationship_person.role, named FROM relationship_person JOIN relationship USING (relationship_id) ORDER BY ALL") == [
        ("P", "ann", "Lawyer", False), ("P", "ann", "Sponsor", True), ("Q", "ann", "Lawyer", False),
    ]  # fmt: skip


def test_stages_are_reached_in_time_late_skipped_or_overdue() -> None:
    kin = Kin().account("a").sold("1", "a", start_on=date(2026, 1, 1), renewal_on=date(2026, 10, 1))
    for kind, day in (("Onboarding", date(2026, 1, 5)), ("Executive Business Review", date(2026, 11, 1))):
        kin.add("lifecycle_event", kind, account_id="a", kind=kind, on_date=day)
    kin.derive()
    assert kin.rows("SELECT stage, state, days_late FROM stage_reached ORDER BY place") == [
        ("Closed Won", "done", None), ("Onboarding", "done", None), ("First Value", "skipped", None),
        ("Executive Business Review", "late", 64), ("Renewal", "overdue", 55),
    ]  # fmt: skip
    assert kin.rows("SELECT stage, status FROM relationship") == [("Executive Business Review", "Active")]
    kin = Kin().account("a").sold("1", "a").derive()
    assert {state for (state,) in kin.rows("SELECT state FROM stage_reached WHERE place > 1")} == {
        "unknown",
        "ahead",
    }


def test_a_relationship_of_a_partner_goes_to_the_manager_of_the_partner() -> None:
    kin = Kin().account("partner", csm_user_id="pat").account("a", csm_user_id="ann")
    kin.add("user", "pat", active=True).add("user", "ann", active=True)
    kin.sold("1", "a", partner_account_id="partner").derive().owned()
    assert kin.rows("SELECT owner_user_id, owner_source FROM relationship") == [("pat", "partner manager")]


def test_an_account_without_a_csm_has_that_of_the_nearest_account_above_that_is_still_here() -> None:
    kin = Kin().account("top", csm_user_id="far").account("mid", parent_id="top", csm_user_id="near")
    kin.account("low", parent_id="mid", csm_user_id="gone").account("leaf", parent_id="low").sold("1", "leaf")
    kin.add("user", "far", active=True).add("user", "near", active=True).add("user", "gone", active=False)
    kin.derive().owned()
    assert kin.rows("SELECT owner_user_id, owner_source FROM relationship") == [("near", "CSM of the parent")]


def test_who_left_is_passed_over_and_listed_whoever_takes_over() -> None:
    kin = Kin().account("a", csm_user_id="gone", team_csm_user_id="gone").sold("1", "a", owner_user_id="gone")
    kin.add("user", "gone", active=False).add("user", "ops", active=True, email="ops@x.example").derive()
    query = "SELECT owner_user_id, owner_source FROM relationship"
    odd = "SELECT kind, detail FROM relationship_issue"
    kin.owned()
    oddities.find(kin.con)
    assert (kin.rows(query), kin.rows(odd)) == ([(None, None)], [("owner left", "tasks go to nobody")])
    kin.con.execute("UPDATE relationship SET owner_user_id = 'gone'")
    kin.owned("OPS@x.example")
    oddities.find(kin.con)
    assert kin.rows(query) == [("ops", "fallback")]
    assert kin.rows(odd) == [("owner left", "tasks go to another active user (fallback)")]


def test_what_an_account_reached_before_a_relationship_began_is_that_of_an_older_one() -> None:
    kin = Kin().account("a").sold("1", "a", "Old", start_on=date(2024, 1, 1)).sold("2", "a", "New")
    kin.account("b").sold("3", "b", "Only")
    for account in ("a", "b"):
        for kind, day in (("Onboarding", date(2024, 2, 1)), ("First Value", date(2024, 3, 1))):
            kin.add("lifecycle_event", f"{account} {kind}", account_id=account, kind=kind, on_date=day)
    kin.add(
        "lifecycle_event", "signed", account_id="a", kind="Closed Won", on_date=date(2025, 11, 1)
    ).derive()
    assert kin.rows("SELECT account_id, product, stage FROM relationship ORDER BY ALL") == [
        ("a", "New", "Closed Won"),
        ("a", "Old", "Closed Won"),
        ("b", "Only", "First Value"),
    ]
    query = "SELECT state, reached_on FROM stage_reached JOIN relationship USING (relationship_id) WHERE stage_reached.stage = 'Onboarding'"
    assert kin.rows(f"{query} AND product = 'New'") == [("overdue", None)]


def test_what_was_reached_between_two_lives_is_of_neither() -> None:
    kin = (
        Kin()
        .account("a")
        .sold("1", "a", start_on=date(2022, 1, 1), end_on=date(2024, 12, 31), status="Ended")
    )
    kin.sold("2", "a", start_on=date(2026, 3, 30))
    for day in (date(2023, 4, 1), date(2025, 4, 14), date(2026, 9, 1)):
        kin.add("lifecycle_event", str(day), account_id="a", kind="Executive Business Review", on_date=day)
    query = "SELECT reached_on FROM stage_reached WHERE stage = 'Executive Business Review'"
    assert kin.derive().rows(query) == [(date(2026, 9, 1),)]


def test_of_stages_of_one_day_the_last_of_the_life_is_the_one_that_it_is_in() -> None:
    kin = Kin().account("a").sold("1", "a")
    for kind in ("First Value", "Onboarding", "Executive Business Review"):
        kin.add("lifecycle_event", kind, account_id="a", kind=kind, on_date=date(2026, 3, 1))
    assert kin.derive().rows("SELECT stage FROM relationship") == [("Executive Business Review",)]


def test_what_the_newest_of_several_records_does_not_know_another_one_tells() -> None:
    kin = (
        Kin()
        .account("a")
        .sold("1", "a", region="West", type="Services engagement", start_on=date(2025, 1, 1))
    )
    kin.sold("2", "a", type=None, start_on=date(2026, 1, 1))
    kin.account("b").sold("3", "b", type="Trial", start_on=date(2025, 12, 1))
    kin.sold("4", "b", type=None, start_on=date(2026, 1, 1)).derive()
    assert kin.rows("SELECT account_id, region, type FROM relationship ORDER BY 1") == [
        ("a", "West", "Services engagement"),
        ("b", None, "Subscription"),
    ]


def test_a_stage_in_other_letters_is_the_same_stage() -> None:
    """As metrics take it, too."""
    kin = Kin().account("a").sold("1", "a", start_on=date(2026, 1, 1))
    kin.add("lifecycle_event", "1", account_id="a", kind=" onboarding", on_date=date(2026, 1, 5)).derive()
    assert kin.rows("SELECT stage FROM relationship") == [("Onboarding",)]
    assert kin.rows("SELECT state FROM stage_reached WHERE stage = 'Onboarding'") == [("done",)]


def test_who_left_a_place_where_no_owner_is_looked_for_is_no_matter() -> None:
    kin = Kin(SERVICES).account("a", owner_user_id="ann", csm_user_id="gone").sold("s", "a")
    kin.add("user", "ann", active=True).add("user", "gone", active=False)
    kin.add("opportunity", "o", account_id="a", won=True, type="Services").derive().owned()
    query = "SELECT type, user_id FROM unowned JOIN relationship USING (relationship_id)"
    assert kin.rows(query) == [("Subscription", "gone")]


def test_segments_are_formulas_and_the_first_that_holds_counts(tmp_path: Path) -> None:
    path = tmp_path / "customers.yml"
    path.write_text(
        "version: 1\nsegments:\n  - {segment: Large, when: arr >= 20}\n  - {segment: Young, when: 'days(today, created_on) < 30'}\n"
    )
    kin = (
        Kin()
        .account("a")
        .account("b", created_on=date(2026, 11, 1))
        .account("c", segment="Theirs", created_on=date(2020, 1, 1))
    )
    kin.sold("1", "a", arr=30).sold("2", "b").derive()
    population.count(kin.con, load_customers(path), TODAY)
    assert kin.rows("SELECT segment FROM account ORDER BY account_id") == [
        ("Large",),
        ("Young",),
        ("Theirs",),
    ]
    for wrong in ("ar >= 20", "arr + 20", "name"):
        path.write_text(f"version: 1\nsegments:\n  - {{segment: Large, when: {wrong}}}\n")
        with pytest.raises(ConfigError) as caught:
            load_customers(path)
        assert caught.value.place is not None
        assert caught.value.place.line == 3


MISTAKES = [
    ("relationships:\n  - from: subscription\n    key: [prodct]\n", 4, "product"),
    ("relationships:\n  - from: subscription\n    when: regoin = 'EU'\n", 4, "region"),
    ("relationships:\n  - from: ticket\n", 3, ""),
    ("attach:\n  usages: []\n", 3, "usage"),
    ("attach:\n  ticket:\n    - {when: 'priority = 1'}\n", 4, "exactly one"),
    ("attach:\n  usage:\n    - {by: person}\n", 4, "same"),
    ("types:\n  Region:\n    scorecard: standart\n", 4, "standard"),
    ("lifecycle:\n  - {stage: A}\n  - {stage: A}\n", 4, "remove"),
    ("lifecycle:\n  - {stage: A}\n  - {stage: ' a'}\n", 4, "remove"),
    ("lifecycle:\n  - {stage: A, within: 3, on: start_on}\n", 3, "keep one of them"),
    (
        "types:\n  Region:\n    lifecycle:\n      - {stage: A, within: 3, on: start_on}\n",
        5,
        "keep one of them",
    ),
    ("owner: [manager]\n", 2, ""),
    ("owner: []\n", 2, "correct"),
    ("types:\n  Trial:\n    owner: []\n", 4, "correct"),
    ("relationships:\n  - from: opportunity\n    when: amount\n", 4, "change the formula"),
    (
        "relationships:\n  - from: opportunity\n    key: [type]\n    values: {start_on: amount}\n",
        5,
        "change the formula",
    ),
    (
        "relationships:\n  - from: opportunity\n    key: [type]\n    values: {arr: type}\n",
        5,
        "change the formula",
    ),
    ("relationships:\n  - from: opportunity\n    key: [type]\n    account: stage\n", 5, "account_id"),
    ("attach:\n  ticket:\n    - {when: topic, by: person}\n", 4, "change the formula"),
    ("attach:\n  ticket:\n    - {to: product}\n", 4, "change the formula"),
]


@pytest.mark.parametrize(("text", "line", "fix"), MISTAKES)
def test_a_mistake_in_the_file_names_its_line_and_a_way_out(
    tmp_path: Path, text: str, line: int, fix: str
) -> None:
    path = tmp_path / "relationships.yml"
    path.write_text("version: 1\n" + text)
    with pytest.raises(ConfigError) as caught:
        load_rulebook(path, ["standard", "trial"])
    assert caught.value.place is not None
    assert caught.value.place.line == line
    assert fix in caught.value.fix
