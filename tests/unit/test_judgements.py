"""A person's judgement: in a field of the CRM or in a file, newest first, never by nobody, and not for ever."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from cs_connector.health import explain
from cs_connector.health.linting.observed import observed
from cs_connector.measure.judgements import unheard
from tests.unit.health_tables import AS_OF, SHIPPED, World, definitions, refused
from tests.unit.test_scorecard_lint import TYPES

ENTRY = """\
version: 1
judgements:
  - of: Account a1
    says: At risk
    by: dana@acme.example
    on: 2026-11-20
    until: 2026-12-31
    why: the sponsor is leaving
"""


def layer(folder: Path, text: str = ENTRY) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "judgements.yml").write_text(text)
    return folder


def test_a_judgement_in_a_file_counts_and_is_shown_with_who_said_it(tmp_path: Path) -> None:
    world = World().customer().customer("a2", "r2").users(80).tickets(0)
    scores = world.score(layer(tmp_path))
    row = scores.snapshot()
    assert (scores.metric("csm_judgement"), row["override"], row["score"]) == (0, "csm_at_risk", 60)
    assert scores.metric("csm_judgement", "r2") is None
    measures = {m["measure"]: m for m in explain(scores.con, definitions(tmp_path), "r1")["measures"]}
    assert measures["csm_judgement"]["sources"] == [
        {"connection": "project", "object": "judgements.yml:3", "id": "dana@acme.example"}
    ]
    assert measures["active_share"]["sources"] != measures["csm_judgement"]["sources"]
    other = {m["measure"]: m for m in explain(scores.con, definitions(tmp_path), "r2")["measures"]}
    assert [one["csm_judgement"]["left_out"] for one in (measures, other)] == [False, True]


def test_the_newest_word_counts_and_on_one_day_the_crms(tmp_path: Path) -> None:
    """What the CRM says of each account, and what comes out beside `At risk` of 20 November."""
    said = {
        "r1": (date(2026, 11, 21), 100),
        "r2": (date(2026, 11, 20), 100),
        "r3": (date(2026, 11, 19), 0),
        "r4": (None, 0),
    }
    world, text = World(), "version: 1\njudgements:\n"
    for name, (on, _) in said.items():
        world.customer(f"a{name}", name, csm_judgement=on and "Good", csm_judgement_on=on)
        text += f"  - {{of: {name}, says: At risk, by: Dana, on: 2026-11-20}}\n"
    scores = world.score(layer(tmp_path, text))
    assert {name: scores.metric("csm_judgement", name) for name in said} == {
        name: value for name, (_, value) in said.items()
    }


def test_tomorrows_expired_and_less_particular_words_do_not_count(tmp_path: Path) -> None:
    lines = (
        "{of: r1, says: Good, by: Dana, on: 2026-11-26}",  # tomorrow
        "{of: r2, says: Good, by: Dana, on: 2026-08-26}",  # 91 days ago
        "{of: r3, says: Good, by: Dana, on: 2026-11-20, until: 2026-11-24}",
        "{of: Account a4, says: Concerned, by: Dana, on: 2026-11-20}",
        "{of: r5, says: Good, by: Dana, on: 2026-11-20}",
        "{of: Account a4, says: Concerned, by: Dana, on: 2026-11-20}",
    )
    world = World().customer().customer("a2", "r2").customer("a3", "r3")
    world.customer("a4", "r4", product="A").customer("a4", "r5", product="B")
    scores = world.score(
        layer(tmp_path, "version: 1\njudgements:\n" + "".join(f"  - {line}\n" for line in lines))
    )
    assert [scores.metric("csm_judgement", f"r{n}") for n in range(1, 6)] == [None, None, None, 50, 100]


WRONG = {
    "by nobody": ("    by: dana@acme.example\n", "", 3, "judgements.0.by is missing"),
    "by a blank": ("dana@acme.example", '" "', 5, "judgements.0.by is not valid"),
    "another word": ("At risk", "Terrible", 4, "judgements.0.says is not valid"),
    "it ends before it begins": ("2026-12-31", "2026-11-01", 7, "judgements.0.until is not valid"),
    "no day": ("    on: 2026-11-20\n", "", 3, "judgements.0.on is missing"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_manual_score_by_nobody_is_an_error_with_file_and_line(name: str, tmp_path: Path) -> None:
    old, new, line, what = WRONG[name]
    layers = [SHIPPED, layer(tmp_path, ENTRY.replace(old, new))]
    assert refused(layers, TYPES) == {("judgements.yml", line, what)}


def test_a_name_that_several_customers_have_is_warned_of(tmp_path: Path) -> None:
    found = definitions(layer(tmp_path, ENTRY.replace("of: ", "of: Namesakes #")))
    con = World().customer().account("a2", name="Namesakes").account("a3", name="Namesakes").connection()
    con.execute(
        f"""CREATE TABLE snapshot AS SELECT 'relationship' AS entity, 'r1' AS entity_id, TRUE AS main, DATE '{AS_OF}' AS on_date,
        'standard' AS scorecard, NULL::VARCHAR AS override; CREATE TABLE metric_value AS SELECT 'r1' AS relationship_id, 'nps' AS metric,
        DATE '{AS_OF}' AS on_date, 9.0 AS value"""
    )
    named = [d for d in observed(con, found, [SHIPPED, tmp_path]) if "are called" in d.what]
    assert [(d.what, d.why) for d in named] == [
        ("2 accounts are called 'Namesakes'", "the judgement counts for each of them")
    ]


def test_a_judgement_of_nobody_is_warned_of(tmp_path: Path) -> None:
    found = definitions(
        layer(tmp_path, ENTRY + "  - {of: Acount a1, says: Good, by: Dana, on: 2026-11-20}\n")
    )
    con = World().customer().connection()
    assert unheard(con, [one.entry.of for one in found.metrics.judgements]) == {"Acount a1"}
    con.execute(
        f"""CREATE TABLE snapshot AS SELECT 'relationship' AS entity, 'r1' AS entity_id, TRUE AS main, DATE '{AS_OF}' AS on_date,
        'standard' AS scorecard, NULL::VARCHAR AS override; CREATE TABLE metric_value AS SELECT 'r1' AS relationship_id, 'nps' AS metric,
        DATE '{AS_OF}' AS on_date, 9.0 AS value"""
    )
    named = [d for d in observed(con, found, [SHIPPED, tmp_path]) if d.what.startswith("nobody is called")]
    assert [(d.what, d.place.line) for d in named] == [("nobody is called 'Acount a1'", 9)]
