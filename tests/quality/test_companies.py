"""Labelled companies of four systems: no wrong one in two hundred, and most of what is the same is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from . import kit

FOLDER = Path(__file__).with_name("companies")


@pytest.mark.slow
@pytest.mark.parametrize(("part", "least", "b_cubed"), [("dev", 0.95, 0.985), ("held_out", 0.90, 0.98)])
def test_companies_are_found_without_a_wrong_one(part: str, least: float, b_cubed: float) -> None:
    rows = kit.read(FOLDER / f"{part}.csv")
    with kit.executor() as con:
        kit.stage(con, "account", kit.companies(rows))
        found = kit.groups(con, "account")
    fit = kit.fit(found, {row["record"]: row["entity"] for row in rows})
    assert fit.precision >= 0.995
    assert fit.recall >= least
    assert fit.b_cubed >= b_cubed


def test_no_family_is_in_both_parts() -> None:
    dev, held_out = (
        {row["family"] for row in kit.read(FOLDER / f"{part}.csv")} for part in ("dev", "held_out")
    )
    assert dev
    assert held_out
    assert not dev & held_out


def test_the_measures_tell_a_wrong_group_from_a_missing_one() -> None:
    truth = {"a": "1", "b": "1", "c": "1", "d": "2"}
    assert kit.fit(truth, truth) == kit.Fit(1.0, 1.0, 1.0, 1.0)
    merged = kit.fit(dict.fromkeys(truth, "x"), truth)
    assert (merged.precision, merged.recall) == (0.5, 1.0)
    split = kit.fit({ref: ref for ref in truth}, truth)
    assert (split.precision, split.recall) == (1.0, 0.0)
    assert split.b_cubed == pytest.approx(2 * 0.5 / 1.5)
