"""A Singer tap in its own environment: discover, select streams, sync."""

from __future__ import annotations

import json
import os
import subprocess
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from .conftest import CLIENTS, needed

ROUTED = Path(__file__).parent / "routed"


@dataclass(frozen=True)
class Tap:
    """`package` is its folder below .venv/conformance; `routes` lead its hosts to simulators."""

    package: str
    program: str
    config: Path
    routes: dict[str, str]

    def run(self, *words: str) -> str:
        """What it prints. Fails with its log."""
        return self._printed(self.program, "--config", str(self.config), *words)

    def _printed(self, program: str, *words: str) -> str:
        path = needed(CLIENTS / self.package / "bin" / program)
        own = {urlsplit(base).netloc: base for base in self.routes.values()}
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.config.parent),
            "PYTHONPATH": str(ROUTED),
            "CONFORMANCE_ROUTES": json.dumps(self.routes | own),
        }
        done = subprocess.run(
            [str(path), *words], check=False, env=env, capture_output=True, text=True, timeout=90
        )
        assert done.returncode == 0, done.stderr[-6000:]
        return done.stdout

    def discover(self) -> dict[str, Any]:
        """Its catalog of every stream."""
        found: dict[str, Any] = json.loads(self.run("--discover"))
        return found

    def python(self, text: str) -> dict[str, Any]:
        """The JSON that a program prints which uses the tap's own modules; the configuration is its argument."""
        found: dict[str, Any] = json.loads(
            self._printed("python", "-c", text, str(self.config)).splitlines()[-1]
        )
        return found

    def sync(self, catalog: dict[str, Any], *streams: str, word: str = "--catalog") -> Counter[str]:
        """How many records came of each stream."""
        file = self.config.with_name("catalog.json")
        file.write_text(json.dumps(selected(catalog, streams)))
        lines = [json.loads(line) for line in self.run(word, str(file)).splitlines() if line.startswith("{")]
        return Counter(line["stream"] for line in lines if line["type"] == "RECORD")


def plain(streams: Mapping[str, str | None]) -> dict[str, Any]:
    """A catalog written by hand: streams with the field that tells of changes.

    For a tap whose discovery asks for what is not simulated; it knows its fields itself.
    """
    return {"streams": [_stream(name, key) for name, key in streams.items()]}


def _stream(name: str, key: str | None) -> dict[str, Any]:
    fields: dict[str, Any] = {"id": {"type": "string"}}
    if key:
        fields[key] = {"type": "string", "format": "date-time"}
    places: list[list[str]] = [[], *(["properties", field] for field in fields)]
    return {
        "tap_stream_id": name,
        "stream": name,
        "key_properties": ["id"],
        "replication_key": key,
        "schema": {"type": "object", "properties": fields},
        "metadata": [{"breadcrumb": at, "metadata": {"inclusion": "available"}} for at in places],
    }


def selected(catalog: dict[str, Any], streams: Iterable[str]) -> dict[str, Any]:
    """Some streams with every field that may be chosen."""
    for stream in catalog["streams"]:
        wanted = stream["tap_stream_id"] in streams
        for entry in stream["metadata"]:
            about = entry["metadata"]
            usable = about.get("inclusion") != "unsupported"
            about["selected"] = wanted and usable
    return catalog
