"""Our Salesforce source package, as the Salesforce CLI reads it. No org is asked."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from cs_connector.adapters.salesforce.provisioning.declaration import parts
from cs_connector.adapters.salesforce.provisioning.face import face
from cs_connector.adapters.salesforce.provisioning.package import EXTRA, MAIN, PLACE

from .conftest import CLIENTS, needed

CLIENT = "Salesforce CLI"
SPACE = "{http://soap.sforce.com/2006/04/metadata}"
pytestmark = [pytest.mark.slow]


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package in the form of the Metadata API, made by the CLI."""
    home = tmp_path_factory.mktemp("sf")
    program = needed(CLIENTS / "node" / "node_modules" / "@salesforce" / "cli" / "bin" / "run.js")
    project, out = home / "project", home / "out"
    shutil.copytree(PLACE, project)
    env = {
        "PATH": os.pathsep.join((str(Path(sys.prefix) / "bin"), str(program.parents[3] / ".bin"), "/usr/bin:/bin")),
        "HOME": str(home), "SF_DISABLE_TELEMETRY": "true", "SF_AUTOUPDATE_DISABLE": "true", "SF_SKIP_NEW_VERSION_CHECK": "true",
        "HTTPS_PROXY": "http://127.0.0.1:9",
    }  # fmt: skip
    command = ["sf", "project", "convert", "source", "-p", MAIN, "-p", EXTRA, "-d", str(out), "--json"]
    done = subprocess.run(
        command, check=False, env=env, cwd=project, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["status"] == 0
    return out


def members(folder: Path) -> dict[str, set[str]]:
    """What package.xml lists, by type."""
    root = ET.parse(folder / "package.xml").getroot()
    types = root.findall(f"{SPACE}types")
    return {
        t.findtext(f"{SPACE}name", ""): {(m.text or "").rstrip("/") for m in t.findall(f"{SPACE}members")}
        for t in types
    }


def test_the_cli_finds_every_component(converted: Path) -> None:
    found = members(converted)
    for kind, listed in found.items():
        wanted = {p.name for p in face(parts()) if p.kind == kind}
        folders = {p.name for p in face(parts()) if p.kind == f"{kind}Folder"}
        assert listed == wanted | folders, kind
    named = {p.kind for p in face(parts())} - {"PermissionSetAssignment", "ReportFolder", "DashboardFolder"}
    assert set(found) == named


def test_the_cli_puts_fields_into_their_objects(converted: Path) -> None:
    root = ET.parse(converted / "objects" / "CS_Relationship__c.object").getroot()
    fields = {f.findtext(f"{SPACE}fullName") for f in root.findall(f"{SPACE}fields")}
    assert "Key__c" in fields
    assert len(fields) == len(
        [p for p in face(parts()) if p.kind == "CustomField" and p.name.startswith("CS_Relationship__c.")]
    )
