"""A login is that of the settings which it was made with: after they change, the one of before is another user's or another org's."""

from __future__ import annotations

import pytest
from cs_connector.adapters.salesforce import Salesforce

from cs_connector.ports import Surroundings

from .test_salesforce_adapter import API, LOGIN, FakeClock, Tokens, key_file, wire

__all__ = ["key_file", "wire"]


@pytest.mark.parametrize(
    ("changed", "logins"),
    [
        ({}, 1),
        ({"bulk_from": 9}, 1),
        ({"username": "other@acme.example"}, 2),
        ({"client_id": "another"}, 2),
        ({"audience": "https://test.salesforce.com"}, 2),
        ({"instance_url": "https://acme.my.salesforce.com"}, 2),
        ({"auth": "client_credentials", "client_secret": "s"}, 2),
    ],
)
def test_a_login_of_other_settings_is_not_gone_on_with(wire, key_file, changed, logins):
    given = {"client_id": "app", "username": "robot@acme.example", "private_key_file": key_file}
    clock, tokens = FakeClock(), Tokens()
    wire.get(f"{API}/query", json={"records": [], "done": True})
    for settings in (given, given | changed):
        adapter = Salesforce(Salesforce.Settings(**settings), Surroundings("sales", clock, tokens))
        adapter.find("Task", "CS_Key__c", ["k"])
        adapter.close()
    assert sum(call.request.url == LOGIN for call in wire.calls) == logins
