"""Records of four systems become one customer; what cannot be read is kept aside with its reason."""

from __future__ import annotations

from datetime import date
from typing import Any

import duckdb
import pytest

from .unify_kit import FILES, SOURCES, Records, account, company, con, rows, run, staged, subscription

__all__ = ["con"]

pytestmark = [pytest.mark.slow]


def test_the_same_account_is_one_by_id_then_domain_then_name(con: duckdb.DuckDBPyConnection) -> None:
    records: Records = {
        ("sf", "Account"): [
            account("001A", "Ember Retail", Website="https://www.ember.example/x"),
            account("001B", "Fjord Bank ASA"),
            account("001C", "Garnet Foods Inc."),
        ],
        ("hs", "companies"): [
            company("1", name="Ember", domain="ember.example"),
            company("2", name="something else", salesforceaccountid="001B"),
            company("3", name="Nobody knows", domain="nobody.example"),
        ],
        ("zd", "organizations"): [{"id": 9, "name": "garnet foods", "domain_names": []}],
    }
    run(con, records)
    found = rows(
        con,
        "SELECT list(connection || record_id ORDER BY connection), max(method) FILTER (connection <> 'sf') "
        "FROM link WHERE entity = 'account' GROUP BY entity_id ORDER BY 1",
    )
    assert found == [
        (["hs1", "sf001A"], "domain"),
        (["hs2", "sf001B"], "explicit id"),
        (["hs3"], "itself"),
        (["sf001C", "zd9"], "name"),
    ]


def test_a_domain_that_two_accounts_share_joins_nothing_by_itself(con: duckdb.DuckDBPyConnection) -> None:
    records: Records = {
        ("sf", "Account"): [
            account("001A", "Rowan North", Website="rowan.example"),
            account("001B", "Rowan South", Website="rowan.example"),
        ],
        ("hs", "companies"): [
            company("1", name="Rowan south", domain="rowan.example"),
            company("2", name="Rowan", domain="rowan.example"),
        ],
    }
    run(con, records)
    found = dict(rows(con, "SELECT record_id, method FROM link WHERE connection = 'hs'"))
    assert found == {"1": "domain and name", "2": "itself"}


def test_an_entity_keeps_its_id_when_a_better_record_arrives(con: duckdb.DuckDBPyConnection) -> None:
    only = {("hs", "companies"): [company("1", name="Late", domain="late.example")]}
    run(con, only)
    before = rows(con, "SELECT entity_id FROM link")[0][0]
    con.execute("INSERT INTO previous_link SELECT * FROM link")
    run(con, {**only, ("sf", "Account"): [account("001A", "Late Inc", Website="late.example")]})
    assert {r[0] for r in rows(con, "SELECT entity_id FROM link WHERE entity = 'account'")} == {before}


def test_every_record_is_an_entity_or_set_aside_with_a_reason(con: duckdb.DuckDBPyConnection) -> None:
    records: Records = {
        ("sf", "Account"): [account("001A", "A")],
        ("sf", "Opportunity"): [
            {"Id": "006A", "AccountId": "001A", "Amount": "12.50", "IsWon": True},
            {"Id": "006B", "AccountId": "001A", "Amount": "a lot"},
            {"Id": "006C", "AccountId": "001A", "_deleted": True},
        ],
        ("hs", "feedback_submissions"): [
            company("5", hs_survey_type="NPS", hs_value="11", hs_contact_id="7")
        ],
    }
    run(con, records)
    assert rows(con, "SELECT record_id, reason FROM quarantine ORDER BY 1") == [
        ("006B", "Amount is 'a lot', not an amount"),
        ("5", "score is 11.0, outside 0 to 10"),
    ]
    lost = rows(con, "SELECT count(*) FROM seen WHERE records <> deleted + left_out + quarantined + staged")
    assert lost == [(0,)]


def test_circles_and_missing_parents_do_not_stop_anything(con: duckdb.DuckDBPyConnection) -> None:
    records: Records = {
        ("sf", "Account"): [
            account("A", "A", ParentId="C"),
            account("B", "B", ParentId="A"),
            account("C", "C", ParentId="B"),
            account("D", "D", ParentId="nowhere"),
            account("E", "E", ParentId="D"),
        ]
    }
    run(con, records)
    found = rows(con, "SELECT name, depth FROM account ORDER BY 1")
    assert sorted(d for n, d in found if n in "ABC") == [0, 1, 2]
    assert [d for n, d in found if n in "DE"] == [0, 1]


def test_owner_goes_down_the_list_and_passes_over_who_left(con: duckdb.DuckDBPyConnection) -> None:
    users = [
        {"Id": "005A", "Name": "Ann", "Email": "ann@x.example", "IsActive": True},
        {"Id": "005B", "Name": "Bob", "Email": "bob@x.example", "IsActive": False},
    ]
    records: Records = {
        ("sf", "User"): users,
        ("sf", "Account"): [
            account("A", "A", CS_CSM__c="005A"),
            account("B", "B", CS_CSM__c="005B"),
            account("C", "C", ParentId="A"),
        ],
        ("sf", "Subscription__c"): [
            subscription("1", "A", CSM__c="005B"),
            subscription("2", "B"),
            subscription("3", "C"),
        ],
    }
    counted = run(con, records)
    assert counted.customers == 3
    found = dict(
        rows(con, "SELECT a.name, owner_source FROM relationship r JOIN account a USING (account_id)")
    )
    assert found == {"A": "CSM field", "B": None, "C": "CSM of the parent"}
    assert rows(con, "SELECT count(*) FROM unowned") == [(2,)]


def test_who_left_hides_nobody_of_the_account_team(con: duckdb.DuckDBPyConnection) -> None:
    """Also not of the partner's, whose CSM field still names somebody who left."""
    users = [{"Id": f"005{n}", "Name": n, "IsActive": n in "AB"} for n in "ABXYZ"]
    teams = {"A": "XA", "B": "BY", "C": "ZA", "D": "BX"}
    told = [(on, user) for on, members in teams.items() for user in members]
    records: Records = {
        ("sf", "User"): users,
        ("sf", "Account"): [account(n, n, CS_CSM__c="005X" if n == "D" else None) for n in "ABCD"],
        ("sf", "AccountTeamMember"): [
            {
                "Id": f"01M{n}",
                "AccountId": on,
                "UserId": f"005{u}",
                "TeamMemberRole": "Customer Success Manager",
            }
            for n, (on, u) in enumerate(told)
        ],
        ("sf", "Subscription__c"): [
            *(subscription(n, n) for n in "ABC"),
            subscription("P", "A", Product__c="Q", Partner__c="D"),
        ],
    }
    run(con, records)
    found = rows(
        con,
        "SELECT a.name, r.product, u.name, owner_source FROM relationship r JOIN account a USING (account_id) "
        'LEFT JOIN "user" u ON u.user_id = r.owner_user_id ORDER BY ALL',
    )
    assert found == [
        ("A", "P", "A", "account team"),
        ("A", "Q", "B", "partner manager"),
        ("B", "P", "B", "account team"),
        ("C", "P", "A", "account team"),
    ]


def test_files_follow_the_accounts_of_another_system(con: duckdb.DuckDBPyConnection) -> None:
    records: Records = {
        ("sf", "Account"): [account("001A", "A")],
        ("files", "usage"): [
            {
                "crm_id": "001A",
                "metric": "active_users",
                "date": "2026-10-01",
                "grain": "month",
                "value": "7",
            },
            {"__error__": "a column is missing", "__line__": 3},
        ],
    }
    run(con, records, [*SOURCES, FILES])
    assert rows(con, 'SELECT value, account_id IS NOT NULL FROM "usage"') == [(7.0, True)]
    assert rows(con, "SELECT reason FROM quarantine") == [("a column is missing (line 3)",)]


def test_a_name_joins_nothing_when_the_domains_differ(con: duckdb.DuckDBPyConnection) -> None:
    records: Records = {
        ("sf", "Account"): [
            account("1", "Summit", Website="summit-insurance.example"),
            account("2", "Ридж"),
            account("3", "Valley", Website="valley.example"),
            account("4", "Mesa"),
        ],
        ("hs", "companies"): [
            company("1", name="Summit Ltd", domain="summit-bikes.example"),
            company("2", name="РИДЖ", domain="ridge.example"),
            company("3", name="Valley"),
            company("4", name="Mesa", domain="mesa-one.example"),
            company("5", name="Mesa", domain="mesa-two.example"),
        ],
        ("zd", "organizations"): [{"id": 9, "name": "Ридж", "domain_names": ["other.example"]}],
    }
    run(con, records)
    found = rows(con, "SELECT connection, record_id, method FROM link WHERE connection <> 'sf' ORDER BY ALL")
    assert found == [
        ("hs", "1", "itself"),
        ("hs", "2", "name"),
        ("hs", "3", "name"),
        ("hs", "4", "itself"),
        ("hs", "5", "itself"),
        ("zd", "9", "itself"),
    ]


@pytest.mark.parametrize(
    ("one", "other", "method"),
    [
        ("Ромашка 24", "東京 24", "itself"),
        ("東京システム", "東京システム", "name"),
        ("हिन्दी मंडी", "हनद मड", "itself"),
        ("A.G.", "A G", "name"),
        ("C1", "C1", "itself"),
        ("Østerås AS", "østeras", "name"),
    ],
)
def test_names_of_any_script_keep_their_letters(
    con: duckdb.DuckDBPyConnection, one: str, other: str, method: str
) -> None:
    run(con, {("sf", "Account"): [account("1", one)], ("hs", "companies"): [company("1", name=other)]})
    assert rows(con, "SELECT method FROM link WHERE connection = 'hs'") == [(method,)]


def test_people_who_left_decide_nothing(con: duckdb.DuckDBPyConnection) -> None:
    def contact(n: str, **more: Any) -> dict[str, Any]:
        return {"Id": n, "AccountId": "A", "Name": n, "Email": f"{n}@x.example", **more}

    def relation(n: str, active: bool) -> dict[str, Any]:
        both = "Decision Maker;Champion"
        return {"Id": f"r{n}", "AccountId": "A", "ContactId": n, "Roles": both, "IsActive": active}

    records: Records = {
        ("sf", "Account"): [account("A", "A")],
        ("sf", "Contact"): [
            contact("here"),
            contact("moved"),
            contact("left", Left_Company_On__c="2026-11-25"),
            contact("leaving", Left_Company_On__c="2026-11-26"),
        ],
        ("sf", "AccountContactRelation"): [
            relation("here", True),
            relation("moved", False),
            relation("left", True),
            relation("leaving", True),
        ],
        ("zd", "users"): [
            {"id": 1, "name": "moved", "email": "moved@x.example", "role": "end-user", "active": True},
            {"id": 2, "name": "here", "email": "here@x.example", "role": "end-user", "active": False},
        ],
    }
    run(con, records)
    found = rows(
        con,
        "SELECT name, active, coalesce(decision_maker, FALSE), coalesce(champion, FALSE) FROM person ORDER BY 1",
    )
    assert found == [
        ("here", True, True, True),
        ("leaving", True, True, True),
        ("left", False, False, False),
        ("moved", False, False, False),
    ]


@pytest.mark.slow
def test_words_about_a_relationship_count_before_those_about_its_account(
    con: duckdb.DuckDBPyConnection,
) -> None:
    records: Records = {
        ("sf", "User"): [
            {"Id": "005A", "Name": "Ann", "Email": "ann@x.example", "IsActive": True},
            {"Id": "005B", "Name": "Bob", "Email": "bob@x.example", "IsActive": False},
        ],
        ("sf", "Account"): [
            account(
                "A", "A",
                CS_CSM_Judgement__c="Good",
                CS_CSM_Judgement_On__c="2026-11-01",
                CS_Alerts_Paused_Until__c="2026-12-01",
            )
        ],
        ("sf", "Contact"): [{"Id": "003D", "AccountId": "A", "Name": "Dee", "Email": "dee@x.example"}],
        ("sf", "Subscription__c"): [subscription(p, "A", Product__c=p) for p in "PQR"],
    }  # fmt: skip
    run(con, records)
    keys = dict(rows(con, "SELECT product, key FROM relationship"))
    empty = {("sf", "CS_Relationship__c"): [{"Id": f"a0{p}", "Key__c": keys[p]} for p in "PQR"]}
    told = {
        ("sf", "CS_Relationship__c"): [
            {
                "Id": "a0P",
                "Key__c": keys["P"],
                "CSM_Judgement__c": "At risk",
                "CSM_Judgement_On__c": "2026-11-20",
                "Alerts_Paused_Until__c": "2027-01-31",
                "Renewal_Manager__c": "005A",
                "Decision_Maker__c": "003D",
                "Goal__c": "Halve returns",
                "Goal_Target__c": 50,
            },
            {"Id": "a0Q", "Key__c": keys["Q"], "CSM_Judgement__c": "Concerned", "Renewal_Manager__c": "005B"},
            {"Id": "a0R", "Key__c": None, "CSM_Judgement__c": "Concerned"},
        ]
    }
    assert staged(con, records) == staged(con, {**records, **empty}), "our own records are no news"
    assert staged(con, records) != staged(con, {**records, **told})
    run(con, {**records, **told})
    found = rows(
        con,
        "SELECT product, csm_judgement, csm_judgement_on, alerts_paused_until, u.name FROM relationship r "
        'LEFT JOIN "user" u ON u.user_id = r.renewal_manager_user_id ORDER BY 1',
    )
    assert found == [
        ("P", "At risk", date(2026, 11, 20), date(2027, 1, 31), "Ann"),
        ("Q", "Concerned", None, date(2026, 12, 1), None),
        ("R", "Good", date(2026, 11, 1), date(2026, 12, 1), None),
    ]
    assert rows(con, "SELECT records, left_out, staged FROM seen WHERE entity = 'relationship'") == [
        (3, 1, 2)
    ]
    linked = rows(
        con,
        "SELECT record_id, product FROM link JOIN relationship ON entity_id = relationship_id ORDER BY 1",
    )
    assert linked == [("a0P", "P"), ("a0Q", "Q")]
    assert rows(
        con,
        "SELECT g.name, g.target, g.account_id = r.account_id, r.product FROM goal g "
        "JOIN attachment t ON t.entity = 'goal' AND t.entity_id = g.goal_id JOIN relationship r USING (relationship_id)",
    ) == [("Halve returns", 50.0, True, "P")]
    assert rows(
        con,
        "SELECT p.name, n.role, r.product FROM relationship_person n JOIN person p USING (person_id) JOIN relationship r USING (relationship_id)",
    ) == [("Dee", "Decision Maker", "P")]


def test_amounts_of_another_currency_are_in_no_figure(con: duckdb.DuckDBPyConnection) -> None:
    records: Records = {
        ("sf", "Account"): [
            account("A", "Mixed", CurrencyIsoCode="EUR"),
            account("B", "Plain", CurrencyIsoCode="EUR"),
            account("C", "Untold"),
            account("D", "Foreign", CurrencyIsoCode="EUR"),
            account("E", "Undecided"),
        ],
        ("sf", "Subscription__c"): [
            subscription("1", "A", CurrencyIsoCode="EUR", ARR__c=100),
            subscription("2", "A", CurrencyIsoCode="JPY", ARR__c=90000),
            subscription("3", "A", ARR__c=10),
            subscription("4", "B", CurrencyIsoCode="EUR", ARR__c=50),
            subscription("5", "B", CurrencyIsoCode="USD", ARR__c=70, End_Date__c="2026-02-01"),
            subscription("6", "C", CurrencyIsoCode="USD", ARR__c=5),
            subscription("7", "C", CurrencyIsoCode="USD", ARR__c=6),
            subscription("8", "D", CurrencyIsoCode="USD", ARR__c=7),
            subscription("9", "E", CurrencyIsoCode="USD", ARR__c=8),
            subscription("10", "E", CurrencyIsoCode="EUR", ARR__c=9),
        ],
    }
    run(con, records)
    assert dict(rows(con, "SELECT name, CAST(arr AS INTEGER) FROM account")) == {
        "Mixed": 110,
        "Plain": 50,
        "Untold": 11,
        "Foreign": None,
        "Undecided": None,
    }
    mixed = rows(con, "SELECT name FROM mixed_currency JOIN account USING (account_id) ORDER BY 1")
    assert mixed == [("Foreign",), ("Mixed",), ("Undecided",)]


def test_a_currency_is_one_in_whatever_letters(con: duckdb.DuckDBPyConnection) -> None:
    records: Records = {
        ("sf", "Account"): [
            account("A", "A", CurrencyIsoCode="eur"),
            account("B", "B", CurrencyIsoCode="EUR"),
        ],
        ("sf", "Subscription__c"): [
            subscription("1", "A", CurrencyIsoCode="Eur"),
            subscription("2", "B", CurrencyIsoCode="eur"),
        ],
    }
    run(con, records)
    for table in ("account", "subscription"):
        assert rows(con, f"SELECT DISTINCT currency FROM {table}") == [("EUR",)]
    assert rows(con, "SELECT currency, arr::INTEGER FROM account") == [("EUR", 10), ("EUR", 10)]


def test_hubspot_contacts_are_of_the_company_that_they_are_linked_to(con: duckdb.DuckDBPyConnection) -> None:
    """Whatever a property says: it changes without a new date on the contact."""
    companies = [{"id": n, "properties": {"name": name}} for n, name in (("1", "Old"), ("2", "New"))]
    moved = {"id": "9", "properties": {"email": "ann@new.example", "associatedcompanyid": "1"}}
    records: Records = {
        ("hs", "companies"): companies,
        ("hs", "contacts"): [moved],
        ("hs", "contacts/companies"): [{"id": "9", "primary": "2"}],
    }
    run(con, records)
    assert rows(con, "SELECT a.name FROM person p JOIN account a USING (account_id)") == [("New",)]
