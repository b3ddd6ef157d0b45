"""Extraction taps, unmodified: their hosts lead to the simulators."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from . import summary
from .stage import Crms
from .tap import Tap, plain

pytestmark = [pytest.mark.slow]
HUBSPOT_STREAMS = {
    "companies": "hs_lastmodifieddate", "contacts": "lastmodifieddate", "deals": "hs_lastmodifieddate",
    "tasks": "hs_lastmodifieddate", "feedback_submissions": None, "owners": None, "tickets": None,
}  # fmt: skip
# Streams of tap-hubspot that the catalog must name, or it would look for their fields.
NOT_ASKED = (
    "calls", "communications", "deal_pipelines", "email_subscriptions", "emails", "goal_targets", "leads", "line_items",
    "meetings", "notes", "postal_mail", "products", "properties", "quotes", "teams", "ticket_pipelines", "users",
)  # fmt: skip
# Its own discovery also tries what is not simulated, and tries again for ever.
ZENDESK_STREAMS = ("organizations", "users", "tickets", "satisfaction_ratings", "ticket_fields")
ZENDESK_CATALOG = f"""
import json, sys
from tap_zendesk.streams import STREAMS
from zenpy import Zenpy
config = json.load(open(sys.argv[1]))
client = Zenpy(subdomain=config["subdomain"], oauth_token=config["access_token"])
streams = [STREAMS[name](client, config) for name in {ZENDESK_STREAMS!r}]
found = [
    {{"stream": s.name, "tap_stream_id": s.name, "schema": s.load_schema(), "metadata": s.load_metadata()}} for s in streams
]
print(json.dumps({{"streams": found}}))
"""
SALESFORCE_STREAMS = ("Contact", "Case", "User", "Subscription__c")
START = "2024-01-01T00:00:00Z"


def written(folder: Path, **config: Any) -> Path:
    file = folder / "config.json"
    file.write_text(json.dumps({"start_date": START, **config}))
    return file


@pytest.fixture(scope="module")
def hubspot(crms: Crms, tmp_path_factory: pytest.TempPathFactory) -> Tap:
    config = written(tmp_path_factory.mktemp("tap"), access_token=crms.hubspot["access_token"])
    return Tap("meltano-tap-hubspot", "tap-hubspot", config, {"api.hubapi.com": crms.hubspot["base_url"]})


@pytest.fixture(scope="module")
def zendesk(crms: Crms, tmp_path_factory: pytest.TempPathFactory) -> Tap:
    login = crms.zendesk
    config = written(
        tmp_path_factory.mktemp("tap"), subdomain=login["subdomain"], access_token=login["access_token"]
    )
    return Tap("tap-zendesk", "tap-zendesk", config, {f"{login['subdomain']}.zendesk.com": login["base_url"]})


@pytest.fixture(scope="module")
def salesforce(crms: Crms, tmp_path_factory: pytest.TempPathFactory) -> Tap:
    login = crms.salesforce
    config = written(
        tmp_path_factory.mktemp("tap"),
        client_id=login["client_id"],
        client_secret=login["client_secret"],
        refresh_token=refresh_token(login),
        api_type="REST",
        select_fields_by_default=True,
    )
    return Tap("tap-salesforce", "tap-salesforce", config, {"login.salesforce.com": login["base_url"]})


def refresh_token(login: dict[str, str]) -> str:
    """As an admin gets one in a browser."""
    back, oauth = "http://localhost/back", f"{login['base_url']}/services/oauth2"
    ask = {"response_type": "code", "client_id": login["client_id"], "redirect_uri": back}
    there = requests.get(f"{oauth}/authorize", params=ask, allow_redirects=False, timeout=10).headers[
        "location"
    ]
    form = {
        "grant_type": "authorization_code",
        "code": parse_qs(urlsplit(there).query)["code"][0],
        "client_id": login["client_id"],
        "client_secret": login["client_secret"],
        "redirect_uri": back,
    }
    answer = requests.post(f"{oauth}/token", data=form, timeout=10)
    answer.raise_for_status()
    return str(answer.json()["refresh_token"])


def soql(crms: Crms, text: str) -> int:
    login = crms.salesforce
    headers = {"authorization": f"Bearer {login['access_token']}"}
    url = f"{login['base_url']}/services/data/v67.0/query"
    return int(requests.get(url, params={"q": text}, headers=headers, timeout=10).json()["totalSize"])


def test_tap_hubspot(hubspot: Tap, crms: Crms, record_property: pytest.RecordProperty) -> None:
    record_property(summary.CLIENT, "meltano-tap-hubspot")
    record_property(summary.OPERATIONS, len(HUBSPOT_STREAMS))
    found = hubspot.sync(plain(HUBSPOT_STREAMS | dict.fromkeys(NOT_ASKED)), *HUBSPOT_STREAMS)
    assert found["companies"] >= 40
    assert found["contacts"] > 100
    assert found["owners"]


def test_tap_zendesk(zendesk: Tap, record_property: pytest.RecordProperty) -> None:
    record_property(summary.CLIENT, "tap-zendesk")
    record_property(summary.OPERATIONS, len(ZENDESK_STREAMS))
    found = zendesk.sync(zendesk.python(ZENDESK_CATALOG), *ZENDESK_STREAMS)
    assert found["organizations"] > 25
    assert found["users"] > 60
    assert found["tickets"] > 40


def test_tap_salesforce(salesforce: Tap, crms: Crms, record_property: pytest.RecordProperty) -> None:
    record_property(summary.CLIENT, "tap-salesforce")
    record_property(summary.OPERATIONS, 1 + len(SALESFORCE_STREAMS))
    catalog = salesforce.discover()
    found = salesforce.sync(catalog, *SALESFORCE_STREAMS, word="--properties")
    for name in SALESFORCE_STREAMS:
        assert found[name] == soql(crms, f"SELECT COUNT() FROM {name}"), name
