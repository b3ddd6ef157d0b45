"""A client that costs next to nothing: whole requests and answers as bytes, over one connection."""

from __future__ import annotations

import socket
import time
from typing import Self

import msgspec

DROPPED = frozenset({"content-length"})


class Stored(msgspec.Struct):
    """An answer as it came."""

    status: int
    headers: dict[str, str]
    body: bytes


class Line:
    """A connection to a port of this machine."""

    def __init__(self, port: int, token: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._tail = (
            f" HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\nAccept: */*\r\n"
        )
        self._file = self._socket.makefile("rb")

    def ask(self, target: str, extra: str = "") -> Stored:
        self._socket.sendall(f"GET {target}{self._tail}{extra}\r\n".encode())
        status = int(self._file.readline().split()[1])
        headers: dict[str, str] = {}
        while (line := self._file.readline()) != b"\r\n":
            name, _, value = line.decode().partition(":")
            headers[name.lower()] = value.strip()
        size = int(headers.get("content-length", "0"))
        kept = {name: value for name, value in headers.items() if name not in DROPPED}
        return Stored(status, kept, self._file.read(size))

    def close(self) -> None:
        self._file.close()
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def cpu_of(pid: int) -> float:
    """CPU seconds of a process so far, all its threads."""
    return time.clock_gettime((~pid << 3) | 2)  # the kernel's number of another process's CPU clock


def resident(pid: int) -> float:
    """MB of memory that a process holds now, mapped files included."""
    with open(f"/proc/{pid}/statm") as numbers:  # noqa: PTH123 — no path of ours
        return int(numbers.read().split()[1]) * 4096 / 1_000_000
