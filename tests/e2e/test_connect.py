"""A person lets the program into a CRM: through the browser, or by the steps that it prints."""

from __future__ import annotations

import json
import re
import socket
import threading

import pytest
import requests

from cs_connector.errors import AuthFailed
from cs_connector.transport.consent import Callback

pytestmark = [pytest.mark.slow]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def page_of(process):
    """The address that the command asks a person to open."""
    for line in process.stderr:
        if found := re.search(r"(http://127\S+)", line):
            return found[1]
    raise AssertionError("it named no page")


@pytest.mark.parametrize("name", ["hubspot", "zendesk"])
def test_a_person_says_yes_in_the_browser(fresh, name):
    secrets = fresh.root / "secrets.env"
    kept = [line for line in secrets.read_text().splitlines() if "refresh" not in line.lower()]
    text = (fresh.root / "cs-connector.yml").read_text()
    (fresh.root / "cs-connector.yml").write_text(re.sub(r"\n\s+refresh_token:[^\n]*", "", text))
    secrets.write_text("\n".join(kept) + "\n")
    command = fresh.start("connect", name, "--no-browser", "--port", str(free_port()), "--json")
    answer = requests.get(page_of(command), timeout=10)
    assert "close this window" in answer.text
    out = fresh.finish(command)
    assert out.code == 0, out
    assert json.loads(out.out)["sandbox"] is True
    assert "ok" in fresh.do("doctor", code=None).talk
    assert fresh.do("sync", "--quiet", code=None).code in (0, 1), "and it stays connected"


def test_what_an_admin_has_to_do_is_said_with_reasons(fresh):
    said = fresh.do("connect", "salesforce", "--steps").talk
    assert "External Client App" in said
    assert "permission set" in said
    said = fresh.do("connect", "hubspot", "--steps", "--port", "9001").talk
    assert "crm.objects.companies.write health fields" in said
    assert "http://localhost:9001/callback" in said


def test_what_to_do_is_said_to_who_has_no_login_yet(fresh):
    path = fresh.root / "cs-connector.yml"
    path.write_text(
        path.read_text().replace("connections:\n", "connections:\n  sales: {adapter: salesforce}\n", 1)
    )
    assert "External Client App" in fresh.do("connect", "sales", "--steps").talk
    assert "client_id is missing" in fresh.do("connect", "sales", code=2).talk


def test_a_wrong_login_is_refused_although_the_token_of_before_still_works(fresh):
    fresh.do("connect", "salesforce")
    path = fresh.root / "cs-connector.yml"
    path.write_text(re.sub(r"username: \S+", "username: nobody@acme.example", path.read_text()))
    assert "refused the login" in fresh.do("connect", "salesforce", code=3).talk


def test_a_connection_that_is_not_there(fresh):
    assert "did you mean 'hubspot'" in fresh.do("connect", "hubspt", code=2).talk


def test_an_answer_to_another_question_is_not_taken():
    with Callback(0) as callback:
        visits = [
            f"{callback.address}?code=stolen&state=wrong",
            f"{callback.address.replace('callback', 'other')}?code=stolen&state={callback.state}",
            f"{callback.address}?error=access_denied&state={callback.state}",
        ]
        person = threading.Thread(target=lambda: [requests.get(v, timeout=5) for v in visits])
        person.start()
        with pytest.raises(AuthFailed) as refused:
            callback.wait(10)
        person.join()
    assert refused.value.why == "access_denied"
