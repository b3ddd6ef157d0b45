"""Logging in to the simulated Salesforce org, and who one is then."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from cs_connector.sandbox.wire import Request

from .salesforce_org import Org

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
BACK = "http://localhost:1717/OauthRedirect"


@pytest.fixture
def org():
    return Org()


def post(org, name, headers=None, **form):
    request = Request("POST", f"/services/oauth2/{name}", "", headers or {}, urlencode(form).encode())
    answer = org.sim.handle(request)
    return answer.status, json.loads(answer.body) if answer.body else None


def assertion(org, key=None, **claims):
    login = org.sim.credentials()
    exp = int((org.clock.now() + timedelta(minutes=3)).timestamp())
    body = {"iss": login["client_id"], "sub": login["username"], "aud": login["audience"], "exp": exp}
    key = key or Path(login["private_key_file"]).read_text()
    return jwt.encode(body | claims, key, "RS256")


def works(org, token):
    request = Request("GET", "/services/data/v67.0/limits", "", {"authorization": f"Bearer {token}"}, b"")
    return org.sim.handle(request).status == 200


def test_an_assertion_gets_a_token_without_a_refresh_token(org):
    status, body = post(org, "token", grant_type=GRANT, assertion=assertion(org))
    assert status == 200
    assert works(org, body["access_token"])
    assert (body["token_type"], body["scope"]) == ("Bearer", "api id")
    assert body["id"].endswith(f"/id/{org.sim.credentials()['org_id']}/005Kd0000000001IAA")
    assert "refresh_token" not in body


@pytest.mark.parametrize(
    ("claims", "error", "why"),
    [
        ({"aud": "https://elsewhere.example"}, "invalid_grant", "audience is invalid"),
        ({"exp": 1}, "invalid_grant", "expired authorization code"),
        ({"exp": 4102444800}, "invalid_grant", "expired authorization code"),
        ({"exp": "soon"}, "invalid_grant", "invalid assertion"),
        ({"sub": "nobody@sandbox.example"}, "invalid_grant", "user hasn't approved this consumer"),
        ({"iss": "another app"}, "invalid_client_id", "client identifier invalid"),
    ],
)
def test_a_wrong_assertion_is_refused_with_its_reason(org, claims, error, why):
    answer = post(org, "token", grant_type=GRANT, assertion=assertion(org, **claims))
    assert answer == (400, {"error": error, "error_description": why})


def test_a_foreign_signature_is_refused(org):
    foreign = rsa.generate_private_key(
        public_exponent=3, key_size=2048
    )  # all orgs of a test process have the same
    form = Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    key = foreign.private_bytes(*form).decode()
    status, body = post(org, "token", grant_type=GRANT, assertion=assertion(org, key))
    assert (status, body["error_description"]) == (400, "invalid assertion")


def test_other_grants_are_not_supported(org):
    assert (
        post(org, "token", grant_type="password", username="a", password="b")[1]["error"]
        == "unsupported_grant_type"
    )
    status, body = post(org, "token", grant_type="client_credentials", client_id="x", client_secret="y")
    assert (status, body["error"]) == (400, "invalid_client_id")
    answer = org.sim.handle(Request("GET", "/services/oauth2/token", "", {}, b""))
    assert json.loads(answer.body)["error"] == "invalid_request"


def authorize(org, **more):
    query = {
        "response_type": "code",
        "client_id": org.sim.credentials()["client_id"],
        "redirect_uri": BACK,
    } | more
    return org.sim.handle(Request("GET", "/services/oauth2/authorize", urlencode(query), {}, b""))


def test_a_browser_gets_a_code_and_the_code_a_refresh_token(org):
    verifier = "v" * 60
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    sent = authorize(org, state="s1", code_challenge=challenge)
    assert sent.status == 302
    back = parse_qs(urlsplit(sent.headers["Location"]).query)
    assert back["state"] == ["s1"]
    form = {"client_id": org.sim.credentials()["client_id"], "redirect_uri": BACK, "code": back["code"][0]}
    grant = {"grant_type": "authorization_code", "code_verifier": verifier}
    status, body = post(org, "token", **form, **grant)
    assert status == 200
    assert post(org, "token", **form, **grant)[1]["error_description"] == "expired authorization code"
    renew = {
        "grant_type": "refresh_token",
        "refresh_token": body["refresh_token"],
        "client_id": form["client_id"],
    }
    org.pass_time(hours=3)
    assert not works(org, body["access_token"])
    status, renewed = post(org, "token", **renew)
    assert works(org, renewed["access_token"])
    assert "refresh_token" not in renewed
    assert post(org, "revoke", token=body["refresh_token"]) == (200, None)
    assert not works(org, renewed["access_token"])
    assert post(org, "token", **renew)[1]["error_description"] == "expired access/refresh token"


def test_a_code_goes_only_back_to_this_machine_and_to_who_asked(org):
    assert (
        json.loads(authorize(org, redirect_uri="https://evil.example/").body)["error"]
        == "redirect_uri_mismatch"
    )
    assert json.loads(authorize(org, client_id="x").body)["error"] == "invalid_client_id"
    code = parse_qs(urlsplit(authorize(org, code_challenge="abc").headers["Location"]).query)["code"][0]
    form = {"grant_type": "authorization_code", "client_id": org.sim.credentials()["client_id"]}
    refused = post(org, "token", **form, redirect_uri=BACK, code=code, code_verifier="wrong")
    assert refused[1]["error_description"] == "invalid code verifier"


def test_a_token_can_be_looked_at_and_revoked(org):
    login = org.sim.credentials()
    client = {"client_id": login["client_id"], "client_secret": login["client_secret"]}
    seen = post(org, "introspect", token=org.token, **client)[1]
    assert (seen["active"], seen["username"]) == (True, login["username"])
    assert post(org, "introspect", token=org.token, client_id=login["client_id"])[0] == 401
    assert post(org, "revoke", token=org.token)[0] == 200
    assert post(org, "introspect", token=org.token, **client)[1] == {"active": False}
    assert post(org, "revoke", token=org.token) == (
        400,
        {"error": "invalid_token", "error_description": "invalid token"},
    )


def test_the_identity_answers_at_the_address_that_the_token_came_with(org):
    path = urlsplit(post(org, "token", grant_type=GRANT, assertion=assertion(org))[1]["id"]).path

    def ask(path, token=org.token):
        headers = {"authorization": f"Bearer {token}"} if token else {}
        return org.sim.handle(Request("GET", path, "", headers, b""))

    identity = json.loads(ask(path).body)
    info = json.loads(ask("/services/oauth2/userinfo").body)
    assert identity["username"] == info["preferred_username"] == org.sim.credentials()["username"]
    assert org.get("GET", f"sobjects/User/{info['user_id']}")["Username"] == identity["username"]
    assert [(a.status, a.body) for a in (ask(path, None), ask(path, "x"), ask(path[:-18] + "0" * 18))] == [
        (403, b"Missing_OAuth_Token"),
        (403, b"Bad_OAuth_Token"),
        (404, b"Bad_Id"),
    ]


def test_the_wrong_kind_of_authorization_is_named(org):
    answer = org.call("GET", "limits", headers={"authorization": "Basic eDp5"})
    assert (answer.status, json.loads(answer.body)) == (
        401,
        [{"message": "INVALID_HEADER_TYPE", "errorCode": "INVALID_AUTH_HEADER"}],
    )
