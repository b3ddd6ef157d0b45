"""The bare loop: the sandbox's HTTP server with answers that were stored before; stays up."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from cs_connector.demo.sandbox import wait
from cs_connector.sandbox.server import Server
from cs_connector.sandbox.wire import Request, Response

from .asking import Stored


class Shelf:
    """Gives every request the answer that it got before."""

    def __init__(self, stored: dict[str, Stored]) -> None:
        self._stored = stored

    def handle(self, request: Request) -> Response:
        found = self._stored[request.path + "?" + request.query_string]
        return Response(found.status, found.body, dict(found.headers))


def main(path: Path) -> None:
    server = Server()
    server.start(Shelf(msgspec.msgpack.decode(path.read_bytes(), type=dict[str, Stored])))
    sys.stdout.write(f"{server.port}\n")
    sys.stdout.flush()
    wait()
    server.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
