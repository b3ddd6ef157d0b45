"""The report on who is who as a page: names of strangers stay text, and long lists say what they leave out."""

from __future__ import annotations

from typing import Any

from cs_connector.runner.identity import markup, report


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


def test_a_name_with_markup_is_shown_as_it_is() -> None:
    made = markup.page(document(conflicts=[{"one_name": "<script>alert(1)</script>", "probability": 0.97}]))
    assert "<script>" not in made
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in made
    assert '<td class="number">0.97</td>' in made


def test_a_long_list_says_how_many_are_left_out() -> None:
    many = [{"record": f"r{n}"} for n in range(markup.MOST + 7)]
    made = markup.page(document(unmatched=many))
    assert f"Unmatched ({len(many):,})" in made
    assert "and 7 more in identity.json" in made
    assert made.count("<tr>") == markup.MOST + 1


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
