"""`sandbox up --keep`: stopped and started again, it is the same sandbox."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest
import requests


@contextmanager
def up(folder):
    """A sandbox of the real command; gives its document and a session."""
    command = [sys.executable, "-m", "cs_connector", "sandbox", "up", "--json", "--accounts", "50"]
    command += ["--as-of", "2026-11-25", "--keep", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline()
        assert line, process.stderr.read()
        with requests.Session() as session:
            session.trust_env = False
            yield json.loads(line), session
    finally:
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert (process.returncode, "Traceback" in said) == (0, False), said


@pytest.mark.slow
def test_a_kept_sandbox_goes_on_where_it_was_stopped_also_after_a_move(tmp_path):
    folder, moved = tmp_path / "first", tmp_path / "second"
    with up(folder) as (first, session):
        org = first["salesforce"]
        path = f"{org['base_url']}/services/data/v67.0/sobjects/Account"
        session.headers["Authorization"] = f"Bearer {org['access_token']}"
        made = session.post(path, json={"Name": "Kept"}, timeout=30).json()["id"]
        named = session.post(f"{first['control_url']}/snapshot", json={"name": "before"}, timeout=30)
        assert named.json() == {"snapshot": "before"}
        session.patch(f"{path}/{made}", json={"Name": "Changed"}, timeout=30).raise_for_status()
    folder.rename(moved)
    with up(moved) as (second, session):
        org = second["salesforce"]
        assert org["access_token"] == first["salesforce"]["access_token"]
        assert second.keys() == first.keys()
        assert json.dumps(second["files"]) == json.dumps(first["files"]).replace(str(folder), str(moved))
        path = f"{org['base_url']}/services/data/v67.0/sobjects/Account/{made}"
        session.headers["Authorization"] = f"Bearer {org['access_token']}"
        assert session.get(path, timeout=30).json()["Name"] == "Changed"
        entries = session.get(f"{second['control_url']}/ledger", timeout=30).json()
        assert [entry["action"] for entry in entries] == ["create", "update"]
        session.post(
            f"{second['control_url']}/restore", json={"snapshot": "before"}, timeout=30
        ).raise_for_status()
        assert session.get(path, timeout=30).json()["Name"] == "Kept"
