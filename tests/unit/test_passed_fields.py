"""Fields that were passed through are texts and numbers of formulas, and what is none of them is nothing."""

from __future__ import annotations

import pytest

from cs_connector.errors import FormulaError
from cs_connector.language.executor import connect, sql
from cs_connector.language.expression import parse

TYPES = {"custom": "VARCHAR", "account_custom": "VARCHAR", "name": "VARCHAR"}
SAID = '{"Size__c":12.5,"As text":"-7e1","Open__c":true,"Range__c":"10-20","Long__c":"1e999"}'


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("number(field(custom, 'Size__c')) * 2", 25),
        ("number(field(custom, 'As text'))", -70),
        ("field(custom, 'Open__c')", "true"),
        ("number(field(custom, 'Range__c'))", None),
        ("number(field(custom, 'Long__c'))", None),
        ("field(custom, 'Nowhere__c')", None),
        ("field(account_custom, 'Size__c')", None),
    ],
)
def test_a_field_that_was_passed_through_is_read(formula: str, value: object) -> None:
    query = f"SELECT {sql(parse(formula, TYPES).tree)} FROM (SELECT ? AS custom, 'no JSON' AS account_custom)"
    with connect(threads=1) as con:
        assert con.execute(query, [SAID]).fetchall() == [(value,)]


@pytest.mark.parametrize(
    ("formula", "fix"),
    [
        ("field(name, 'Size__c')", "write field(custom, 'Name__c')"),
        ("field(custom, name)", "write one like field(custom, 'Name__c')"),
        ("field(custom, 'a\"b')", "write one like field(custom, 'Name__c')"),
        ("number(1)", "change the formula"),
    ],
)
def test_what_is_no_such_field_is_refused(formula: str, fix: str) -> None:
    with pytest.raises(FormulaError) as caught:
        parse(formula, TYPES)
    assert caught.value.fix == fix
