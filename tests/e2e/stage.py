"""What an end-to-end test plays on: a sandbox in a process of its own, and projects driven by the real command."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from .nursery import Command, command

DAY = "2026-11-25"
FORBIDDEN = re.compile(r"[\w.+-]+@[\w-]+\.\w+|-----BEGIN|\b00D\w{12,15}!|\bpat-\w+-\w{6,}|\beyJ[\w-]{10,}")


class Sandbox:
    """Talks to the simulated CRMs and to their control address."""

    def __init__(self, document: dict[str, Any], file: Path) -> None:
        self.document, self.file = document, file
        self._tokens: dict[str, str] = {}
        self._http = requests.Session()
        self._http.trust_env = False

    def close(self) -> None:
        self._http.close()

    def block(self, name: str) -> dict[str, Any]:
        """The login of one simulated CRM."""
        return dict(self.document.get(name) or self.document["others"][name])

    def control(self, method: str, path: str, body: object = None) -> Any:
        answer = self._http.request(method, self.document["control_url"] + path, json=body, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def ledger(self, after: int = 0) -> list[dict[str, Any]]:
        return list(self.control("GET", f"/ledger?after={after}"))

    def advance(self, period: str) -> None:
        self.control("POST", "/clock", {"advance": period})

    def snapshot(self) -> int:
        return int(self.control("POST", "/snapshot")["snapshot"])

    def restore(self, number: int) -> None:
        self.control("POST", "/faults", {"rules": []})
        self.control("POST", "/restore", {"snapshot": number})

    def faults(self, *rules: Mapping[str, Any]) -> None:
        """Put these fault rules in the place of all others."""
        self.control("POST", "/faults", {"rules": list(rules)})

    def call(self, name: str, method: str, path: str, **more: Any) -> Any:
        """Ask a simulated CRM as any client would, with a login of our own."""
        if name not in self._tokens:
            self._tokens[name] = self.block(name)["access_token"]
        answer = self._ask(name, method, path, more)
        if answer.status_code == 401:
            self._tokens[name] = self._log_in(name)
            answer = self._ask(name, method, path, more)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def _ask(self, name: str, method: str, path: str, more: dict[str, Any]) -> requests.Response:
        headers = {"Authorization": f"Bearer {self._tokens[name]}"}
        return self._http.request(
            method, self.block(name)["base_url"] + path, headers=headers, timeout=30, **more
        )

    def _log_in(self, name: str) -> str:
        block = self.block(name)
        form = {"grant_type": "client_credentials"} | {k: block[k] for k in ("client_id", "client_secret")}
        answer = self._http.post(block["token_url"], data=form, timeout=30)
        answer.raise_for_status()
        return str(answer.json()["access_token"])

    def soql(self, query: str) -> list[dict[str, Any]]:
        """Rows of a query to the simulated Salesforce, without their attributes."""
        version = self.document["salesforce"]["api_version"]
        found, path, params = [], f"/services/data/v{version}/query", {"q": query}
        while True:
            page = self.call("salesforce", "GET", path, params=params)
            found += [{k: v for k, v in r.items() if k != "attributes"} for r in page["records"]]
            if page["done"]:
                return found
            path, params = page["nextRecordsUrl"], {}

    def companies(self, portal: str = "hubspot") -> list[dict[str, Any]]:
        """Every company of a portal with the properties that we write."""
        wanted = (
            "name,salesforceaccountid,cs_key,cs_health_score,cs_health_band,cs_health_reason,cs_renewal_date"
        )
        found, after = [], None
        while True:
            params = {"limit": 100, "properties": wanted} | ({"after": after} if after else {})
            page = self.call(portal, "GET", "/crm/v3/objects/companies", params=params)
            found += page["results"]
            after = page.get("paging", {}).get("next", {}).get("after")
            if after is None:
                return found

    def organizations(self) -> list[dict[str, Any]]:
        """Every organization of the simulated Zendesk."""
        found, path = [], "/api/v2/organizations.json?page[size]=100"
        while path:
            page = self.call("zendesk", "GET", path)
            found += page["organizations"]
            path = page["links"]["next"] if page["meta"]["has_more"] else ""
            path = path.removeprefix(self.block("zendesk")["base_url"])
        return found


@contextmanager
def started(folder: Path, env: Mapping[str, str], *more: str, accounts: int = 60) -> Iterator[Sandbox]:
    """A sandbox of the demo company, with more flags; it stops at the end."""
    command = [sys.executable, "-m", "cs_connector", "sandbox", "up", "--json", "--seed", "1"]
    command += ["--accounts", str(accounts), "--as-of", DAY, "--profile", "unlimited"]
    command += ["--files", str(folder / "files"), *more]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(env))
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line, "the sandbox did not start"
        file = folder / "sandbox.json"
        file.write_text(line)
        sandbox = Sandbox(json.loads(line), file)
        try:
            yield sandbox
        finally:
            sandbox.close()
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)
        process.stdout.close()


@dataclass(frozen=True)
class Outcome:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def talk(self) -> str:
        """Everything it said, in one line."""
        return " ".join((self.out + " " + self.err).split())


@dataclass
class Project:
    """A project directory, driven by the command; every answer is looked through for what must not be in it."""

    root: Path
    env: dict[str, str]
    hidden: tuple[str, ...] = field(default=())

    def start(self, *words: str) -> Command:
        """Start a command on this project and do not wait for it."""
        return command([*words, "--project", str(self.root)], self.env, self.root)

    def finish(self, process: Command) -> Outcome:
        out, err = process.communicate(timeout=120)
        return self._decent(Outcome(process.wait(), out, err))

    def do(self, *words: str, code: int | None = 0) -> Outcome:
        """Run a command to its end; it must end with `code` (None: any code but a crash)."""
        found = self.finish(self.start(*words))
        assert found.code == code if code is not None else found.code != 70, f"{words}: {found}"
        return found

    def run(self, *words: str) -> dict[str, Any]:
        """The main job. The demo company has a few bad records, so it ends with 1."""
        found = self.do("run", "--json", *words, code=1)
        return dict(found.json)

    def alone(self, *words: str, code: int) -> Outcome:
        """Run a command as a scheduler does: in a process that has imported nothing yet."""
        line = [sys.executable, "-m", "cs_connector", *words, "--project", str(self.root)]
        done = subprocess.run(line, env=self.env, cwd=self.root, capture_output=True, text=True, timeout=120)  # noqa: PLW1510 — its code is looked at
        found = self._decent(Outcome(done.returncode, done.stdout, done.stderr))
        assert found.code == code, f"{words}: {found}"
        return found

    def kill(self, process: Command, number: signal.Signals) -> Outcome:
        """Send a signal and wait for the end."""
        process.send_signal(number)
        return self.finish(process)

    def copy(self, to: Path) -> Project:
        shutil.copytree(self.root, to)
        return Project(to, self.env, self.hidden)

    def edit(self, old: str, new: str, name: str = "cs-connector.yml") -> int:
        """Replace a text that stands in a file; returns the number of its line."""
        path = self.root / name
        text = path.read_text()
        assert old in text, f"{old!r} is not in {name}"
        path.write_text(text.replace(old, new, 1))
        return text[: text.index(old)].count("\n") + 1

    def export(self, to: Path) -> dict[str, list[dict[str, str]]]:
        """The canonical export, one list of rows a file."""
        self.do("export", str(to))
        return {p.stem: list(csv.DictReader(p.read_text().splitlines())) for p in sorted(to.glob("*.csv"))}

    def _decent(self, found: Outcome) -> Outcome:
        said = found.out + found.err
        assert "Traceback" not in said, said
        leak = FORBIDDEN.search(said)
        assert leak is None, f"{leak[0] if leak else ''} in {said[:2000]}"
        for secret in self.hidden:
            assert secret not in said, "a secret was printed"
        return found


def made(sandbox: Sandbox, root: Path, env: dict[str, str]) -> Project:
    """A new project, wired to the sandbox by the command that people use."""
    process = command(["init", str(root), "--sandbox", str(sandbox.file)], env, root.parent)
    said = process.communicate(timeout=120)
    assert process.wait() == 0, said
    lines = (root / "secrets.env").read_text().split()
    return Project(root, env, tuple(line.partition("=")[2] for line in lines))


def private(home: Path) -> dict[str, str]:
    """An environment whose home is the test's own, so that the vault's key is too."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("CS_CONNECTOR_", "COV_", "PYTEST"))}
    home.mkdir(exist_ok=True)
    return kept | {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "NO_COLOR": "1",
        "COLUMNS": "200",
    }


def state(sandbox: Sandbox) -> dict[str, Any]:
    """Everything of ours in the CRMs, by business keys: what people would see, whatever ids it was given."""
    tasks = sandbox.soql(
        "SELECT Subject, WhatId, OwnerId, ActivityDate, Priority, Status, Description, CS_Call_Type__c, CS_Rule__c, "
        "CS_Relationship_Name__c FROM Task"
    )
    found: dict[str, Any] = {
        "Account": {
            r.pop("Id"): r for r in sandbox.soql(f"SELECT Id, {_ours(sandbox, 'Account')} FROM Account")
        },
        "Task": sorted(json.dumps(t, sort_keys=True) for t in tasks),
    }
    own = f"SELECT Name, OwnerId, {_ours(sandbox, 'CS_Relationship__c')} FROM CS_Relationship__c"
    found["CS_Relationship__c"] = sorted(json.dumps(r, sort_keys=True) for r in sandbox.soql(own))
    for portal in ("hubspot", "hubspot_emea"):
        rows = sandbox.companies(portal)
        ours = {r["id"]: {k: v for k, v in r["properties"].items() if k.startswith("cs_")} for r in rows}
        found[portal] = ours
    found["zendesk"] = {r["id"]: (r["organization_fields"], r["tags"]) for r in sandbox.organizations()}
    return found


def _ours(sandbox: Sandbox, name: str) -> str:
    """The custom fields of an object, as a list for a query."""
    version = sandbox.document["salesforce"]["api_version"]
    described = sandbox.call("salesforce", "GET", f"/services/data/v{version}/sobjects/{name}/describe")
    fields = [f for f in described["fields"] if f["name"].endswith("__c") and not f.get("calculated")]
    return ", ".join(sorted(f["name"] for f in fields))


def keys(sandbox: Sandbox) -> list[str]:
    """The keys of all tasks of ours."""
    return [t["CS_Key__c"] for t in sandbox.soql("SELECT CS_Key__c FROM Task WHERE CS_Key__c != null")]
