"""An answer that no documentation describes, to the first things that are asked: told as the CRM's doing, never as a crash."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import responses
from cs_connector.adapters.hubspot import HubSpot
from cs_connector.adapters.salesforce import Salesforce
from cs_connector.adapters.zendesk import Zendesk

from cs_connector.errors import AdapterError, Unavailable, about
from cs_connector.ports import Adapter
from cs_connector.testing.surroundings import surroundings

LOGIN = {"access_token": "t1", "instance_url": "https://acme.my.salesforce.com", "scope": "api id"}
ODD = {
    "an error inside a 200": (200, "application/json", '{"error": "odd", "message": "something is wrong"}'),
    "a list": (200, "application/json", '[{"errorCode": "ODD", "message": "wrong"}]'),
    "null": (200, "application/json", "null"),
    "nothing": (200, "application/json", ""),
    "an empty object": (200, "application/json", "{}"),
    "a page that says it is JSON": (200, "application/json", "<html>log in</html>"),
    "a page": (404, "text/html", "<html>nope</html>"),
    "another error": (400, "application/json", '{"x": 1}'),
    "a firewall": (403, "text/html", "<html>blocked</html>"),
    "a proxy": (407, "text/html", "<html>who are you?</html>"),
}
MADE = {
    "salesforce": (
        lambda: Salesforce(
            Salesforce.Settings(auth="client_credentials", client_id="app", client_secret="s"), surroundings()
        ),
        "Account",
    ),
    "hubspot": (lambda: HubSpot(HubSpot.Settings(access_token="t0"), surroundings()), "companies"),
    "zendesk": (
        lambda: Zendesk(Zendesk.Settings(subdomain="acme", access_token="t0"), surroundings()),
        "organizations",
    ),
}


@pytest.fixture(params=MADE)
def crm(request: pytest.FixtureRequest) -> Iterator[tuple[Adapter, str]]:
    make, name = MADE[request.param]
    adapter = make()
    yield adapter, name
    adapter.close()


@responses.activate
@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_who_a_crm_is_and_what_it_has_may_be_answered_oddly(
    crm: tuple[Adapter, str], odd: tuple[int, str, str]
) -> None:
    adapter, name = crm
    responses.post(re.compile(r".*/services/oauth2/token"), json=LOGIN)
    status, kind, body = odd
    for method in ("GET", "POST"):
        responses.add(method, re.compile(r"https://.*"), status=status, content_type=kind, body=body)
    with pytest.raises(AdapterError):
        adapter.check()
    try:
        adapter.describe([name])
    except AdapterError as error:
        assert error.what


def test_an_error_that_says_no_way_out_gets_one() -> None:
    with pytest.raises(Unavailable) as raised, about("sales", "nothing was lost"):
        raise Unavailable("Salesforce does not answer")
    assert "cs-connector doctor" in raised.value.fix
    assert "sales" in raised.value.fix
