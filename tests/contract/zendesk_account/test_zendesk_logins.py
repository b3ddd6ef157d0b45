from __future__ import annotations

from datetime import timedelta

import pytest


def test_a_refresh_token_works_once(api):
    form = {name: api.login[name] for name in ("client_id", "client_secret", "refresh_token")}
    form["grant_type"] = "refresh_token"
    first = api.session.post(api.login["token_url"], data=form)
    assert first.status_code == 200
    assert api.session.post(api.login["token_url"], data=form).json()["error"] == "invalid_grant"
    again = api.session.post(
        api.login["token_url"], json={**form, "refresh_token": first.json()["refresh_token"]}
    )
    assert again.json()["expires_in"] == 1800
    api.session.headers["authorization"] = f"Bearer {again.json()['access_token']}"
    assert api.get("users/me.json")["user"]["role"] == "admin"
    assert api.get("oauth/tokens/current.json")["token"]["scopes"] == ["read", "write"]


def test_client_credentials_give_no_refresh_token(api):
    form = {name: api.login[name] for name in ("client_id", "client_secret")}
    answer = api.session.post(
        api.login["token_url"], json={**form, "grant_type": "client_credentials"}
    ).json()
    assert "refresh_token" not in answer
    wrong = {**form, "client_secret": "no", "grant_type": "client_credentials"}
    assert api.session.post(api.login["token_url"], data=wrong).status_code == 401


def test_without_a_login_me_is_anonymous_and_the_rest_refused(api):
    del api.session.headers["authorization"]
    assert api.get("users/me.json")["user"]["id"] is None
    answer = api("GET", "tickets.json")
    assert (answer.status_code, answer.json()) == (401, {"error": "Couldn't authenticate you"})


@pytest.mark.parametrize("by", ["time", "order"])
def test_access_ends(api, by):
    if by == "time":
        api.sandbox.world.clock.advance(timedelta(minutes=31))
    else:
        api.sandbox.simulators["zendesk"].control({"expire_token": True})
    answer = api("GET", "users/me.json")
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_token")


def token(api, **form):
    asked = {name: api.login[name] for name in ("client_id", "client_secret")} | form
    return api.session.post(api.login["token_url"], json={k: v for k, v in asked.items() if v is not None})


def using(api, access):
    api.session.headers["authorization"] = f"Bearer {access}"


def test_a_refresh_ends_the_access_token_that_it_replaces(api):
    first = token(api, grant_type="refresh_token", refresh_token=api.login["refresh_token"]).json()
    using(api, first["access_token"])
    assert api("GET", "tickets.json").status_code == 200
    second = token(api, grant_type="refresh_token", refresh_token=first["refresh_token"]).json()
    assert api("GET", "tickets.json").json()["error"] == "invalid_token"
    reused = token(api, grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert (reused.status_code, reused.json()["error"]) == (400, "invalid_grant")
    using(api, second["access_token"])
    assert api("GET", "tickets.json").status_code == 200


def test_a_public_client_refreshes_without_a_secret(api):
    form = {"grant_type": "refresh_token", "refresh_token": api.login["refresh_token"], "client_secret": None}
    assert token(api, **form).status_code == 200
    assert token(api, grant_type="client_credentials", client_secret=None).json()["error"] == "invalid_client"


def test_a_refresh_token_ends_after_thirty_days(api):
    api.sandbox.world.clock.advance(timedelta(days=30, minutes=1))
    answer = token(api, grant_type="refresh_token", refresh_token=api.login["refresh_token"])
    assert answer.json()["error"] == "invalid_grant"


@pytest.mark.parametrize("grant", ["password", "implicit", ""])
def test_other_grants_are_refused(api, grant):
    answer = token(api, grant_type=grant, username="a@example.com", password="secret")
    assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")


def test_lives_are_chosen_within_bounds(api):
    given = token(api, grant_type="client_credentials", expires_in=300).json()
    assert given["expires_in"] == 300
    using(api, given["access_token"])
    api.sandbox.world.clock.advance(timedelta(seconds=301))
    assert api("GET", "tickets.json").status_code == 401
    assert token(api, grant_type="client_credentials", expires_in=10).json()["error"] == "invalid_request"


def test_a_code_is_exchanged_once_with_its_verifier(api):
    challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    back = "http://127.0.0.1:9/back"
    query = {"response_type": "code", "client_id": api.login["client_id"], "redirect_uri": back, "state": "s"}
    query |= {"scope": "read", "code_challenge": challenge, "code_challenge_method": "S256"}
    page = f"{api.login['base_url']}/oauth/authorizations/new"
    sent = api.session.get(page, params=query, allow_redirects=False)
    assert sent.status_code == 302
    code = sent.headers["location"].removeprefix(f"{back}?code=").removesuffix("&state=s")
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": back, "client_secret": None}
    given = token(api, **form, code_verifier=verifier)
    assert (given.status_code, given.json()["scope"]) == (200, "read")
    assert token(api, **form, code_verifier=verifier).json()["error"] == "invalid_grant"
    elsewhere = {**query, "redirect_uri": "https://example.com/back"}
    assert api.session.get(page, params=elsewhere, allow_redirects=False).status_code == 400


@pytest.mark.parametrize(
    ("scope", "method", "path", "lacks"),
    [
        ("read", "POST", "tickets.json", "tickets:write, write"),
        ("write", "GET", "tickets.json", "tickets:read, read"),
        ("tickets:read", "GET", "users.json", "users:read, read"),
        ("reed", "GET", "tickets.json", "tickets:read, read"),
    ],
)
def test_a_scope_that_is_missing_is_named(api, scope, method, path, lacks):
    using(api, token(api, grant_type="client_credentials", scope=scope).json()["access_token"])
    answer = api(method, path, {"ticket": {}} if method == "POST" else None)
    assert answer.status_code == 403
    assert answer.json()["description"] == f"You are missing the following required scopes: {lacks}"


def test_a_narrow_scope_is_enough_for_its_resource(api):
    using(api, token(api, grant_type="client_credentials", scope="tickets:read").json()["access_token"])
    assert api("GET", "tickets.json").status_code == 200
    assert api("GET", "incremental/tickets/cursor.json?start_time=0").status_code == 200
    mixed = token(api, grant_type="client_credentials", scope="read tickets:read")
    assert mixed.json()["error"] == "invalid_scope"


def test_a_token_can_be_looked_at_and_revoked(api):
    shown = api.get("oauth/tokens/current.json")["token"]
    assert len(shown["token"]) == 10
    assert shown["id"] in [row["id"] for row in api.get("oauth/tokens.json")["tokens"]]
    assert api("DELETE", "oauth/tokens/current.json").status_code == 204
    assert api("GET", "tickets.json").status_code == 401


def test_an_api_token_works_until_the_vendor_ends_them(api):
    del api.session.headers["authorization"]
    api.session.auth = api.sandbox.simulators["zendesk"].api_login
    assert api.get("users/me.json")["user"]["id"]
    assert api("GET", "tickets.json", auth=("connector@example.com", "secret")).status_code == 401
    anonymous = api("GET", "users/me.json", auth=("connector@example.com", "secret"))
    assert anonymous.json()["user"]["id"] is None
    wrong = api("GET", "users/me.json", auth=("connector@example.com/token", "wrong"))
    assert (wrong.status_code, wrong.json()) == (401, {"error": "Couldn't authenticate you"})
    api.sandbox.world.clock.advance(timedelta(days=180))
    assert api("GET", "tickets.json").status_code == 401


def test_only_an_admin_defines_fields_and_exports(api):
    api.order(settings={"role": "agent"})
    for method, path, body in (
        ("POST", "organization_fields.json", {"organization_field": {"key": "k", "title": "K"}}),
        ("GET", "incremental/tickets/cursor.json?start_time=0", None),
        ("GET", "deleted_users.json", None),
        ("POST", "custom_objects.json", {"custom_object": {}}),
    ):
        answer = api(method, path, body)
        assert (answer.status_code, answer.json()["error"]["title"]) == (403, "Forbidden")
    assert api.get("organization_fields.json")["organization_fields"]
    assert api.get("users/me.json")["user"]["role"] == "agent"
