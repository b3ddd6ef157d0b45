"""Who may know whom."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from .tree import ROOT, shown, sources

CRM = re.compile("salesforce|hubspot|zendesk", re.IGNORECASE)
# Files of the engine that may name a CRM, and why.
NAMED = {
    "cs_connector/cli/sandbox.py": "the help text says which CRMs are simulated",
    "cs_connector/transport/redact.py": "comments say whose tokens have a form that is easy to see",
    "cs_connector/transport/session.py": "a docstring shows what a host pattern looks like",
}


def test_the_import_contracts_hold() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def named(path: Path) -> list[str]:
    lines = enumerate(path.read_text().splitlines(), 1)
    return [f"{shown(path)}:{number}: {line.strip()}" for number, line in lines if CRM.search(line)]


def test_the_engine_names_no_crm() -> None:
    found = [line for path in sources("cs_connector") if shown(path) not in NAMED for line in named(path)]
    assert found == []


def test_what_may_name_a_crm_does_so() -> None:
    assert [name for name in NAMED if not named(ROOT / name)] == []
