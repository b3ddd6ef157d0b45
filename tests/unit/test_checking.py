"""What doctor finds wrong with a login that works: permissions, allowance, clocks."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cs_connector.adapters.files import Files

from cs_connector.errors import ConnectorError, Unavailable, UsageError
from cs_connector.ports import Identity, Release, Scope, Usage
from cs_connector.runner import checking, discovering
from cs_connector.testing.surroundings import surroundings

from .engine_kit import engine_of


def engine(
    scopes: tuple[str, ...] = (),
    usage: Usage = Usage(1),  # noqa: B008
    withdrawn: tuple[str, ...] = (),
    release: Release | None = None,
) -> Any:
    adapter = SimpleNamespace(
        scopes=(Scope("read", "accounts"), Scope("write", "health fields")),
        capabilities=SimpleNamespace(writes=True, deletes=True),
        check=lambda: Identity("crm", "1", "Acme", sandbox=True, scopes=scopes),
        usage=lambda: usage,
        release=lambda: release,
        face=lambda _parts: (),
        storage=lambda: None,
    )
    state = SimpleNamespace(
        read=lambda: nullcontext(SimpleNamespace(scalars=lambda _query: iter(withdrawn))),
        check=lambda: None,
        engine=SimpleNamespace(dialect=SimpleNamespace(name="postgresql")),
    )
    return SimpleNamespace(
        project=SimpleNamespace(
            settings=SimpleNamespace(connections={"sales": SimpleNamespace(reserve=0.2, write=False)})
        ),
        adapter=lambda _: adapter,
        identify=lambda _: adapter.check(),
        clock=SimpleNamespace(now=lambda: datetime(2026, 11, 25, tzinfo=UTC)),
        store=SimpleNamespace(state=state, facts=SimpleNamespace(datasets=list)),
    )


def found(**more: Any) -> dict[str, dict[str, Any]]:
    return {line["name"]: line for line in checking.check(engine(**more))}


def test_a_permission_that_is_lacking_is_named_with_its_reason() -> None:
    line = found(scopes=("read", "other"))["sales permissions"]
    assert not line["ok"]
    assert "write (health fields)" in line["text"]
    assert "connect sales" in line["fix"]
    assert found(scopes=("read", "write"))["sales permissions"]["ok"]


def test_a_crm_that_does_not_tell_permissions_is_not_blamed() -> None:
    assert "sales permissions" not in found()


@pytest.mark.parametrize(
    ("ends", "ok"), [(date(2027, 5, 24), True), (date(2027, 5, 23), False), (None, True)]
)
def test_a_version_that_ends_within_half_a_year_is_named(ends: date | None, ok: bool) -> None:
    line = found(release=Release("40.0", "31.0", "67.0", ends))["sales version"]
    assert line["ok"] is ok
    assert "40.0" in line["text"]
    assert ok or "api_version of sales to 67.0" in line["fix"]
    assert "sales version" not in found()


@pytest.mark.parametrize(("left", "ok"), [(200, True), (199, False)])
def test_an_allowance_that_is_down_to_the_reserve_is_named(left: int, ok: bool) -> None:
    line = found(usage=Usage(1, 1000, left))["sales allowance"]
    assert line["ok"] is ok
    assert f"{left} of 1,000" in line["text"]


@pytest.mark.parametrize(("skew", "ok"), [(0.0, True), (-59.0, True), (61.0, False), (-600.0, False)])
def test_clocks_that_are_far_apart_are_named(skew: float, ok: bool) -> None:
    assert found(usage=Usage(1, skew=skew))["sales clock"]["ok"] is ok


def test_one_is_not_told_as_many() -> None:
    one = engine(scopes=("read",), usage=Usage(1, skew=-1.2))
    one.adapter("sales").scopes = one.adapter("sales").scopes[:1]
    said = {line["name"]: line["text"] for line in checking.check(one)}
    assert said["sales permissions"] == "the one that is needed"
    assert said["sales clock"] == "1 second apart"


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        ({}, 0),
        ({"usage": Usage(1, 1000, 199)}, 4),
        ({"usage": Usage(1, skew=-600.0)}, 3),
        ({"scopes": ("read",)}, 3),
        ({"scopes": ("read",), "usage": Usage(1, 1000, 199)}, 3),
    ],
)
def test_the_exit_code_says_what_is_wrong(broken: dict[str, Any], code: int) -> None:
    """Whoever waits for a new day needs no person; a person comes first where both are needed."""
    assert checking.ends(checking.check(engine(**broken))) == code


def test_a_crm_that_does_not_answer_has_a_way_out() -> None:
    """`sync` sends people to doctor then, so that doctor may not end with the bare fact."""

    def away(_name: str) -> Identity:
        raise Unavailable("api.crm.example cannot be reached")

    one = engine()
    one.identify = away
    line = next(line for line in checking.check(one) if line["name"] == "connection sales")
    assert not line["ok"]
    assert "network" in line["fix"]


def test_an_object_that_may_not_be_read_any_more_is_named() -> None:
    """Its CRM does not say so: an optional object without permission looks like one that is not there."""
    line = found(withdrawn=("ratings", "surveys"))["sales objects"]
    assert (line["ok"], line["exit"]) == (False, 3)
    assert line["text"] == "the last sync could not read ratings, surveys any more"
    assert "sales objects" not in found()


def test_fields_of_ours_that_are_missing_are_the_admins() -> None:
    lines = [
        {"name": "sales fields", "ok": False, "text": "", "fix": "", "exit": ConnectorError("").exit_code}
    ]
    assert checking.ends(lines) == 3


def test_a_pattern_that_finds_no_file_is_named_before_anything_is_read(tmp_path: Path) -> None:
    system = Files(
        Files.Settings(
            root=tmp_path,
            objects={name: {"pattern": f"{name}/*.csv", "key": ["id"]} for name in ("usage", "invoices")},
        ),
        surroundings("crm"),
    )
    (tmp_path / "usage").mkdir()
    (tmp_path / "usage" / "a.csv").write_text("id\n1\n")
    with engine_of(system, tmp_path) as opened:
        line = next(line for line in checking.check(opened) if line["name"] == "crm objects")
        assert (line["ok"], line["exit"]) == (False, 2)
        assert "invoices" in line["text"]
        (tmp_path / "invoices").mkdir()
        (tmp_path / "invoices" / "b.csv").write_text("id\n1\n")
        line = next(line for line in checking.check(opened) if line["name"] == "crm objects")
        assert line["ok"]
        assert "rows that are deleted from these files stay known here" in line["text"]


def test_a_shape_is_not_saved_where_a_file_is(tmp_path: Path) -> None:
    (tmp_path / "shape").write_text("notes")
    with engine_of(SimpleNamespace(), tmp_path) as opened, pytest.raises(UsageError, match="is a file"):
        discovering.discover(opened, None, tmp_path / "shape", [])
    assert (tmp_path / "shape").read_text() == "notes"
