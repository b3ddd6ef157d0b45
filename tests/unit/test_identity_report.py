"""The report on who is who as a page: names of strangers stay text, and long lists say what they leave out."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from cs_connector.runner.identity import markup, report
from cs_connector.runner.identity.pairing import cards


def document(**more: Any) -> dict[str, Any]:
    lists = (
        "coverage",
        "conflicts",
        "near_misses",
        "pending_splits",
        "events",
        "decisions",
        "hierarchy",
        "unmatched",
    )
    return {"schema": "identity/1", "as_of": "2026-11-25", **{name: [] for name in lists}, **more}


def pair(one: str, other: str, probability: float, **more: Any) -> dict[str, Any]:
    """Records of two entities that met; `name/number` is a record of the entity `name`."""
    ends = {"one": one, "other": other}
    named = {
        f"{end}_{what}": value
        for end, record in ends.items()
        for what, value in (
            ("entity_id", record.split("/")[0]),
            ("name", record.split("/")[0]),
            ("record", record),
        )
    }
    return {
        "entity": "account",
        **named,
        "probability": probability,
        "evidence": "same name; same town",
        **more,
    }


def test_a_name_with_markup_is_shown_as_it_is() -> None:
    bad = pair("a/1", "b/1", 0.97) | {"one_name": "<script>alert(1)</script>"}
    made = markup.page(
        document(conflicts=[bad], unmatched=[{"name": "<script>alert(2)</script>", "records": 0.97}])
    )
    assert "<script>" not in made
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in made
    assert "&lt;script&gt;alert(2)&lt;/script&gt;" in made
    assert '<td class="number">0.97</td>' in made


def test_two_entities_are_decided_about_once_however_many_of_their_records_met() -> None:
    met = [pair("b/1", "a/1", 0.2), pair("a/2", "b/1", 0.4), pair("a/1", "c/1", 0.3)]
    first, second = cards(met)
    assert [side.records for side in first.sides] == [("a/1", "a/2"), ("b/1",)]
    assert (first.odds, first.evidence, first.command) == (
        "40 %",
        ("same name", "same town"),
        "cs-connector link a/2 b/1",
    )
    assert [side.name for side in second.sides] == ["a", "c"]


def test_a_command_for_ids_of_several_words_can_be_typed_as_it_is() -> None:
    assert cards([pair("a/1", "b/Acme; rm x", 0.3)])[0].command == "cs-connector link a/1 'b/Acme; rm x'"


@pytest.mark.parametrize(("probability", "odds"), [(0.99999, "99 %"), (0.5, "50 %"), (0.0001, "1 %")])
def test_what_is_not_certain_is_not_shown_as_certain(probability: float, odds: str) -> None:
    assert cards([pair("a/1", "b/1", probability)])[0].odds == odds


def test_all_but_one_is_not_all() -> None:
    line = {
        "entity": "person",
        "connection": "desk",
        "records": 388,
        "linked": 387,
        "methods": {"itself": 1, "email": 387},
    }
    made = markup.page(document(coverage=[line]))
    assert "387 of 388, 99 %" in made
    assert "email 387<" in made


def test_a_long_list_says_how_many_are_left_out() -> None:
    many = [{"record": f"r{n}"} for n in range(markup.MOST + 7)]
    pairs = [pair(f"a{n}/1", f"b{n}/1", 0.3) for n in range(markup.MOST + 9)]
    made = markup.page(document(unmatched=many, near_misses=pairs))
    assert f"Unmatched ({len(many):,})" in made
    assert "and 7 more in identity.json" in made
    assert made.count("<tr>") == markup.MOST + 1
    assert f"Near misses ({len(pairs):,})" in made
    assert "and 9 more in identity.json" in made


def test_the_screen_says_how_much_is_linked_and_what_is_to_decide() -> None:
    line = {
        "entity": "account",
        "connection": "sales",
        "records": 4,
        "linked": 3,
        "share": 0.75,
        "methods": {},
    }
    all_but_one = line | {"connection": "service", "records": 500, "linked": 499, "share": 0.998}
    near = [pair("a/1", "c/1", 0.4), pair("a/1", "d/1", 0.4), pair("d/2", "a/1", 0.3)]
    told = report.sentences(
        document(coverage=[line, all_but_one], conflicts=[pair("a/1", "b/1", 0.97)], near_misses=near)
    )
    assert told == [
        "sales: 4 of account, 3 linked to another system (75%)",
        "service: 500 of account, 499 linked to another system (99%)",  # as the page: only all is 100%
        "to decide: 1 conflicts, 2 near misses, 0 splits that wait, 0 odd places in the tree of accounts",
    ]


def test_what_a_person_parted_is_no_question_any_more() -> None:
    with duckdb.connect() as con:
        con.execute("CREATE TABLE known AS SELECT 's|o|' || e || n AS ref, 'account' AS entity, e AS entity_id, e AS name "
                    "FROM unnest(['a', 'b', 'c']) t(e), unnest([1, 2]) u(n)")  # fmt: skip
        con.execute(
            "CREATE TABLE decision AS SELECT 'account' AS entity, 'unlink' AS action, 's|o|a1' AS left_ref, 's|o|b1' AS right_ref"
        )
        for table, why in (("who_conflict", "'odd' AS why"), ("who_pair", "NULL AS why")):
            con.execute(f"CREATE TABLE {table} AS SELECT 'account' AS entity, l AS left_ref, r AS right_ref, 0.5 AS probability, '' AS evidence, {why} "
                        "FROM (VALUES ('s|o|a2', 's|o|b2'), ('s|o|b1', 's|o|c1')) v(l, r)")  # fmt: skip
        con.execute("UPDATE who_pair SET left_ref = 's|o|b2' WHERE right_ref = 's|o|c1'")
        con.execute(report._PARTED)
        for found in (report._conflicts(con), report._near(con)):
            assert [(one["one_name"], one["other_name"]) for one in found] == [("b", "c")]


def test_who_came_under_another_parent_is_listed_and_who_was_always_there_is_not() -> None:
    with duckdb.connect() as con:
        con.execute("CREATE TABLE account(account_id VARCHAR, name VARCHAR)")
        con.execute("INSERT INTO account VALUES ('a', 'Shop'), ('b', 'Old House'), ('c', 'New House')")
        con.execute("CREATE TABLE parent_history(account_id VARCHAR, parent_id VARCHAR, since TIMESTAMP)")
        con.execute(
            "INSERT INTO parent_history VALUES ('b', 'c', '2026-01-01'), ('a', 'b', '2026-01-01'), ('a', 'c', '2026-03-01'), "
            "('a', NULL, '2026-05-01')"
        )
        found = con.execute(report.MOVED).fetchall()
    assert [(str(day), *rest) for day, *rest in found] == [
        ("2026-05-01", "a", "Shop", "New House", None),
        ("2026-03-01", "a", "Shop", "Old House", "New House"),
    ]


def test_a_merge_of_parents_is_no_move_of_who_is_below() -> None:
    """Rows that now name the same parent tell nothing, the real moves around them do."""
    with duckdb.connect() as con:
        con.execute("CREATE TABLE account(account_id VARCHAR, name VARCHAR)")
        con.execute("INSERT INTO account VALUES ('a', 'Shop'), ('b', 'Big B'), ('c', 'New House')")
        con.execute("CREATE TABLE parent_history(account_id VARCHAR, parent_id VARCHAR, since TIMESTAMP)")
        con.execute(
            "INSERT INTO parent_history VALUES ('a', 'b', '2026-01-01'), ('a', 'b', '2026-02-01'), ('a', 'c', '2026-03-01'), "
            "('a', NULL, '2026-04-01'), ('b', NULL, '2026-01-01'), ('b', NULL, '2026-02-01')"
        )
        found = con.execute(report.MOVED).fetchall()
    assert [(str(day), *rest) for day, *rest in found] == [
        ("2026-04-01", "a", "Shop", "New House", None),
        ("2026-03-01", "a", "Shop", "Big B", "New House"),
    ]


def test_the_page_shows_who_moved() -> None:
    row = {"on_date": "2026-03-01", "account_id": "a", "name": "Shop", "from": "Old House", "to": "New House"}
    made = markup.page(document(moves=[row]))
    assert "Moved in the tree" in made
    assert "New House" in made
