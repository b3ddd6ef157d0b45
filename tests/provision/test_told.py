"""What a person reads of a plan: what differs, and what that means."""

from __future__ import annotations

from typing import Any

from rich.text import Text

from cs_connector.console.provisions import told


def piece(name: str, standing: str, **more: Any) -> dict[str, Any]:
    plain = {"kind": "property", "name": name, "part": "core", "standing": standing, "ours": False}
    return {**plain, "differences": [], "filled": None, "result": None, **more}


def said(command: str, *pieces: dict[str, Any], **more: Any) -> list[str]:
    site = {
        "name": "marketing", "org_id": "42", "org_name": "Portal [42]", "sandbox": False, "installations": [],
        "pieces": list(pieces), "storage": None, "guard": [], **more,
    }  # fmt: skip
    lines: list[str] = []
    told(lines.append, {"command": command, "connections": [site]})
    return [Text.from_markup(line).plain.strip() for line in lines]


def test_production_is_called_so_and_long_lists_are_cut() -> None:
    lines = said("plan", *(piece(f"companies.cs_{n}", "create") for n in range(15)))
    assert lines[0] == "marketing  Portal [42] (42), PRODUCTION"
    assert lines[2].startswith("property companies: cs_0, cs_1")
    assert lines[2].endswith("and 3 more")
    assert lines[-1].startswith("15 to do. Nothing changed yet")


def test_of_two_lists_only_what_the_other_lacks_is_told() -> None:
    green, red, lost = ({"label": name, "value": name.lower()} for name in ("Green", "Red", "Lost"))
    differing = {"field": "options", "from": [green, lost], "to": [green, red], "kept": True}
    lines = said("plan", piece("companies.cs_health_band", "edited", differences=[differing]))
    assert "options: also Lost, lacks Red" in lines
    assert "1 of it otherwise than we would have it" in lines[-1]


def test_what_goes_with_a_field_is_counted() -> None:
    lines = said("destroy", piece("companies.cs_health_score", "left_over", filled=1200))
    assert "1,200 records have property companies.cs_health_score; that goes, too" in lines


def test_what_was_refused_is_told_with_the_reason_and_what_to_do() -> None:
    refused = {"verdict": "rejected", "code": "NO", "message": "at most [10] unique properties"}
    made = {"verdict": "created", "code": "", "message": ""}
    lines = said(
        "apply",
        piece("companies.cs_key", "create", result=refused),
        piece("companies.cs_arr", "create", result=made),
    )
    assert "✗ property companies.cs_key: at most [10] unique properties" in lines
    assert lines[-1].startswith("1 were refused; everything else is done.")


def test_another_installation_is_named() -> None:
    lines = said("plan", piece("companies.cs_key", "not_ours"), installations=["4f3a"])
    assert any("another installation of cs-connector, 4f3a" in line for line in lines)
