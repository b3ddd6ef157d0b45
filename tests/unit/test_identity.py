"""What is linked, what is left for a person, whose word stands, and which ids remain."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from cs_connector.unify import crowds, identity, layers
from tests.quality import kit

pytestmark = pytest.mark.slow


class World:
    """Accounts and people of several systems, linked again and again; `sales` has one record for each account."""

    def __init__(self) -> None:
        self.con = kit.executor()
        self.day = date(2026, 11, 1)
        self.con.execute("INSERT INTO connection_crm VALUES ('sales', 'seller'), ('marketing', 'mailer')")
        self.con.execute("CREATE TABLE distinct_object(entity VARCHAR, connection VARCHAR, object VARCHAR)")
        self.con.execute("INSERT INTO distinct_object VALUES ('account', 'sales', 'account')")
        columns = ", ".join(f"{c} VARCHAR" for c in identity.DECISION)
        self.con.execute(f"CREATE TABLE decision({columns})")

    def has(self, system: str, record: str, name: str, **more: str) -> None:
        attributes = {"name": name, "domain": None, "country": None, "same_ref": None, **more}
        self.con.execute("DELETE FROM stage_account WHERE connection = ? AND record_id = ?", [system, record])
        kit.stage(self.con, "account", [{"record": record, "system": system, **attributes}])

    def says(self, action: str, left: str, right: str, entity: str = "account") -> None:
        self.con.execute("INSERT INTO decision VALUES (?, ?, ?, ?, 'I know')", [entity, action, left, right])

    def link(self) -> dict[str, str]:
        """Account record → entity, a day later, with what the last run left."""
        self.day += timedelta(days=1)
        identity.resolve(self.con, self.day)
        for table in identity.left(self.con):
            self.con.execute(f"CREATE OR REPLACE TABLE before_{table} AS SELECT * FROM after_{table}")
        self.con.execute("CREATE OR REPLACE TABLE previous_link AS SELECT * FROM resolved")
        return dict(self.rows("SELECT record_id, entity_id FROM resolved WHERE entity = 'account'"))

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.con.execute(sql).fetchall()


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    yield made
    made.con.close()


def test_a_record_that_fits_two_others_goes_to_none_and_is_listed(world: World) -> None:
    world.has("sales", "1", "Harbor Dental", country="US", domain="one.example")
    world.has("sales", "2", "Harbor Dental", country="US", domain="two.example")
    world.has("marketing", "3", "Harbor Dental", country="US")
    found = world.link()
    assert len(set(found.values())) == 3
    assert {row[0] for row in world.rows("SELECT unnest([left_ref, right_ref]) FROM after_conflict")} == {
        "sales|account|1", "sales|account|2", "marketing|account|3",
    }  # fmt: skip


def test_what_is_not_likely_enough_is_not_joined_but_kept_as_a_near_miss(world: World) -> None:
    world.has("sales", "1", "Hansen Shipping", country="NO", city="Bergen")
    world.has("marketing", "2", "Hanson Shipping", country="NO", city="Bergen")
    found = world.link()
    assert found["1"] != found["2"]
    ((probability, evidence),) = world.rows("SELECT probability, evidence FROM now_account_pair")
    assert 0.02 <= probability < 0.9
    assert evidence == "similar name; same country; same city"


def test_every_link_tells_how_it_came_about(world: World) -> None:
    world.has("sales", "1", "Ember Retail", domain="ember.example", country="DE")
    world.has("marketing", "2", "Ember", domain="www.ember.example", country="Germany")
    world.link()
    told = world.rows("SELECT record_id, method, confidence > 0.9, evidence FROM resolved ORDER BY 1")
    assert told == [
        ("1", "itself", True, ""),
        ("2", "domain", True, "same word of their own, one with the trade; same domain; same country"),
    ]


def test_a_persons_word_stands_above_ids_and_evidence(world: World) -> None:
    world.has("sales", "1", "Ember Retail", domain="ember.example")
    world.has("sales", "2", "Something Else")
    world.has("marketing", "3", "Ember Retail", domain="ember.example", same_ref="crm:seller|account|1")
    assert world.link()["3"] == world.link()["1"]
    world.says("unlink", "marketing|account|3", "sales|account|1")
    world.says("link", "marketing|account|3", "sales|account|2")
    found = world.link()
    assert found["3"] == found["2"] != found["1"]
    assert world.link() == found


def test_a_persons_word_stands_above_the_account_tree(world: World) -> None:
    world.has("sales", "1", "Ember Group")
    world.has("sales", "2", "Ember Retail", parent_id="sales|account|1")
    world.says("link", "sales|account|1", "sales|account|2")
    assert len(set(world.link().values())) == 1
    assert world.rows("SELECT * FROM after_conflict") == []


def test_a_persons_word_goes_with_a_record_that_its_system_merges(world: World) -> None:
    world.con.execute('CREATE TABLE alias(connection VARCHAR, object VARCHAR, id VARCHAR, "into" VARCHAR)')
    world.has("sales", "1", "Ember Retail", domain="ember.example")
    world.has("sales", "2", "Nordwind", domain="nordwind.example")
    world.has("marketing", "3", "Ember Retail", domain="ember.example")
    world.has("marketing", "4", "Fjord Bank", domain="fjord.example")
    world.says("unlink", "marketing|account|3", "sales|account|1")
    world.says("link", "marketing|account|4", "sales|account|2")
    before = world.link()
    for old, new in (("3", "5"), ("4", "6")):
        world.con.execute("UPDATE stage_account SET record_id = ? WHERE record_id = ?", [new, old])
        world.con.execute("INSERT INTO alias VALUES ('marketing', 'account', ?, ?)", [old, new])
    for found in (world.link(), world.link()):
        assert found["5"] == before["3"] != found["1"]
        assert found["6"] == before["4"] == found["2"]


def test_whom_a_person_ruled_out_is_no_rival(world: World) -> None:
    world.has("sales", "1", "Ember Retail", domain="ember.example")
    for record in ("2", "3"):
        world.has("marketing", record, "Ember Retail", domain="ember.example")
        world.says("unlink", f"marketing|account|{record}", "sales|account|1")
    found = world.link()
    assert found["2"] == found["3"] != found["1"]
    assert len(world.rows("SELECT * FROM after_conflict")) == 2, "the two pairs that a person parted"


def test_two_records_of_one_system_are_one_only_when_a_person_says_so(world: World) -> None:
    world.has("sales", "1", "Ember Retail", domain="ember.example")
    world.has("sales", "2", "Ember Retail", domain="ember.example")
    assert len(set(world.link().values())) == 2
    world.says("link", "sales|account|1", "sales|account|2")
    assert len(set(world.link().values())) == 1


def test_a_merge_keeps_the_id_that_is_older(world: World) -> None:
    world.has("marketing", "9", "Nordwind", domain="nordwind.example")
    older = world.link()["9"]
    world.has("sales", "1", "Nordwind Energy", country="DE")
    newer = world.link()["1"]
    assert newer != older
    world.has("sales", "1", "Nordwind Energy", country="DE", domain="nordwind.example")
    assert set(world.link().values()) == {older}
    assert world.rows("SELECT kind, entity_id, other_id FROM after_event") == [("merge", older, newer)]


def test_a_split_waits_for_a_person(world: World) -> None:
    world.has("sales", "1", "Ember Retail", domain="ember.example")
    world.has("marketing", "2", "Ember Retail", domain="ember.example")
    before = world.link()
    world.has("marketing", "2", "Quite Another Name", domain="other.example")
    assert world.link() == before
    assert world.rows("SELECT ref FROM after_pending_split") == [("marketing|account|2",)]
    assert world.rows("SELECT method FROM resolved WHERE record_id = '2'") == [("kept",)]
    world.says("unlink", "marketing|account|2", "sales|account|1")
    after = world.link()
    assert after["1"] == before["1"] != after["2"]
    assert world.rows("SELECT kind, ref FROM after_event") == [("split", "marketing|account|2")]
    assert world.rows("SELECT * FROM after_pending_split") == []


def test_a_record_does_not_wait_beside_one_that_a_person_parted_from_it(world: World) -> None:
    for system, record in (("sales", "1"), ("service", "2"), ("marketing", "3")):
        world.has(system, record, "Ember Retail", domain="ember.example")
    world.says("unlink", "marketing|account|3", "service|account|2")
    world.says("unlink", "marketing|account|3", "sales|account|1")
    before = world.link()
    world.con.execute("DELETE FROM decision WHERE right_ref = 'sales|account|1'")
    world.says("link", "marketing|account|3", "sales|account|1")
    after = world.link()
    assert after["1"] == after["3"] == before["1"] != after["2"]


def test_an_id_of_another_record_moves_a_record_at_once(world: World) -> None:
    world.has("sales", "1", "Ember Retail", domain="ember.example")
    world.has("sales", "2", "Nordwind")
    world.has("marketing", "3", "Ember Retail", domain="ember.example")
    assert world.link()["3"] == world.link()["1"]
    world.has("marketing", "3", "Ember Retail", domain="ember.example", same_ref="crm:seller|account|2")
    found = world.link()
    assert found["3"] == found["2"]


def test_a_domain_of_many_companies_is_no_evidence(world: World) -> None:
    world.has("sales", "1", "Acme", domain="host.example")
    world.has("marketing", "2", "Acme Software", domain="host.example")
    found = world.link()
    assert found["1"] == found["2"]
    other = World()
    for number, name in enumerate(("Harbor", "Nordwind", "Zeta"), 7):
        other.has("marketing", str(number), name, domain="host.example")
    other.has("sales", "1", "Acme", domain="host.example")
    other.has("marketing", "2", "Acme Software", domain="host.example")
    assert len(set(other.link().values())) == 5
    other.con.close()


def test_a_domain_of_two_strangers_beside_its_owner_is_no_evidence(world: World) -> None:
    """The agency has the domain and the phone that its customers give, too."""
    shared = {"domain": "brightpixel.example", "phone": "+49 951 5550133", "city": "Bamberg", "country": "DE"}
    for record, name in enumerate(("Brightpixel GmbH", "Moserl Backwaren", "Dachbau Kornfeld"), 1):
        world.has("sales" if record == 1 else "marketing", str(record), name, **shared)
    assert len(set(world.link().values())) == 3


def test_a_brand_is_who_has_its_domain_and_its_phone(world: World) -> None:
    seen = {"phone": "+353 1 555 0117", "country": "IE"}
    world.has("sales", "1", "Kilbrannan Leisure Ltd", domain="splashcove.example", **seen)
    world.has("marketing", "2", "Splash Cove", domain="splashcove.example", **seen)
    world.has("sales", "3", "Tullyarn Leisure Ltd", domain="finchstudio.example", **seen)
    world.has("marketing", "4", "Finch Studio", domain="finchstudio.example", **seen)
    found = world.link()
    assert found["1"] == found["2"]
    assert found["3"] != found["4"], "a studio may answer the phone of a customer"


def test_one_word_of_their_own_and_one_phone_are_enough_unless_both_are_full_legal_names(
    world: World,
) -> None:
    world.has("sales", "1", "Wharfelode Veterinary Group", city="Otley", phone="01943 555 0110")
    world.has("marketing", "2", "Wharfelode Paws", city="Otley", phone="+44 1943 5550110")
    world.has("sales", "3", "Torviksund Maritime AS", city="Bergen", phone="+47 55 50 12 10")
    world.has("marketing", "4", "Torviksund Offshore AS", city="Bergen", phone="+47 55 50 12 10")
    found = world.link()
    assert found["1"] == found["2"]
    assert found["3"] != found["4"]


def test_a_domain_with_the_words_of_one_name_tells_that_the_other_is_a_translation(world: World) -> None:
    where = {"country": "FI", "city": "Kotka"}
    world.has("sales", "1", "Halkovaara Hirsi Oy", domain="halkovaarahirsi.example", **where)
    world.has("marketing", "2", "Halkovaara Logs", domain="halkovaarahirsi.example", **where)
    world.has("sales", "3", "Zorvanen Hirsi Oy", domain="zorvanen.example", **where)
    world.has("marketing", "4", "Zorvanen Logs", domain="zorvanen.example", **where)
    found = world.link()
    assert found["1"] == found["2"]
    assert found["3"] != found["4"], "the domain has only what a house has in common"


def test_who_changed_its_name_had_another_domain(world: World) -> None:
    world.has(
        "sales", "1", "Tandrelo Inc. (formerly Osterby Payroll)", domain="tandrelo.example", country="US"
    )
    world.has("marketing", "2", "Osterby Payroll Inc", domain="osterbypayroll.example", country="US")
    found = world.link()
    assert found["1"] == found["2"]


def test_who_is_looked_at_again_keeps_a_domain_that_is_of_several(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two become comparable again on a day on which no other domain is of several."""
    monkeypatch.setattr(crowds, "CROWD", 2)
    monkeypatch.setattr(crowds, "TENANTS", 2)
    world.has("sales", "1", "Nordwind", domain="acme.example")
    world.has("marketing", "2", "Nordwind", domain="ember.example")
    world.has("service", "3", "Ember", domain="ember.example")
    world.has("service", "4", "Zeta", domain="acme.example")
    world.has("files", "5", "Nordwind", domain="else.example")
    assert len(set(world.link().values())) == 5
    world.has("service", "4", "Zeta")
    world.con.execute("DELETE FROM stage_account WHERE record_id = '5'")
    found = world.link()
    assert found["1"] == found["2"]


def test_a_child_is_not_its_parent(world: World) -> None:
    world.has("sales", "1", "Ember Retail", domain="ember.example")
    world.has("marketing", "2", "Ember Retail", domain="ember.example", parent_id="crm:seller|account|1")
    assert len(set(world.link().values())) == 2


def test_people_are_one_by_address_or_by_name_and_account(world: World) -> None:
    world.has("sales", "1", "Ember Retail", domain="ember.example")
    world.has("marketing", "2", "Ember Retail", domain="ember.example")
    at = {"sales": "sales|account|1", "marketing": "marketing|account|2"}
    people = [
        ("a", "sales", "Ann Holt", "ann@ember.example", "sales"),
        ("b", "marketing", "Holt, Ann", None, "marketing"),
        ("c", "marketing", "A. Holt", "ANN@ember.example", "marketing"),
        ("d", "sales", "Bob Lund", "info@ember.example", None),
        ("e", "marketing", "Eva Berg", "info@ember.example", None),
    ]
    kit.stage(
        world.con,
        "person",
        [
            {"record": r, "system": s, "name": n, "email": m, "account_id": at.get(a or "")}
            for r, s, n, m, a in people
        ],
    )
    world.link()
    found = dict(world.rows("SELECT record_id, entity_id FROM resolved WHERE entity = 'person'"))
    assert found["a"] == found["b"] == found["c"]
    assert len({found["a"], found["d"], found["e"]}) == 3


def test_a_run_without_news_compares_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.has("sales", "1", "Ember Retail", domain="ember.example")
    world.has("marketing", "2", "Ember Retail", domain="ember.example")
    first = world.link()
    links = world.rows("SELECT * FROM resolved ORDER BY ALL")
    monkeypatch.setitem(__import__("sys").modules, "splink", None)
    assert world.link() == first
    assert world.rows("SELECT * FROM resolved ORDER BY ALL") == links


def test_a_run_with_one_new_record_leaves_what_changed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layers, "MANY", 4)
    for number in range(20):
        world.has("sales", str(number), f"{chr(65 + number)}mber {chr(90 - number)}ole Retail")
    world.has("sales", "20", "Nordwind Energy", domain="nordwind.example", country="DE")
    world.link()
    world.has("marketing", "99", "Nordwind Energy", domain="nordwind.example", country="DE")
    world.link()
    assert not {"account", "account_standing", "account_pair"} & set(identity.left(world.con))
    assert world.rows("SELECT ref FROM after_account_later") == [("marketing|account|99",)]
    assert world.rows("SELECT ref FROM after_account_standing_later ORDER BY 1") == [
        ("marketing|account|99",), ("sales|account|20",),
    ]  # fmt: skip
    assert world.rows("SELECT left_ref, right_ref FROM now_account_pair") == [
        ("marketing|account|99", "sales|account|20")
    ]
    world.con.execute("DELETE FROM stage_account WHERE record_id = '99'")
    assert "99" not in world.link()
    assert world.rows("SELECT * FROM now_account_pair") == []
    assert world.rows("SELECT ref, gone FROM after_account_later") == [("marketing|account|99", True)]


def test_people_are_not_compared_again_because_their_account_has_another_first_record(world: World) -> None:
    world.has("marketing", "2", "Ember Retail", domain="ember.example")
    rows = [{"record": "a", "system": "marketing", "name": "Ann Holt", "account_id": "marketing|account|2"}]
    kit.stage(world.con, "person", [*rows, {**rows[0], "record": "b"}])
    world.link()
    homes = world.rows("SELECT home FROM now_account")
    world.has("sales", "1", "Ember Retail", domain="ember.example")
    world.link()
    assert world.rows("SELECT DISTINCT anchor FROM now_account") == [("sales|account|1",)]
    assert world.rows("SELECT DISTINCT home FROM now_account") == homes
    assert not any(table.startswith("person") for table in identity.left(world.con))
    kit.stage(
        world.con, "person", [{**rows[0], "record": "c", "system": "sales", "account_id": "sales|account|1"}]
    )
    world.link()
    found = world.rows("SELECT count(*), count(DISTINCT entity_id) FROM resolved WHERE entity = 'person'")
    assert found == [(3, 1)]


def test_ids_stay_where_only_the_links_of_an_older_edition_can_be_read(world: World) -> None:
    world.has("sales", "1", "Ember Retail", domain="ember.example")
    first = world.link()
    world.con.execute("UPDATE previous_link SET entity_id = 'acc_of_old'")
    world.con.execute("DELETE FROM before_account_standing; UPDATE before_account SET digest = 1")
    assert first != world.link() == {"1": "acc_of_old"}


def test_nothing_to_link_is_no_trouble(world: World) -> None:
    assert world.link() == {}


def test_what_only_an_added_record_tells_of_a_parent_and_an_employer_counts_as_it_comes_and_goes(
    world: World,
) -> None:
    add = "INSERT INTO stage_{}(connection, rank, object, record_id, adds_ref, {}) VALUES ('marketing', 1, 'links', ?, ?, ?)"
    for system, record in (("marketing", "1"), ("service", "2")):
        world.has(system, record, "Ember Retail", domain="ember.example")
    people = [
        {"record": r, "system": s, "name": "Ann Holt"} for r, s in (("a", "marketing"), ("b", "service"))
    ]
    at = [{**people[1], "account_id": "service|account|2"}]
    kit.stage(world.con, "person", people[:1])
    kit.stage(world.con, "person", at)
    linked = "SELECT count(DISTINCT entity_id) FROM resolved WHERE entity = '{}'"
    first = world.link()
    assert first["1"] == first["2"]
    assert world.rows(linked.format("person")) == [(2,)]
    world.con.execute(add.format("person", "account_id"), ["a", "marketing|person|a", "marketing|account|1"])
    world.link()
    assert world.rows(linked.format("person")) == [(1,)]
    world.con.execute(add.format("account", "parent_id"), ["1", "crm:mailer|account|1", "service|account|2"])
    found = world.link()
    assert found["1"] != found["2"]
    world.con.execute("DELETE FROM stage_account WHERE object = 'links'")
    assert world.link() == first
