"""A project directory, wired to a sandbox or ready to be filled in."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from importlib.resources import as_file, files
from io import StringIO
from pathlib import Path
from typing import Any

import msgspec
from pydantic import SecretStr
from ruamel.yaml import YAML

from cs_connector import registry
from cs_connector.config.project import FILE
from cs_connector.errors import UsageError
from cs_connector.vault import SECRETS_FILE, write_private

_HEAD = """\
# A cs-connector project. Everything here belongs in git, except .cs-connector/ and secrets.env.
"""
_IGNORED = f".cs-connector/\nreports/\n{SECRETS_FILE}\n"
_KEEP_OUT = ("access_token", "portal_id")


def make(directory: Path, sandbox: Path | None) -> list[Path]:
    """Write a project; returns the files written. Raises UsageError where one is already."""
    if (directory / FILE).exists():
        raise UsageError(
            f"{directory} is a project already", safe="nothing was changed", fix="name another directory"
        )
    document = _read(sandbox) if sandbox else {}
    directory.mkdir(parents=True, exist_ok=True)
    secrets: dict[str, str] = {}
    settings = _settings(document, secrets, directory.name)
    text = StringIO()
    yaml = YAML()
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.dump(settings, text)
    (directory / FILE).write_text(_HEAD + text.getvalue(), encoding="utf-8")
    _ignore(directory / ".gitignore")
    lines = "".join(f"{name}={value}\n" for name, value in sorted(secrets.items()))
    kept = directory / SECRETS_FILE
    write_private(kept, _whole(kept.read_bytes() if kept.exists() else b"") + lines.encode())
    if document:
        with as_file(files("cs_connector.demo") / "overlay") as overlay:
            shutil.copytree(
                overlay,
                directory,
                dirs_exist_ok=True,
                ignore=shutil.ignore_patterns("__init__.py", "__pycache__"),
            )
    return [directory / FILE, directory / SECRETS_FILE, directory / ".gitignore"]


def _ignore(path: Path) -> None:
    """Add what git must not take to what is there already."""
    before = path.read_bytes() if path.exists() else b""
    there = before.decode("utf-8", "replace").split()
    lines = "".join(f"{line}\n" for line in _IGNORED.split() if line not in there)
    path.write_bytes(_whole(before) + lines.encode())


def _whole(lines: bytes) -> bytes:
    return lines if not lines or lines.endswith(b"\n") else lines + b"\n"


def _read(path: Path) -> dict[str, Any]:
    try:
        document = msgspec.json.decode(path.read_bytes())
    except FileNotFoundError:
        raise UsageError(
            f"{path} does not exist",
            safe="nothing was written",
            fix="cs-connector sandbox up --json > FILE &",
        ) from None
    except msgspec.DecodeError as error:
        raise UsageError(
            f"{path} is not a sandbox document", why=str(error), safe="nothing was written"
        ) from None
    if not isinstance(document, dict) or document.get("schema") != "sandbox/1":
        raise UsageError(
            f"{path} is not a sandbox document", why="its schema is not sandbox/1", safe="nothing was written"
        )
    return document


def _settings(document: Mapping[str, Any], secrets: dict[str, str], name: str) -> dict[str, Any]:
    connections = {}
    for crm in registry.names("adapters"):
        if crm in document:
            connections[crm] = _connection(crm, crm, document[crm], secrets)
    for other, block in document.get("others", {}).items():
        connections[other] = _connection(other, block["crm"], block, secrets)
    order = sorted(
        connections, key=lambda n: (n == "files" or n.startswith("files"), n not in document, _rank(n))
    )
    settings: dict[str, Any] = {
        "version": 1,
        "name": name,
        "go_live": "live" if document else "observe",
        "connections": {n: connections[n] for n in order},
        "schedules": {"nightly": {"job": "run", "cron": "15 5 * * *", "zone": "Europe/Berlin"}},
    }
    if document:
        settings["sandbox"] = {"control_url": document["control_url"]}
        settings["safety"] = {"max_created": max(200, int(document.get("accounts", 0)) // 2)}
    return settings


def _rank(name: str) -> int:
    """Sales systems are believed before marketing and service: those that hold accounts for tasks come first."""
    known = [
        p.stem for p in registry.shipped()[0].glob("*.yml") if "source: call" in p.read_text(encoding="utf-8")
    ]
    return {True: 0, False: 1}[name in known] * 10 - len(name)


def _connection(name: str, crm: str, block: Mapping[str, Any], secrets: dict[str, str]) -> dict[str, Any]:
    """The settings that the adapter knows, with secrets moved out."""
    fields: Mapping[str, Any] = registry.adapter(crm).Settings.model_fields
    settings = {}
    for key, field in fields.items():
        if key not in block or key in _KEEP_OUT or (field.json_schema_extra or {}).get("single_use"):
            continue
        if SecretStr in (field.annotation, *getattr(field.annotation, "__args__", ())):
            secret = f"{name}_{key}".upper()
            secrets[secret] = str(block[key])
            settings[key] = f"secret:{secret}"
        else:
            settings[key] = block[key]
    found: dict[str, Any] = {"adapter": crm}
    if "mapping" in block:
        found["mapping"] = block["mapping"]
    return found | {"settings": settings}
