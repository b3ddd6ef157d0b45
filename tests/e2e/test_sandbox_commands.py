"""The sandbox by its commands: https with its own authority, the clock, faults, people, snapshots, and what is refused."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from .nursery import command
from .stage import Outcome, Project, made, started

pytestmark = [pytest.mark.slow]
PLAN = {"rules": [{"crm": "zendesk", "path": "organizations", "times": 1, "do": {"status": 503}}]}


def do(env, *words: str) -> Outcome:
    process = command(["sandbox", *words], env, Path.cwd())
    out, err = process.communicate(timeout=60)
    assert "Traceback" not in out + err
    return Outcome(process.wait(), out, err)


@pytest.fixture(scope="module")
def secured(tmp_path_factory, env):
    """A small sandbox that speaks https, and a project that trusts it."""
    folder = tmp_path_factory.mktemp("tls")
    with started(folder, env, "--tls", str(folder / "authority"), accounts=20) as sandbox:
        yield made(sandbox, folder / "acme", env), folder


def test_a_sync_over_https_with_the_authority_of_the_sandbox(secured):
    project, folder = secured
    text = (project.root / "cs-connector.yml").read_text()
    assert text.count(f"ca_file: {folder / 'authority' / 'ca.pem'}") == 4
    assert "base_url: https://127.0.0.1:" in text
    done = project.do("sync", "--json", code=None)
    assert done.code in (0, 1), done
    read = {(line["connection"], line["object"]): line["read"] for line in done.json["objects"]}
    assert read["salesforce", "Account"] > 0
    assert read["zendesk", "organizations"] > 0


def test_an_authority_that_is_not_trusted_is_said(secured, tmp_path):
    project = secured[0].copy(tmp_path / "acme")
    file = project.root / "cs-connector.yml"
    file.write_text(re.sub(r"\n *ca_file:.*", "", file.read_text()))
    found = project.do("sync", code=4)
    assert re.search(r"The certificate of [\w.]+ is not trusted", found.talk)
    assert "REQUESTS_CA_BUNDLE" in found.talk
    assert "ca_file" in found.talk


def test_an_authority_by_the_environment_is_trusted_too(secured, tmp_path):
    project = secured[0].copy(tmp_path / "acme")
    file = project.root / "cs-connector.yml"
    file.write_text(re.sub(r"\n *ca_file:.*", "", file.read_text()))
    bundle = {"REQUESTS_CA_BUNDLE": str(secured[1] / "authority" / "ca.pem")}
    found = Project(project.root, project.env | bundle).do("sync", code=None)
    assert found.code in (0, 1), found


def test_a_ca_file_that_is_not_there_is_said(secured, tmp_path):
    project = secured[0].copy(tmp_path / "acme")
    project.edit("ca.pem", "nowhere.pem")
    found = project.do("sync", code=None)
    assert "nowhere.pem" in found.talk
    assert found.code == 2, found


def test_the_commands_show_and_change_the_sandbox(secured, tmp_path):
    project, _ = secured
    number = project.do("sandbox", "snapshot", "--json").json["snapshot"]
    assert "running" in project.do("sandbox", "clock").out
    still = project.do("sandbox", "clock", "--freeze", "--advance", "PT1H", "--json").json
    later = project.do("sandbox", "clock", "--set", still["now"].replace("T10", "T12"), "--run").out
    assert "T12:" in later
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps(PLAN))
    shown = project.do("sandbox", "faults", str(plan)).talk
    assert "matched 0, fired 0: zendesk organizations -> times: 1" not in shown
    assert re.search(r"matched +0, fired +0: zendesk organizations -> status: 503", shown), shown
    assert project.do("sandbox", "faults", "--clear", "--json").json == {"rules": []}
    assert "24 edits a day" in project.do("sandbox", "life", "--rate", "24", "--seed", "3").out
    project.do("sandbox", "clock", "--advance", "P2D")
    assert re.search(r"^ +1 2026-\d\d-\d\dT.* user ", project.do("sandbox", "ledger").out)
    assert f"snapshot {number} is back" in project.do("sandbox", "restore", str(number)).out
    assert project.do("sandbox", "ledger", "--json").json == []
    assert "0 edits a day" in project.do("sandbox", "life").out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (
            ["clock", "--advance", "an hour"],
            ["advance is not a duration", "the sandbox is as it was", "PT1H"],
        ),
        (["clock", "--set", "2020-01-01T00:00:00Z"], ["only moves forward"]),
        (["life", "--seed", "3"], ["--seed needs --rate"]),
        (["life", "--rate", "-3"], ["0 or more"]),
        (["faults", "plan.json", "--clear"], ["two orders"]),
        (["faults", "nowhere.json"], ["nowhere.json is not a fault plan"]),
        (["restore", "99"], ["no such snapshot", "POST /snapshot"]),
    ],
)
def test_a_wrong_order_is_refused(secured, words, says):
    found = secured[0].do("sandbox", *words, code=2)
    assert [text for text in says if text not in found.talk] == []


def test_a_plan_that_a_crm_would_ignore_is_refused(secured, tmp_path):
    plan = tmp_path / "plan.json"
    plan.write_text('{"rules": [{"crm": "salesforce", "do": {"search_lag_s": 5}}]}')
    found = secured[0].do("sandbox", "faults", str(plan), code=2).talk
    assert "salesforce cannot obey search_lag_s" in found
    assert "name a crm that can: hubspot" in found


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--host", "0.0.0.0"], ["does not listen on 0.0.0.0", "127.0.0.1 only", "ssh"]),
        (["--host", "::"], ["does not listen on ::"]),
        (["--profile", "huge"], ["no profile 'huge'", "vendor, small, unlimited"]),
        (["--faults", "nowhere.json"], ["fault plan nowhere.json cannot be read"]),
        (["--faults", "bad.json"], ["fault rules were not understood", "docs/faults"]),
        (["--faults", "ignored.json", "--accounts", "20"], ["salesforce cannot obey search_lag_s"]),
        (["--fill", ".", "--accounts", "20"], ["--accounts is the size of the demo company"]),
        (["--tls", "bad.json/folder"], ["cannot be written", "nothing was started"]),
        (["--port", "70000"], ["port 70000 cannot be used"]),
    ],
)
def test_a_sandbox_that_cannot_be_is_refused(env, tmp_path, monkeypatch, words, says):
    monkeypatch.chdir(tmp_path)
    Path("bad.json").write_text('{"rules": [{"do": {"explode": true}}]}')
    Path("ignored.json").write_text('{"rules": [{"crm": "salesforce", "do": {"search_lag_s": 5}}]}')
    found = do(env, "up", *words)
    assert found.code == 2, found
    assert [text for text in says if text not in found.talk] == []
    assert "safe" in found.talk


def test_a_sandbox_that_is_not_up_is_said(env):
    for name in ("ledger", "clock", "faults", "life", "snapshot", "restore"):
        found = do(env, name, "--control", "http://127.0.0.1:9")
        assert found.code == 4
        assert "the sandbox does not answer" in found.talk
