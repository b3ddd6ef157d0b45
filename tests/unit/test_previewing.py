"""mapping preview: which record an attribute is said to come from."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from cs_connector import registry
from cs_connector.config import open_project
from cs_connector.errors import UsageError
from cs_connector.runner import open_engine
from cs_connector.runner.previewing import _attribute, preview
from cs_connector.unify.declared.precedence import NOTHING


def said(connection: str, rank: int, **read: Any) -> dict[str, Any]:
    fields = {name: {name: value} for name, value in read.items()}
    where = {"connection": connection, "object": "Account", "id": "1", "rank": rank, "adds": False}
    return {**where, "read": read, "fields": fields}


def marks(attribute: dict[str, Any]) -> list[tuple[str, bool, bool]]:
    return [(one["connection"], one["counts"], one["disagrees"]) for one in attribute["said"]]


def test_the_first_record_that_says_anything_counts() -> None:
    records = [said("b", 1, arr=20), said("a", 0, arr=None), said("c", 2, arr=30)]
    found = _attribute("arr", 20, records, NOTHING, {})
    assert marks(found) == [("a", False, False), ("b", True, False), ("c", False, True)]
    assert found["made_of"] is None


def test_no_record_counts_where_relationships_stand_above_it() -> None:
    records = [said("a", 0, arr=20), said("b", 1, arr=50)]
    found = _attribute("arr", 50, records, NOTHING, {}, "its relationships")
    assert marks(found) == [("a", False, True), ("b", False, False)]
    assert (found["value"], found["made_of"]) == (50, "its relationships")


def test_a_parent_that_was_cut_does_not_count_and_one_that_was_not_does() -> None:
    records = [said("a", 0, parent_id="a|Account|1")]
    cut = _attribute("parent_id", None, records, NOTHING, {"a|Account|1": "acc_1"}, "the tree of accounts")
    assert (marks(cut), cut["made_of"]) == ([("a", False, True)], "the tree of accounts")
    kept = _attribute(
        "parent_id", "acc_1", records, NOTHING, {"a|Account|1": "acc_1"}, "the tree of accounts"
    )
    assert (marks(kept), kept["made_of"]) == ([("a", True, False)], None)


PROJECT = """version: 1
connections:
  crm:
    adapter: files
    write: false
    mapping: books
    settings: {root: data, objects: {accounts: {pattern: accounts.csv, key: [id]}}}
"""
MAPPING = """version: 1
crm: files
read:
  - object: accounts
    entity: account
    distinct: true
    fields:
      name: name
      industry: {field: parent, through: {object: accounts, field: sector}}
"""


@pytest.mark.slow
def test_a_field_of_another_record_of_the_same_object_is_shown_as_it_is_read(tmp_path: Path) -> None:
    """A record is named as reports name it, too."""
    for name in ("data", "mappings"):
        (tmp_path / name).mkdir()
    (tmp_path / "cs-connector.yml").write_text(PROJECT)
    (tmp_path / "mappings" / "books.yml").write_text(MAPPING)
    (tmp_path / "data" / "accounts.csv").write_text("id,name,parent,sector\n1,North,,Shops\n2,South,1,\n")
    engine = open_engine(open_project(tmp_path, registry.shipped()), date(2026, 11, 10), exclusive=True)
    for job in ("sync", "unify"):
        registry.job(job)(engine)
    shown = preview(engine, "crm/accounts/2")
    with pytest.raises(UsageError, match="no account called"):
        preview(engine, "crm/accounts/3")
    engine.close()
    (industry,) = (one for one in shown["attributes"] if one["attribute"] == "industry")
    assert (industry["value"], [one["read"] for one in industry["said"]]) == ("Shops", ["Shops"])
