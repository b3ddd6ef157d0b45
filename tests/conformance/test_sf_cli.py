"""The Salesforce CLI, unmodified, with a home folder of its own. Each call starts a process of two to four seconds."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .conftest import CLIENTS, needed
from .stage import MANY, Crms

CLIENT = "Salesforce CLI"
pytestmark = [pytest.mark.slow]
Sf = Callable[..., Any]


@pytest.fixture(scope="module")
def sf(crms: Crms, tmp_path_factory: pytest.TempPathFactory) -> Sf:
    """Runs a command and gives the `result` of its JSON; logged in as `sim`."""
    home = tmp_path_factory.mktemp("sf")
    program = needed(CLIENTS / "node" / "node_modules" / "@salesforce" / "cli" / "bin" / "run.js")
    env = {
        "PATH": os.pathsep.join(
            (str(Path(sys.prefix) / "bin"), str(program.parents[3] / ".bin"), "/usr/bin:/bin")
        ),
        "HOME": str(home),
        "SF_DISABLE_TELEMETRY": "true",
        "SF_AUTOUPDATE_DISABLE": "true",
        "SF_SKIP_NEW_VERSION_CHECK": "true",
        "SF_ACCESS_TOKEN": crms.salesforce["access_token"],
    }

    def run(*words: str) -> Any:
        command = ["sf", *words, "--json"]
        done = subprocess.run(
            command, check=False, env=env, cwd=home, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)["result"]

    run(
        "org",
        "login",
        "access-token",
        "--instance-url",
        crms.salesforce["base_url"],
        "--no-prompt",
        "--alias",
        "sim",
    )
    return run


def test_log_in_by_access_token(sf: Sf, crms: Crms) -> None:
    found = sf("org", "display", "--target-org", "sim")
    assert (found["id"], found["username"]) == (crms.salesforce["org_id"], crms.salesforce["username"])


def test_data_query(sf: Sf) -> None:
    soql = "SELECT Id, Name, Owner.Name FROM Account WHERE Name = 'Aurora Freight'"
    found = sf("data", "query", "--query", soql, "--target-org", "sim")
    assert found["records"][0]["Owner"]["Name"]
    assert found["totalSize"] == 1


def test_data_upsert_bulk(sf: Sf, crms: Crms, tmp_path: Path) -> None:
    done = crms.watch("salesforce", "Task")
    file = tmp_path / "tasks.csv"
    file.write_text("CS_Key__c,Subject\n" + "".join(f"sf-{n},Task {n}\n" for n in range(12)))
    words = ("--sobject", "Task", "--external-id", "CS_Key__c", "--file", str(file), "--wait", "2")
    found = sf("data", "upsert", "bulk", *words, "--line-ending", "LF", "--target-org", "sim")
    assert (found["jobInfo"]["numberRecordsProcessed"], found["jobInfo"]["numberRecordsFailed"]) == (12, 0)
    assert [e["action"] for e in done()] == ["create"] * 12


def test_data_export_bulk(sf: Sf, tmp_path: Path) -> None:
    file = tmp_path / "accounts.csv"
    soql = "SELECT Id, Name FROM Account WHERE Name LIKE 'Page %'"
    words = ("--query", soql, "--output-file", str(file), "--result-format", "csv", "--wait", "2")
    assert sf("data", "export", "bulk", *words, "--target-org", "sim")["totalSize"] == MANY
    with file.open(newline="") as lines:
        assert len({r["Id"] for r in csv.DictReader(lines)}) == MANY


def test_limits_api_display(sf: Sf) -> None:
    found = {limit["name"]: limit for limit in sf("limits", "api", "display", "--target-org", "sim")}
    assert found["DailyApiRequests"]["max"] == 150_000


def test_sobject_describe(sf: Sf) -> None:
    found = sf("sobject", "describe", "--sobject", "Subscription__c", "--target-org", "sim")
    assert "Renewal_Date__c" in {f["name"] for f in found["fields"]}


def test_sobject_list(sf: Sf) -> None:
    assert "Subscription__c" in sf("sobject", "list", "--sobject", "custom", "--target-org", "sim")


def test_data_record(sf: Sf, crms: Crms) -> None:
    done = crms.watch("salesforce", "Account")
    made = sf(
        "data", "create", "record", "--sobject", "Account", "--values", "Name='By sf'", "--target-org", "sim"
    )
    where = ("--sobject", "Account", "--record-id", made["id"], "--target-org", "sim")
    assert sf("data", "get", "record", *where)["Name"] == "By sf"
    sf("data", "update", "record", *where, "--values", "Industry=Media")
    sf("data", "delete", "record", *where)
    assert [e["action"] for e in done()] == ["create", "update", "delete"]
