"""The report on who is who as a page: names of strangers stay text, and long lists say what they leave out."""

from __future__ import annotations

from typing import Any

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
    told = report.sentences(document(coverage=[line], conflicts=[{}], near_misses=[{}, {}]))
    assert told == [
        "sales: 4 of account, 3 linked to another system (75%)",
        "to decide: 1 conflicts, 2 near misses, 0 splits that wait, 0 odd places in the tree of accounts",
    ]
