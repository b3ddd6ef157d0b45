"""Points at which a process kills itself: every function that lands, folds, publishes or recovers, every commit, every write.

`arm` lays them over the store of this process, which must be one that was forked for it.
"""

from __future__ import annotations

import importlib
import inspect
import os
import pkgutil
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from types import FunctionType, ModuleType
from typing import Any, BinaryIO, NamedTuple

import sqlalchemy as sa

from cs_connector import store as room
from cs_connector.store.files import LocalFiles

DELAY = 0.002  # seconds at most between the beginning of a step and a kill in its middle
ASIDE = frozenset({"backup", "dump", "guard", "meter", "migrations", "schema", "shapes", "tables", "views"})


class Plan(NamedTuple):
    """Die when `point` is reached for the `nth` time; in the middle of it after `delay` seconds."""

    point: str
    nth: int
    delay: float = 0.0


class Points:
    """Counts the points that are passed, and kills the process at the planned one."""

    def __init__(self, plan: Plan | None) -> None:
        self.plan, self.passed = plan, Counter[str]()
        self._inside: list[str] = ["run"]

    def step(self, name: str, work: Callable[[], Any]) -> Any:
        """Do a piece of work between two points, with one in its middle."""
        self.reached(f"{name}: before")
        self._inside.append(name)
        try:
            if self.due(f"{name}: within"):
                die_soon(self.plan.delay if self.plan else 0.0)
            return work()
        finally:
            self._inside.pop()
            self.reached(f"{name}: after")

    def commit(self, work: Callable[[], Any]) -> Any:
        return self.step(f"commit of {self._inside[-1]}", work)

    def write(self, file: BinaryIO, offset: int, data: bytes) -> None:
        """A write of which half arrives."""
        if data and self.due(f"write of {self._inside[-1]}: half"):
            file.seek(offset)
            file.write(data[: len(data) // 2])
            die()

    def reached(self, point: str) -> None:
        if self.due(point):
            die()

    def due(self, point: str) -> bool:
        self.passed[point] += 1
        return self.plan is not None and self.plan[:2] == (point, self.passed[point])


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_soon(delay: float) -> None:
    def wait() -> None:
        time.sleep(delay)
        die()

    threading.Thread(target=wait, daemon=True).start()


def arm(points: Points) -> None:
    """From now on every function of the store is a step."""
    append, modules = LocalFiles.append, list(_modules())
    own = [found for module in modules for found in vars(module).values() if _is_of(found, module)]
    for kind in filter(inspect.isclass, own):
        _arm_class(points, kind)
    wrapped = {id(found): _step(points, found) for found in own if isinstance(found, FunctionType)}
    for module in modules:
        _put_in(module, wrapped)
    _arm_commits(points)

    def half(self: LocalFiles, file: BinaryIO, offset: int, data: bytes) -> int:
        points.write(file, offset, data)
        end: int = points.step("files.LocalFiles.append", lambda: append(self, file, offset, data))
        return end

    LocalFiles.append = half  # type: ignore[method-assign]


def _modules() -> Iterator[ModuleType]:
    for info in pkgutil.walk_packages(room.__path__, f"{room.__name__}."):
        if info.name.split(".")[2] not in ASIDE:
            yield importlib.import_module(info.name)


def _is_of(found: object, module: ModuleType) -> bool:
    """Whether it was written in a module, and not imported there."""
    return getattr(found, "__module__", None) == module.__name__


def _put_in(module: ModuleType, wrapped: Mapping[int, Any]) -> None:
    """What a module has of them by any name becomes a step."""
    for name, found in list(vars(module).items()):
        if id(found) in wrapped:
            setattr(module, name, wrapped[id(found)])


def _arm_class(points: Points, kind: type) -> None:
    for name, found in list(vars(kind).items()):
        if isinstance(found, FunctionType) and not name.startswith("__"):
            setattr(kind, name, _step(points, found))


def _step(points: Points, work: Callable[..., Any]) -> Callable[..., Any]:
    """Generators begin when they are asked, not when they are called: those are left alone."""
    inner = inspect.unwrap(work)
    if inspect.isgeneratorfunction(inner) or inspect.iscoroutinefunction(inner):
        return work
    name = f"{work.__module__.removeprefix(room.__name__ + '.')}.{work.__qualname__}"

    @wraps(work)
    def stepped(*given: Any, **more: Any) -> Any:
        return points.step(name, lambda: work(*given, **more))

    return stepped


def _arm_commits(points: Points) -> None:
    kind = sa.create_engine("sqlite://").dialect.__class__
    commit = kind.do_commit

    def do_commit(self: Any, connection: Any) -> None:
        points.commit(lambda: commit(self, connection))

    kind.do_commit = do_commit  # type: ignore[method-assign]
