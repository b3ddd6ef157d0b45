"""The command, with the method and target of every request to one port written to a file, each in a line."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from socket import socket
from typing import Any

from cs_connector.__main__ import main

HEAD = re.compile(rb"([A-Z]+) (\S+) HTTP/1\.1\r\n")
sendall = socket.sendall


def note(file: Path, port: int) -> None:
    """Below every way to send a request there is this one."""
    lines = file.open("a", buffering=1)

    def noted(connection: socket, data: Any, *flags: int) -> None:
        head = HEAD.match(data)
        if head and connection.getpeername()[1] == port:
            lines.write(f"{head[1].decode()} {head[2].decode()}\n")
        sendall(connection, data, *flags)

    socket.sendall = noted  # type: ignore[method-assign]


if __name__ == "__main__":
    note(Path(sys.argv[1]), int(sys.argv[2]))
    sys.argv[1:] = sys.argv[3:]
    main()
