"""Logging in: codes, refresh tokens, what is told about tokens, and how wrong ones are refused."""

from __future__ import annotations

import base64
import hashlib
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import hubspot
import pytest
import requests
from cs_connector.adapters.hubspot.simulator import HubSpotPortal

from .house import House

COMPANIES = "/crm/v3/objects/companies"
BACK = "http://127.0.0.1:9/back"


def form(house: House, **more: str) -> dict[str, str]:
    login = house.portal.credentials()
    return {"client_id": login["client_id"], "client_secret": login["client_secret"], **more}


def send(house: House, path: str, data: dict[str, str]) -> requests.Response:
    return house.http.post(house.server.base_url + path, data=data, timeout=10)


def code(house: House, **more: str) -> str:
    query = {
        "client_id": form(house)["client_id"],
        "redirect_uri": BACK,
        "scope": "oauth",
        "state": "s1",
        **more,
    }
    url = f"{house.server.base_url}/oauth/authorize"
    answer = house.http.get(url, params=query, allow_redirects=False, timeout=10)
    assert answer.status_code == 302, answer.text
    back = urlsplit(answer.headers["location"])
    assert f"http://{back.netloc}{back.path}" == BACK
    found = parse_qs(back.query)
    assert found["state"] == ["s1"]
    return found["code"][0]


def test_an_app_is_installed_with_a_code_that_is_good_once(house: House) -> None:
    asked = form(house, grant_type="authorization_code", redirect_uri=BACK, code=code(house))
    given = send(house, "/oauth/2026-03/token", asked).json()
    assert given["token_use"] == "access_token"
    assert house.call("GET", COMPANIES, token=given["access_token"]).status_code == 200
    again = send(house, "/oauth/2026-03/token", asked)
    assert (again.status_code, again.json()["status"]) == (400, "BAD_AUTH_CODE")
    moved = form(house, grant_type="authorization_code", redirect_uri=BACK + "/other", code=code(house))
    assert send(house, "/oauth/v1/token", moved).json()["status"] == "MISMATCH_REDIRECT_URI_AUTH_CODE"
    late = form(house, grant_type="authorization_code", redirect_uri=BACK, code=code(house))
    house.clock.advance(timedelta(minutes=2))
    assert send(house, "/oauth/v1/token", late).json()["status"] == "BAD_AUTH_CODE"


def test_a_code_with_a_challenge_needs_its_verifier(house: House) -> None:
    verifier = "v" * 43
    digest = hashlib.sha256(verifier.encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    for tried, status in (("w" * 43, 400), (verifier, 200)):
        given = code(house, code_challenge=challenge)
        asked = form(
            house, grant_type="authorization_code", redirect_uri=BACK, code=given, code_verifier=tried
        )
        assert send(house, "/oauth/2026-03/token", asked).status_code == status


def test_nobody_is_sent_to_another_machine(house: House) -> None:
    query = {"client_id": form(house)["client_id"], "redirect_uri": "https://example.com/back"}
    url = f"{house.server.base_url}/oauth/authorize"
    assert house.http.get(url, params=query, allow_redirects=False, timeout=10).status_code == 400


def test_the_client_library_logs_in_and_asks_about_its_tokens(house: House) -> None:
    refresh = house.portal.credentials()["refresh_token"]
    api = hubspot.HubSpot(host=house.server.base_url).oauth
    given = api.tokens_api.create(**form(house, grant_type="refresh_token", refresh_token=refresh))
    assert (given.token_type, given.expires_in, given.refresh_token) == ("bearer", 1800, refresh)
    about = api.access_tokens_api.get(given.access_token)
    assert str(about.hub_id) == house.portal.credentials()["portal_id"]
    assert "crm.objects.companies.read" in about.scopes
    assert api.refresh_tokens_api.get(refresh).token_type == "refresh"
    api.refresh_tokens_api.archive(refresh)
    assert house.call("GET", COMPANIES, token=given.access_token).status_code == 401
    with pytest.raises(Exception, match="BAD_REFRESH_TOKEN"):
        api.tokens_api.create(**form(house, grant_type="refresh_token", refresh_token=refresh))
    asked = form(house, grant_type="authorization_code", redirect_uri=BACK, code=code(house))
    assert send(house, "/oauth/v1/token", asked).status_code == 200
    assert api.tokens_api.create(
        **form(house, grant_type="refresh_token", refresh_token=refresh)
    ).access_token


def test_introspection_tells_what_is_alive(house: House) -> None:
    refresh = house.portal.credentials()["refresh_token"]
    given = send(
        house, "/oauth/v3/token", form(house, grant_type="refresh_token", refresh_token=refresh)
    ).json()

    def ask(token: str) -> dict[str, Any]:
        answer = send(house, "/oauth/2026-03/token/introspect", form(house, token=token))
        return dict(answer.json())

    access = ask(given["access_token"])
    assert (access["active"], access["token_use"], access["expires_in"]) == (True, "access_token", 1799)
    assert ask(refresh)["token_use"] == "refresh_token"
    assert ask("other") == {"active": False}
    assert (
        send(house, "/oauth/2026-03/token/revoke", form(house, token=given["access_token"])).status_code
        == 204
    )
    assert ask(given["access_token"]) == {"active": False}
    own = house.call("POST", "/oauth/v2/private-apps/get/access-token-info", {"tokenKey": house.token}).json()
    assert own["hubId"] == access["hub_id"]


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"client_id": "x"}, "BAD_CLIENT_ID"),
        ({"client_secret": "x"}, "BAD_CLIENT_SECRET"),
        ({"refresh_token": "x"}, "BAD_REFRESH_TOKEN"),
        ({"grant_type": "password"}, "BAD_GRANT_TYPE"),
        ({"grant_type": "client_credentials"}, "BAD_GRANT_TYPE"),  # not in the first version
    ],
)
def test_a_wrong_login_is_told_apart(house: House, wrong: dict[str, str], status: str) -> None:
    refresh = house.portal.credentials()["refresh_token"]
    asked = {**form(house, grant_type="refresh_token", refresh_token=refresh), **wrong}
    answer = send(house, "/oauth/v1/token", asked)
    assert (answer.status_code, answer.json()["status"]) == (400, status)


def test_a_call_without_a_good_token_is_refused(house: House) -> None:
    none = house.http.get(house.server.base_url + COMPANIES, timeout=10)
    assert (none.status_code, none.json()["category"]) == (401, "INVALID_AUTHENTICATION")
    assert "x-hubspot-ratelimit-max" not in none.headers
    refresh = house.portal.credentials()["refresh_token"]
    given = send(
        house, "/oauth/v1/token", form(house, grant_type="refresh_token", refresh_token=refresh)
    ).json()
    house.clock.advance(timedelta(minutes=45))
    late = house.call("GET", COMPANIES, token=given["access_token"])
    assert (late.status_code, late.json()["category"]) == (401, "EXPIRED_AUTHENTICATION")
    assert "15 minute(s) ago" in late.json()["message"]
    house.portal.control({"scopes": ["oauth"]})
    barred = house.call("POST", COMPANIES, {"properties": {"name": "A"}})
    assert (barred.status_code, barred.json()["category"]) == (403, "MISSING_SCOPES")
    assert barred.json()["errors"][0]["context"]["requiredGranularScopes"] == ["crm.objects.companies.write"]


def test_logins_outlive_a_snapshot_and_a_restart(house: House) -> None:
    refresh = house.portal.credentials()["refresh_token"]
    asked = form(house, grant_type="refresh_token", refresh_token=refresh)
    ended = send(house, "/oauth/v3/token", asked).json()["access_token"]
    kept = house.portal.snapshot()
    house.portal.control({"expire_token": True})
    given = send(house, "/oauth/v3/token", asked).json()["access_token"]
    house.portal.restore(kept)
    assert house.call("GET", COMPANIES, token=given).status_code == 200
    assert house.call("GET", COMPANIES, token=ended).status_code == 401
    other = HubSpotPortal(house.world, "hubspot", house.server.base_url)
    other.restore(kept)
    other.log_in(house.portal.logins())
    house.server.answers = other
    assert house.call("GET", COMPANIES, token=given).status_code == 200
    assert house.call("GET", COMPANIES, token=ended).status_code == 401
