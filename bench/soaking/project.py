"""A project directory that reads one simulated CRM."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cs_connector import registry
from cs_connector.config import Project, open_project

MAPS = Path(__file__).with_name("maps")
SWEEP = 0.2  # hours after which all links are read again


def written(root: Path, crm: str, login: Mapping[str, str], control_url: str = "") -> Project:
    """Write the project's file and mapping. With `control_url` its time is that of a sandbox."""
    (root / "mappings").mkdir(parents=True, exist_ok=True)
    shutil.copy(MAPS / f"{crm}.yml", root / "mappings")
    block = {"adapter": crm, "settings": SETTINGS[crm](login)}
    document = {"version": 1, "connections": {crm: block}, "safety": {"max_shrink_share": 1}}
    if control_url:
        document["sandbox"] = {"control_url": control_url}
    (root / "cs-connector.yml").write_text(json.dumps(document))
    return open_project(root, registry.shipped())


def _salesforce(block: Mapping[str, str]) -> dict[str, Any]:
    names = ("client_id", "client_secret", "base_url", "api_version")
    more = {"auth": "client_credentials", "instance_url": block["base_url"]}
    return {name: block[name] for name in names} | more


def _hubspot(block: Mapping[str, str]) -> dict[str, Any]:
    names = ("client_id", "client_secret", "refresh_token", "base_url", "portal_id")
    return {name: block[name] for name in names} | {"sweep_hours": SWEEP}


def _zendesk(block: Mapping[str, str]) -> dict[str, Any]:
    names = ("subdomain", "client_id", "client_secret", "base_url")
    return {name: block[name] for name in names} | {"sweep_hours": SWEEP}


SETTINGS = {"salesforce": _salesforce, "hubspot": _hubspot, "zendesk": _zendesk}
