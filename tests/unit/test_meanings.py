"""What notebooks say of the columns of entities: none is left without a word, and money says in which currency it is."""

from __future__ import annotations

import pytest

from cs_connector.measure.meanings import described
from cs_connector.model import ENTITIES, MONEY


@pytest.mark.parametrize("name", ENTITIES)
def test_every_column_of_an_entity_has_a_type_and_a_meaning(name: str) -> None:
    told = described(name)
    assert [column for column, *_ in told] == [c.name for c in ENTITIES[name].columns]
    assert [column for column, type_, _, meaning in told if not type_ or not meaning] == []


def test_money_says_in_which_currency_it_is() -> None:
    told = {(name, column): unit for name in ENTITIES for column, _, unit, _ in described(name)}
    money = [(e.name, c.name) for e in ENTITIES.values() for c in e.columns if c.type == MONEY]
    assert all(told[one].startswith("money in ") for one in money)
    assert told["invoice", "amount"] == "money in `currency`"
    assert told["opportunity", "amount"] == "money in the account's currency"
