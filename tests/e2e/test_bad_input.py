"""What people get wrong: a clear sentence, the right exit code, and nothing lost."""

from __future__ import annotations

import re
import socket
import sqlite3
import time
from contextlib import closing

import pytest

from .stage import Project

pytestmark = [pytest.mark.slow]


def test_a_directory_that_is_no_project(tmp_path, env):
    said = Project(tmp_path, env).do("run", code=2).talk
    assert "is not a project" in said
    assert "cs-connector init" in said


@pytest.mark.parametrize(
    ("old", "new", "hint"),
    [
        ("go_live: live", "go_lvie: live", "did you mean 'go_live'?"),
        ("max_created: 200", "max_creatd: 200", "did you mean 'max_created'?"),
        ("max_created: 200", "max_created: many", "whole number"),
        ("version: 1", "version: 2", "version is not valid"),
        ("adapter: zendesk", "adapter: zendsk", "did you mean 'zendesk'?"),
        ("zone: Europe/Berlin", "zone: Europe/Belrin", "is not a time zone"),
        ("subdomain: zendesk", "subdomian: zendesk", "did you mean 'subdomain'?"),
        ("go_live: live", "go_live: live\ngo_live: observe", "given twice"),
        ("connections:", "connections: [", "not valid YAML"),
    ],
)
def test_a_mistake_in_the_project_file_is_named_by_file_and_line(fresh, sandbox, old, new, hint):
    line = fresh.edit(old, new)
    said = fresh.do("run", code=2).talk
    assert hint in said
    place = re.search(r"cs-connector\.yml:(\d+)", said)
    assert place, said
    if "[" not in new:
        assert int(place[1]) in (line, line + new.count("\n"))
    assert sandbox.ledger() == []


def mapping(project, old, new):
    """The shipped Salesforce mapping as the project's own, with a mistake in it."""
    from cs_connector import registry

    (shipped,) = [p for p in registry.shipped() if (p / "salesforce.yml").exists()]
    (project.root / "mappings").mkdir()
    (project.root / "mappings" / "salesforce.yml").write_text((shipped / "salesforce.yml").read_text())
    return project.edit(old, new, "mappings/salesforce.yml")


def test_mapping_check_finds_nothing_in_what_ships(fresh):
    fresh.do("mapping", "check", code=0)


def test_a_field_that_the_crm_does_not_have_is_found_by_mapping_check(fresh):
    line = mapping(fresh, "industry: Industry", "industry: Industri")
    said = fresh.do("mapping", "check", code=2).talk
    assert f"salesforce.yml:{line}" in said
    assert "did you mean 'Industry'?" in said


def test_a_field_that_the_crm_does_not_have_stops_a_run_by_name(fresh, sandbox):
    mapping(fresh, "industry: Industry", "industry: Industri")
    said = fresh.do("run", code=None)
    assert said.code in (2, 3, 4)
    assert "Industri" in said.talk
    assert sandbox.ledger() == []


def test_an_attribute_that_we_do_not_have_is_named_by_file_and_line(fresh):
    line = mapping(fresh, "industry: Industry", "industri: Industry")
    said = fresh.do("run", code=2).talk
    assert f"salesforce.yml:{line}" in said
    assert "did you mean 'industry'?" in said


def test_a_host_that_does_not_answer(fresh, sandbox):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    fresh.edit(sandbox.block("zendesk")["base_url"], f"http://127.0.0.1:{port}")
    said = fresh.do("run", code=4).talk
    assert "cannot be reached" in said
    assert sandbox.ledger() == []


@pytest.mark.parametrize("name", ["HUBSPOT_CLIENT_SECRET", "ZENDESK_CLIENT_SECRET", "HUBSPOT_REFRESH_TOKEN"])
def test_a_refused_login(fresh, sandbox, name):
    secret = next(x for x in (fresh.root / "secrets.env").read_text().split() if x.startswith(name))
    fresh.edit(secret, f"{name}=wrong-but-still-not-to-be-shown", "secrets.env")
    found = fresh.do("run", code=3)
    assert "wrong-but-still" not in found.talk
    assert name.partition("_")[0].lower() in found.talk.lower()
    assert sandbox.ledger() == []


def test_a_secret_that_is_not_there(fresh):
    secret = next(
        x for x in (fresh.root / "secrets.env").read_text().split() if x.startswith("ZENDESK_CLIENT")
    )
    fresh.edit(secret, "", "secrets.env")
    said = fresh.do("run", code=2).talk
    assert "ZENDESK_CLIENT_SECRET" in said


def test_an_expired_login_is_renewed_without_a_word(ran, sandbox):
    before = len(sandbox.ledger())
    sandbox.faults(
        *({"crm": crm, "do": {"expire_token": True}} for crm in ("hubspot", "zendesk", "salesforce"))
    )
    sandbox.advance("PT3M")
    ran.run()
    assert sandbox.ledger(before) == []


def test_questions_about_what_is_not_there(ran, fresh):
    said = ran.do("explain", "Aurora Frieght", code=2).talk
    assert "did you mean 'Aurora Freight'?" in said
    assert "did you mean" not in ran.do("explain", "zzzzzzzz", code=2).talk
    assert "no run" in ran.do("runs", "show", "ABCDEF", code=2).talk
    assert "is not a date" in ran.do("run", "--as-of", "yesterday", code=2).talk
    assert "is not a format" in ran.do("export", "out", "--format", "xml", code=2).talk
    assert "no plan" in ran.do("apply", "nothing.json", code=2).talk
    ran.do("rnu", code=2)
    assert "cs-connector run" in fresh.do("explain", "Aurora Freight", code=2).talk
    assert "cs-connector run" in fresh.do("plan", code=2).talk


def test_an_object_mistyped_for_a_retry_is_named_and_lets_nothing_go(fresh):
    fresh.do("runs", code=0)  # sets up the store
    with closing(sqlite3.connect(fresh.root / ".cs-connector" / "state.db")) as db, db:
        for key, name, record in (("a", "Account", "001"), ("b", "Task", "00T")):
            row = (
                key,
                "salesforce",
                name,
                key,
                record,
                "write",
                "",
                "",
                "RULE",
                "a rule says no",
                "R",
                "2026-11-02 09:00:00",
            )
            db.execute(f"INSERT INTO refused VALUES ({', '.join('?' * len(row))})", row)
    said = fresh.do("quarantine", "retry", "--select", "salesforce.Acount", code=2).talk
    assert "no change of salesforce.Acount is held" in said
    assert "did you mean 'Account'?" in said
    assert (
        "those of: Account, Task"
        in fresh.do("quarantine", "retry", "--select", "salesforce.Xyzzy", code=2).talk
    )
    assert "1 change goes again" in fresh.do("quarantine", "retry", "--select", "salesforce.Account").talk
    assert "1 change goes again" in fresh.do("quarantine", "retry").talk


def test_two_runs_at_once(fresh, sandbox, done):
    sandbox.faults({"crm": "salesforce", "do": {"delay_ms": 300}})
    first = fresh.start("run", "--json")
    second = None
    for _ in range(100):
        time.sleep(0.1)
        if (fresh.root / ".cs-connector" / "state.db").exists() and fresh.do(
            "runs", "--json", code=None
        ).out.count('"id"'):
            second = fresh.do("run", code=6)
            break
    sandbox.faults()
    assert fresh.finish(first).code == 1
    assert second is not None
    assert "already running" in second.talk
    assert len(sandbox.soql("SELECT Id FROM Task")) == done.summary["tasks"]["opened"]


def test_another_org_behind_the_same_name(ran, sandbox):
    """The credentials of two portals are swapped: nothing is read into the wrong one, nothing is written."""
    before = len(sandbox.ledger())
    yml, env = ran.root / "cs-connector.yml", ran.root / "secrets.env"
    one, other = sandbox.block("hubspot"), sandbox.block("hubspot_emea")
    for path, names in ((yml, ("base_url", "client_id")), (env, ("client_secret", "refresh_token"))):
        text = path.read_text()
        for name in names:
            text = (
                text.replace(one[name], "<swap>")
                .replace(other[name], one[name])
                .replace("<swap>", other[name])
            )
        path.write_text(text)
    said = ran.do("run", code=5).talk
    assert "is not the hubspot that it was" in said
    assert "nothing of that org was read, and nothing was written to it" in said
    assert sandbox.ledger(before) == []
