"""mapping check of a whole project: everything that is wrong with its files, against live and saved systems."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from cs_connector import registry
from cs_connector.config import open_project
from cs_connector.errors import Unavailable, UsageError
from cs_connector.ports import Document, FieldInfo, ObjectInfo
from cs_connector.runner import Engine, mappings, open_engine, proposals
from cs_connector.sandbox import shape
from cs_connector.unify import load_mapping

BASE = """\
version: 1
crm: sales
write_root: own
read:
  - object: Account
    entity: account
    fields:
      name: Name
      industry: Industry
      segment: {field: own.Tier, lookup: tiers}
write:
  - object: Account
    source: account
    fields: {Band: band}
"""
OVER = "version: 1\nextends: base\nread:\n  - object: Account\n    entity: account\n    fields: {name: Nane, kind: {const: x, field: y}}\n"
FIELDS = ("Name", "Industry", "own.Tier", "own.Band")


class Shown:
    """A system that describes one object, or is not there at all."""

    def __init__(self, *, live: bool = True) -> None:
        self.live = live

    def seek(self, _name: str, _fields: Sequence[str]) -> list[FieldInfo]:
        return []

    def describe(self, objects: Sequence[str]) -> list[ObjectInfo]:
        assert self.live
        return [self.info("Account", (*FIELDS, "Band"))]

    def shown(self, document: Document) -> ObjectInfo | None:
        return (
            self.info(document.path.partition("/")[2], document.body["fields"])
            if "/" in document.path
            else None
        )

    def info(self, name: str, fields: Sequence[str]) -> ObjectInfo:
        return ObjectInfo(
            name, tuple(FieldInfo(field, "string", writable="." not in field) for field in fields)
        )


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "mappings" / "lookups").mkdir(parents=True)
    (tmp_path / "mappings" / "lookups" / "tiers.yml").write_text(
        "version: 1\nvalues: {A: Big}\ndefault: null\n"
    )
    (tmp_path / "mappings" / "base.yml").write_text(BASE)
    (tmp_path / "mappings" / "mine.yml").write_text(OVER)
    one = "adapter: files, settings: {root: ., objects: {}}"
    (tmp_path / "cs-connector.yml").write_text(
        f"version: 1\nconnections:\n  sales: {{mapping: base, {one}}}\n  more: {{mapping: mine, {one}}}\n  same: {{mapping: mine, {one}}}\n"
    )
    opened = open_engine(open_project(tmp_path, registry.shipped()))
    opened._adapters |= dict.fromkeys(("sales", "more", "same"), Shown())  # type: ignore[arg-type]
    yield opened
    opened._adapters.clear()
    opened.close()


def told(engine: Engine, saved: Path | None = None) -> list[tuple[str, str, str]]:
    return [
        (p.connection, p.place.rpartition("/")[2], p.what) for p in mappings.check(engine, saved).problems
    ]


WRONG = [
    ("more", "mine.yml:6:26", "read.0.fields.kind is not valid: it has field and const: exactly one of field, first, join, const, formula is needed"),
    ("more", "mine.yml:6", "Account.Nane is not a field that this login sees"),
]  # fmt: skip


def test_every_mistake_of_every_file_is_told_once(engine: Engine) -> None:
    assert told(engine) == WRONG


def test_mistakes_of_what_else_is_declared_hide_none_of_the_mappings(engine: Engine) -> None:
    folder = engine.project.root / "mappings"
    (folder / "customers.yml").write_text("version: 1\nany_of: [live_subscribtion]\n")
    (folder / "relationships.yml").write_text("version: 1\nowner: []\n")
    (folder / "precedence.yml").write_text("version: 1\naccount:\n  nam: [sales]\n")
    found = told(engine)
    assert [row[1].split(":")[:2] for row in found[:3]] == [
        ["customers.yml", "2"],
        ["relationships.yml", "2"],
        ["precedence.yml", "3"],
    ]
    assert found[3:] == WRONG


ABROAD = """    same_as: {crm: salesforse, object: Account, field: Name}
  - object: Account
    entity: person
    fields: {account_id: {link: account, crm: sales, object: Acount, field: Name}, name: Name}
"""


def test_a_reference_into_another_system_leads_to_what_is_read_there(engine: Engine) -> None:
    text = BASE.replace("crm: sales", "crm: memory").partition("write:")[0] + ABROAD
    (engine.project.root / "mappings" / "mine.yml").write_text(text)
    assert [row for row in told(engine) if row[0] == "more"] == [
        ("more", "mine.yml:11", "salesforse is no system"),
        ("more", "mine.yml:14", "Acount of sales is not read, so it leads nowhere"),
    ]


def test_a_saved_system_is_as_good_as_a_live_one(engine: Engine, tmp_path: Path) -> None:
    for name in ("sales", "more"):
        documents = [("describe/Account", {"fields": FIELDS}), ("limits", {})]
        shape.save(tmp_path / "shape", shape.System(name, "sales"), documents)
    engine._adapters |= dict.fromkeys(("sales", "more", "same"), Shown(live=False))  # type: ignore[arg-type]
    assert told(engine, tmp_path / "shape") == WRONG
    assert mappings.check(engine, tmp_path / "shape").unseen == ("same.Account",)  # it was not saved


def test_a_system_that_is_away_hides_no_mistake_of_a_file(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_self: Shown, _objects: Sequence[str]) -> list[ObjectInfo]:
        raise Unavailable("nobody answers")

    monkeypatch.setattr(Shown, "describe", away)
    assert told(engine) == [
        WRONG[0],
        ("sales", "sales", "nobody answers"),
        *((name, name, "nobody answers") for name in ("more", "same")),
    ]
    (engine.project.root / "mappings" / "mine.yml").write_text("version: 1\nextends: base\n")
    with pytest.raises(Unavailable):
        mappings.check(engine)


def test_a_folder_with_other_systems_is_refused(engine: Engine, tmp_path: Path) -> None:
    shape.save(
        tmp_path / "shape", shape.System("elsewhere", "sales"), [("describe/Account", {"fields": FIELDS})]
    )
    with pytest.raises(UsageError, match="none of the connections") as caught:
        mappings.check(engine, tmp_path / "shape")
    assert caught.value.why == "it has elsewhere"


def test_a_proposal_for_an_overlay_is_a_whole_mapping(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "mappings" / "mine.yml").write_text(OVER.replace(", kind: {const: x, field: y}", ""))
    source = next(s for s in engine.sources() if s.connection == "more")
    path = proposals.write(engine, source, [Shown().info("Account", FIELDS)])
    assert "extends" not in YAML(typ="safe").load(path.read_text())
    made = load_mapping(path, engine.project.layers)
    assert sorted(made.read[0].fields) == ["industry", "segment"]
    assert made.read[0].fields["segment"].values == {"A": "Big"}
