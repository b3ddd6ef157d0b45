"""Our parser of SOQL against one that nobody here wrote: the same queries are accepted and refused."""

from __future__ import annotations

import re

import pytest
from cs_connector.adapters.salesforce.simulator.errors import ApiError
from cs_connector.adapters.salesforce.simulator.soql.operands import RESERVED
from cs_connector.adapters.salesforce.simulator.soql.soql import parse
from hypothesis import HealthCheck, example, given, settings

from .node_child import NodeChild
from .soql_grammar import Tokens, mutated, valid

# The known differences. Ours follows Salesforce's documentation, and the errors that its users report.
ONLY_WE_ACCEPT = {
    "ALL ROWS": "SELECT Id FROM Account ALL ROWS",
    "OFFSET without LIMIT": "SELECT Id FROM Account WHERE Name = 'a' OFFSET 2",
    "a date function in ROLLUP": "SELECT COUNT(Id) FROM Case GROUP BY ROLLUP(CALENDAR_YEAR(CreatedDate))",
    "more than one kind of tracking": "SELECT Id FROM Account FOR VIEW FOR UPDATE",
}
ONLY_THE_OTHER_ACCEPTS = {
    "AND beside OR": "SELECT Id FROM Account WHERE Name = 'a' OR Name = 'b' AND Name = 'c'",
    "conditions side by side": "SELECT Id FROM Account WHERE Name = 'a' NOT Name = 'b'",
    "AND at the beginning": "SELECT Id FROM Account WHERE AND Name = 'b'",
    "COUNT() beside other items": "SELECT COUNT(), Name FROM Account",
    "a function of nothing": "SELECT CALENDAR_YEAR() FROM Account",
    "a word of the language as a name": "SELECT Id FROM Account GROUP GROUP BY Id",
    "an escape that does not exist": "SELECT Id FROM Account WHERE Name = 'a\\x'",
    "IN without parentheses": "SELECT Id FROM Account WHERE Name IN 'a'",
}
EXAMPLES = settings(
    max_examples=200,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


def refusal(text: str) -> str | None:
    try:
        parse(text)
    except ApiError as error:
        assert (error.status, error.code) == (400, "MALFORMED_QUERY")
        return error.message
    return None


def place(message: str) -> tuple[int, str]:
    """The column, from 0, and the token that were not expected."""
    found = re.search(r"Column:(\d+)\nunexpected token: '(.*)'$", message)
    return (int(found[1]) - 1, found[2].upper()) if found else (-1, "")


def known(text: str, message: str) -> bool:
    """Whether we refuse this for one of the reasons for which the other parser does not."""
    at, token = place(message)
    before = text[:at].rstrip()
    if token in RESERVED or before.endswith(("COUNT ( )", "(", " IN", "INCLUDES", "EXCLUDES")):
        return True
    joined = (refusal(f"{before} {word} {text[at:]}") for word in ("AND", "OR"))  # conditions side by side
    return any(found is None or place(found)[0] > at + 4 for found in joined)


@pytest.mark.slow
@EXAMPLES
@given(tokens=valid)
@example(tokens=["SELECT", "Id", "FROM", "Group"])
def test_what_is_valid_is_accepted_by_both(node: NodeChild, tokens: Tokens) -> None:
    text = " ".join(tokens)
    (theirs,) = node.call("soql", "refusals", texts=[text])
    assert (refusal(text), theirs) == (None, None)


@pytest.mark.slow
@EXAMPLES
@given(tokens=mutated())
def test_what_is_broken_is_refused_by_both(node: NodeChild, tokens: Tokens) -> None:
    text = " ".join(tokens)
    (theirs,) = node.call("soql", "refusals", texts=[text])
    ours = refusal(text)
    if ours is not None and theirs is None:
        assert known(text, ours), f"we refuse: {text}\n{ours}"
    else:
        assert (ours is None) == (theirs is None), f"we accept: {text}\nthey: {theirs}"


@pytest.mark.parametrize("name", ONLY_WE_ACCEPT)
def test_the_other_parser_still_refuses(node: NodeChild, name: str) -> None:
    (theirs,) = node.call("soql", "refusals", texts=[ONLY_WE_ACCEPT[name]])
    assert refusal(ONLY_WE_ACCEPT[name]) is None
    assert theirs is not None


@pytest.mark.parametrize("name", ONLY_THE_OTHER_ACCEPTS)
def test_the_other_parser_still_accepts(node: NodeChild, name: str) -> None:
    (theirs,) = node.call("soql", "refusals", texts=[ONLY_THE_OTHER_ACCEPTS[name]])
    assert refusal(ONLY_THE_OTHER_ACCEPTS[name]) is not None
    assert theirs is None
