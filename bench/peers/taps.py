"""Singer taps: their hosts lead to the simulators, and what they print goes nowhere."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from bench.cost import Cost, spend
from bench.syncing.reading import Reading

ROUTED = Path("tests/conformance/routed")
START = "2024-01-01T00:00:00Z"
QUIET = ("sh", "-c", 'exec "$0" "$@" 2>&1 >/dev/null')  # their log is kept, their records are not
COUNTED = re.compile(r'"metric": ?"record_count", ?"value": ?(\d+)')
# Streams that the catalog must name, or tap-hubspot would look for their fields.
STREAMS = (
    "calls", "communications", "companies", "contacts", "deal_pipelines", "deals", "email_subscriptions", "emails",
    "feedback_submissions", "goal_targets", "leads", "line_items", "meetings", "notes", "owners", "postal_mail",
    "products", "properties", "quotes", "tasks", "teams", "ticket_pipelines", "tickets", "users",
)  # fmt: skip
PROPERTIES = (
    "createdate", "hs_lastmodifieddate", "hs_pipeline", "hs_pipeline_stage", "hs_ticket_priority", "hubspot_owner_id",
    "subject",
)  # fmt: skip
TEXT, FLAG = {"type": ["string", "null"]}, {"type": ["boolean", "null"]}


def hubspot(home: Path, reading: Reading, folder: Path) -> tuple[dict[str, Cost], int]:
    """meltano-tap-hubspot; it lists tickets with the properties that HubSpot gives unasked."""
    block = reading.bed.document["hubspot"]
    entries = [_stream(name, selected=name == "tickets") for name in STREAMS]
    words = _files(folder, {"access_token": block["access_token"]}, {"streams": entries})
    routes = {"api.hubapi.com": block["base_url"]}
    return _run([home / "bin" / "tap-hubspot", *words["config"], *words["catalog"]], routes, folder)


def salesforce(home: Path, reading: Reading, folder: Path) -> tuple[dict[str, Cost], int]:
    """tap-salesforce by REST, with the fields that we read."""
    block = reading.bed.document["salesforce"]
    keys = ("client_id", "client_secret")
    config = {key: block[key] for key in keys} | {"refresh_token": _refresh_token(block), "api_type": "REST"}
    words = _files(folder, config, {})
    program, base = home / "bin" / "tap-salesforce", block["base_url"]
    routes = {"login.salesforce.com": base, urlsplit(base).netloc: base}
    found = spend([program, *words["config"], "--discover"], env=_environment(routes, folder))
    catalog = _only(json.loads(found.out), "Case", _fields(reading.first))
    _files(folder, config, catalog)
    return _run([program, *words["config"], "--properties", words["catalog"][1]], routes, folder)


def _run(command: list[str | Path], routes: Mapping[str, str], folder: Path) -> tuple[dict[str, Cost], int]:
    """What it cost, and how many records it says that it gave."""
    cost = spend([*QUIET, *command], env=_environment(routes, folder))
    return {"printed to nowhere": cost}, sum(map(int, COUNTED.findall(cost.out)))


def _environment(routes: Mapping[str, str], folder: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "PYTHONPATH": str(ROUTED.resolve()),
        "CONFORMANCE_ROUTES": json.dumps(routes),
    }


def _files(folder: Path, config: Mapping[str, Any], catalog: Mapping[str, Any]) -> dict[str, list[str]]:
    """Written, and the words that name them."""
    folder.mkdir(parents=True, exist_ok=True)
    named = {"config": {"start_date": START, **config}, "catalog": catalog}
    for name, content in named.items():
        (folder / f"{name}.json").write_text(json.dumps(content))
    return {name: [f"--{name}", str(folder / f"{name}.json")] for name in named}


def _stream(name: str, *, selected: bool) -> dict[str, Any]:
    """With the fields that tap-hubspot knows of a ticket."""
    inner = {"type": ["object", "null"], "properties": dict.fromkeys(PROPERTIES, TEXT)}
    fields = {**dict.fromkeys(("id", "createdAt", "updatedAt"), TEXT), "archived": FLAG, "properties": inner}
    entry = {"breadcrumb": [], "metadata": {"inclusion": "available", "selected": selected}}
    about = {"tap_stream_id": name, "stream": name, "key_properties": ["id"], "replication_key": None}
    return {**about, "schema": {"type": "object", "properties": fields}, "metadata": [entry]}


def _only(catalog: dict[str, Any], name: str, fields: Iterable[str]) -> dict[str, Any]:
    """One stream with some fields."""
    wanted = {(), *(("properties", field) for field in fields)}
    stream = next(s for s in catalog["streams"] if s["tap_stream_id"] == name)
    for entry in stream["metadata"]:
        chosen = tuple(entry["breadcrumb"]) in wanted
        entry["metadata"]["selected"] = chosen or entry["metadata"].get("inclusion") == "automatic"
    return {"streams": [stream]}


def _fields(first: str) -> list[str]:
    query = parse_qs(urlsplit(first).query)["q"][0]
    return query.removeprefix("SELECT ").partition(" FROM ")[0].split(", ")


def _refresh_token(block: Mapping[str, str]) -> str:
    """As an admin gets one in a browser."""
    back, oauth = "http://localhost/back", f"{block['base_url']}/services/oauth2"
    with requests.Session() as session:
        session.trust_env = False
        ask = {"response_type": "code", "client_id": block["client_id"], "redirect_uri": back}
        there = session.get(f"{oauth}/authorize", params=ask, allow_redirects=False, timeout=10)
        code = parse_qs(urlsplit(there.headers["location"]).query)["code"][0]
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": back}
        form |= {key: block[key] for key in ("client_id", "client_secret")}
        answer = session.post(f"{oauth}/token", data=form, timeout=10)
        answer.raise_for_status()
        return str(answer.json()["refresh_token"])
