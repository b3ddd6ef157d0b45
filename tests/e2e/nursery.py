"""Commands as forks of one process that has imported the whole program: each is a process of its own, and starts at once.

`python -m tests.e2e.nursery FD` takes orders over a socket; with each come the ends of three pipes, the third of which is told the
number of the process and then how it ended.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

ROOMS = ("cs_connector", "cs_connector.adapters", "cs_connector.jobs")
HEAVY = ("alembic.command", "pandas", "splink", "pyarrow.parquet", "pyarrow.dataset", "pypdf")
OTHERS = ("__main__", "migrations")


class Command:
    """What the tests use of a process of `subprocess`."""

    def __init__(self, out: int, err: int, status: int) -> None:
        self.stdout, self.stderr = os.fdopen(out), os.fdopen(err)
        self._status = os.fdopen(status)
        self.pid = int(self._status.readline())
        self.returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None and select.select([self._status], [], [], 0)[0]:
            self.wait()
        return self.returncode

    def wait(self) -> int:
        if self.returncode is None:
            self.returncode = int(self._status.readline())
            self._status.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            with suppress(ProcessLookupError):  # it may have ended meanwhile
                os.kill(self.pid, number)

    def communicate(self, timeout: float) -> tuple[str, str]:
        """All that it still says. Raises TimeoutError, and ends it."""
        with ThreadPoolExecutor(2) as pool:
            said = [pool.submit(pipe.read) for pipe in (self.stdout, self.stderr)]
            try:
                out, err = (each.result(timeout) for each in said)
            except TimeoutError:
                self.send_signal(signal.SIGKILL)
                raise
        for pipe in (self.stdout, self.stderr):
            pipe.close()
        self.wait()
        return out, err


def command(words: list[str], env: Mapping[str, str], cwd: Path) -> Command:
    """Start `cs-connector WORDS` in an environment and a folder."""
    ours, theirs = zip(*(os.pipe() for _ in range(3)), strict=True)
    order = json.dumps({"words": words, "env": dict(env), "cwd": str(cwd)})
    socket.send_fds(_running(), [order.encode()], theirs)
    for end in theirs:
        os.close(end)
    return Command(*ours)


@cache
def _running() -> socket.socket:
    """One for the whole of a test process; it ends when the socket is closed."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    words = [sys.executable, "-m", __name__, str(theirs.fileno())]
    process = subprocess.Popen(words, pass_fds=[theirs.fileno()], cwd=Path(__file__).parents[2])
    theirs.close()

    def end() -> None:
        ours.close()
        process.wait()

    atexit.register(end)
    return ours


def _import_all() -> None:
    for room in ROOMS:
        for found in pkgutil.walk_packages(import_module(room).__path__, f"{room}."):
            if not any(part in OTHERS for part in found.name.split(".")):
                import_module(found.name)
    for name in HEAVY:
        import_module(name)
    from cs_connector import registry

    for group in registry.GROUPS:
        registry.names(group)
    _read_all(registry.shipped())


def _read_all(shipped: tuple[Path, ...]) -> None:
    """What ships is parsed and compiled once."""
    from cs_connector.config.documents import load
    from cs_connector.measure.metrics import load_metrics
    from cs_connector.unify.names import Domains

    Domains()
    for path in (path for layer in shipped for path in layer.rglob("*.yml")):
        load(path)
    for source in load_metrics(shipped).sources:
        source.query  # noqa: B018  printing it is the work


def _next(wire: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """In a fork: the order that it is there for. Exits when there are no more."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        said, ends, *_ = socket.recv_fds(wire, 1 << 20, 3)
        if not said:
            sys.exit()
        if os.fork() == 0:
            wire.close()
            return json.loads(said), ends
        for end in ends:
            os.close(end)


def _follow(order: dict[str, Any], ends: list[int]) -> None:
    """Be the command, in one more fork; this one waits for it and tells how it ended."""
    out, err, status = ends
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    if pid := os.fork():
        os.close(out)
        os.close(err)
        os.write(status, b"%d\n" % pid)
        ended = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        os.write(status, b"%d\n" % ended)
        os._exit(0)
    for end, number in ((os.open(os.devnull, os.O_RDONLY), 0), (out, 1), (err, 2)):
        os.dup2(end, number)
    os.closerange(3, 64)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(order["env"])
    time.tzset()
    os.chdir(order["cwd"])
    sys.argv = ["cs-connector", *order["words"]]
    try:
        runpy.run_module("cs_connector", run_name="__main__", alter_sys=True)
    except SystemExit as end:
        if isinstance(end.code, int):
            _exit(end.code)
        raise


def _exit(code: int) -> NoReturn:
    """End as a process does, but leave it to the kernel to take the modules apart: that takes longer than most commands."""
    threading._shutdown()  # type: ignore[attr-defined]  # as multiprocessing ends its forks
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    _import_all()
    gc.freeze()  # else every fork looks through all of it, and so copies it
    _follow(*_next(socket.socket(fileno=int(sys.argv[1]))))
