"""A Node process that stays up for the session and drives the Node clients."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "node"


class NodeFailed(Exception):
    """What a driver threw: `name` and `code` are the client's, the text ends with its stack."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(f"{error['name']}: {error['message']}\n{error['stack']}")
        self.name, self.message, self.code = error["name"], error["message"], error["code"]


class NodeChild:
    """Calls functions of the drivers in tests/conformance/node, one after another."""

    def __init__(self, node: Path, modules: Path, **env: str) -> None:
        self._asked = 0
        self._process = subprocess.Popen(
            [node, FOLDER / "serve.cjs"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env={**os.environ, "NODE_PATH": str(modules), "NODE_NO_WARNINGS": "1", **env},
        )

    def call(self, driver: str, call: str, /, **args: Any) -> Any:
        """The function's result as JSON. Raises NodeFailed with what it threw."""
        process = self._process
        assert process.stdin and process.stdout
        self._asked += 1
        ask = {"id": self._asked, "driver": driver, "call": call, "args": args}
        process.stdin.write(json.dumps(ask) + "\n")
        process.stdin.flush()
        line = process.stdout.readline()
        assert line, f"node ended with {process.poll()}"
        answer = json.loads(line)
        assert answer["id"] == self._asked
        if "error" in answer:
            raise NodeFailed(answer["error"])
        return answer["result"]

    def close(self) -> None:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()
