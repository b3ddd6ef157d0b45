"""A scorecard is changed: lint names mistakes, a plan says what it would do, and nothing happens before a run."""

from __future__ import annotations

import re

import pytest

pytestmark = [pytest.mark.slow]


def shipped(project, name, *changes):
    """A shipped file as the project's own, with changes in it; gives the line of the last one."""
    from cs_connector import registry

    (folder,) = [p for p in registry.shipped() if (p / name).exists()]
    text = (folder / name).read_text()
    path = project.root / name
    path.parent.mkdir(exist_ok=True)
    line = 0
    for old, new in changes:
        assert text.count(old) == 1, old
        line = text[: text.index(old)].count("\n") + 1
        text = text.replace(old, new)
    path.write_text(text)
    return line


HARSH = ("when: notice = 1\n    cap: 10", "when: arr > 0\n    cap: 10")


def test_a_change_is_planned_before_it_counts(ran, sandbox):
    before = len(sandbox.ledger())
    shipped(ran, "overrides.yml", HARSH)
    file = ran.root / "plan.md"
    plan = ran.do("score", "--plan", "--out", str(file), "--json").json
    assert plan["schema"] == "score-plan/1"
    assert plan["differences"] == ["override notice_given: when notice = 1 → arr > 0"]
    assert (
        plan["changed"]["accounts"] == len(plan["changes"]) == sum(b["accounts"] for b in plan["bands"]) > 20
    )
    assert {c["to"]["band"] for c in plan["changes"]} == {"red"}
    assert plan["because"][0]["name"] == "notice_given"
    for change in plan["changes"]:
        points = sum(part["points"] for part in change["because"])
        if change["from"]["score"] is not None:
            assert points == pytest.approx(change["to"]["score"] - change["from"]["score"], abs=1e-4)
        assert f"({change['id']})" in file.read_text()
    assert f"{plan['changed']['accounts']} of {plan['accounts']} accounts change band" in file.read_text()
    assert len(sandbox.ledger()) == before
    against = ran.do("score", "--plan", "--against", str(ran.root), "--json").json
    assert against["changed"]["accounts"] == 0
    moved = ran.do("score", "--json").json["scores"]["moved_band"]
    assert moved == plan["changed"]["accounts"], "a run did something else than the plan said"
    assert ran.do("score", "--plan", "--json").json["differences"] == []
    assert "there is no data of 2010-01-01" in ran.do("score", "--plan", "--as-of", "2010-01-01", code=2).talk


def test_lint_looks_at_files_and_at_the_last_run(ran):
    shipped(ran, "overrides.yml", HARSH)
    found = ran.do("scorecard", "lint", "--json").json
    assert (found["schema"], found["errors"], found["last_run"]) == ("scorecard-lint/1", 0, True)
    said = [f["what"] for f in found["findings"]]
    assert "usage_only looks at usage only" in said
    assert any(re.match("notice_given held .*body down", what) for what in said)


def test_lint_names_file_and_line_and_stops_with_2(fresh):
    line = shipped(fresh, "overrides.yml", HARSH, ("    cap: 35\n", ""))
    said = fresh.do("scorecard", "lint", code=2).talk
    assert "error overrides.gone_dark.cap is missing" in said
    assert re.search(rf"overrides\.yml:{line - 4}\b", said), said
    (fresh.root / "overrides.yml").unlink()
    assert "nothing was scored yet" in fresh.do("scorecard", "lint").talk
    assert "go with --plan" in fresh.do("score", "--out", "x", code=2).talk
    assert "there is nobody to score yet" in fresh.do("score", "--plan", code=2).talk


def test_program_figures_add_up_and_books_are_split(ran):
    document = ran.do("program", "--by", "segment", "--json").json
    assert (document["schema"], len(document["periods"])) == ("program/1", 24)
    for period in document["periods"]:
        total = {m["currency"]: m["opening"] for m in period["total"]["revenue"]}
        parts = [m for group in period["groups"] for m in group["revenue"]]
        assert total == {c: sum(m["opening"] for m in parts if m["currency"] == c) for c in total}
        logos = [group["logos"] for group in period["groups"]]
        assert period["total"]["logos"]["lost"] == sum(one["lost"] for one in logos)
    assert any(period["total"]["logos"]["lost"] for period in document["periods"])
    assert "use one of: segment" in ran.do("program", "--by", "colour", code=2).talk
    books = ran.do("books", "--json").json["books"]
    assert len(books) > 5
    for book in (b for b in books if b["compared"]):
        moved = book["by_customers"] + book["by_coverage"]
        assert book["after"] - book["before"] == pytest.approx(moved, abs=1e-5)
    named = next(book for book in books if book["compared"] and "(" not in book["owner"])
    assert ran.do("books", "--owner", named["owner"], "--json").json["books"] == [named]
    assert "nobody is called 'Nobody'" in ran.do("books", "--owner", "Nobody", code=2).talk


def test_looking_back_is_of_the_day_that_is_asked_for(ran):
    day = ran.do("books", "--json").json["from"]
    then = ran.do("books", "--as-of", day, "--json").json
    assert then["from"] < then["to"] == day
    listed = ("why-not", "Fjord Bank", "--list", "attention")
    for asked in (("contradictions",), ("scorecard", "released"), listed):
        assert ran.do(*asked, "--as-of", day, "--json").json["as_of"] == day
        assert "no scores of 2020-01-01" in ran.do(*asked, "--as-of", "2020-01-01", code=2).talk
    ruled = ("why-not", "Aurora Freight", "--rule", "unhappy_decision_maker", "--json")
    assert [ran.do(*ruled, *of).json["fired"] for of in ((), ("--as-of", day))] == [True, False]


def test_levers_name_the_caps_also_beside_a_judgement_in_a_file(ran):
    said = "{of: Umber Press, says: Good, by: dana@acme.example, on: 2026-11-20}"
    (ran.root / "judgements.yml").write_text(f"version: 1\njudgements:\n  - {said}\n")
    caps = ran.do("levers", "Aurora Freight", "--target", "90", "--json").json["caps"]
    assert [cap["cap"] for cap in caps] == [40, 74]
