"""What a person says of records and entities, and what that takes back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cs_connector.errors import UsageError
from cs_connector.runner import Engine
from cs_connector.runner.identity.decisions import decide, decisions
from cs_connector.runner.identity.report import report
from cs_connector.unify.sql import typed
from tests.unit.engine_kit import engine_of

ONE = [("a1", "crm", "1"), ("a1", "desk", "2"), ("a2", "mail", "3"), ("a3", "book", "DE|7/b|")]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with engine_of(object(), tmp_path) as opened, opened.tables() as con:
        values = ", ".join(f"('{of}', 'account', '{where}', 'x', '{record}')" for of, where, record in ONE)
        con.execute(
            f"CREATE TABLE link AS FROM (VALUES {values}) t(entity_id, entity, connection, object, record_id)"
        )
        told = "SELECT *, 'explicit id' AS method, 1.0 AS confidence, '' AS evidence FROM link"
        opened.publish(con, {"entity/link": told})
        yield opened


def said(engine: Engine) -> set[tuple[str | None, ...]]:
    return {row[1:4] for row in decisions(engine)}


def test_who_links_to_an_entity_again_takes_back_all_that_was_parted_from_it(engine: Engine) -> None:
    parted = decide(engine, "unlink", "mail/x/3", "a1", None)
    assert parted.pairs == [("crm|x|1", "mail|x|3"), ("desk|x|2", "mail|x|3")]
    again = decide(engine, "link", "mail/x/3", "a1", None)
    assert again == ([("crm|x|1", "mail|x|3")], [("desk|x|2", "mail|x|3")])
    assert said(engine) == {("link", "crm|x|1", "mail|x|3")}


def test_a_link_of_two_records_takes_back_nothing_of_others(engine: Engine) -> None:
    decide(engine, "unlink", "mail/x/3", "a1", None)
    assert decide(engine, "link", "mail/x/3", "crm/x/1", None).withdrawn == []
    assert said(engine) == {("link", "crm|x|1", "mail|x|3"), ("unlink", "desk|x|2", "mail|x|3")}


@pytest.mark.parametrize("action", ["link", "unlink"])
@pytest.mark.parametrize("name", ["a1", "crm/x/1"])
def test_an_entity_is_neither_linked_to_itself_nor_parted_from_itself(
    engine: Engine, action: str, name: str
) -> None:
    with pytest.raises(UsageError, match="are the same"):
        decide(engine, action, name, name, None)
    assert decisions(engine) == []


@pytest.mark.parametrize("name", ["DE|7/b|", "book/x/DE|7/b|", typed("book|x|DE|7/b|"), "book|x|DE|7/b|"])
def test_an_id_may_have_any_character_and_is_typed_as_it_is_shown(engine: Engine, name: str) -> None:
    assert decide(engine, "link", name, "crm/x/1", None).pairs == [("book|x|DE|7/b|", "crm|x|1")]
    assert report(engine)["decisions"][0]["left"] == "book/x/DE|7/b|"
