"""Runs the probes of assumptions against a connection. They read; what is told of an answer is free of its values."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from cs_connector.errors import AdapterError, UsageError
from cs_connector.ports import Adapter, Answer, Ask, Clock
from cs_connector.registry import assumptions as files

from .assumptions import Assumption, Expectation, Step, read
from .engine import Engine

SCHEMA = "probe/1"
_TIME = re.compile(r"\{(now|-(\d+)([smhd])):(iso|epoch|millis)\}")
_PAD = re.compile(r"\{pad:(\d+)\}")
_KEPT = re.compile(r"\{(\w+)\}")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_DEEPEST, _WIDEST = 3, 60
_ABSENT = object()


class Verdict(StrEnum):
    CONFIRMED = "confirmed"
    PARTLY = "in part"
    REFUTED = "refuted"
    UNTESTABLE = "untestable"


def probe(engine: Engine, connection: str | None) -> list[dict[str, Any]]:
    """What each assumption about a connection, or about all, turned out to be. Raises UsageError, AuthFailed."""
    known = engine.project.settings.connections
    if connection is not None and connection not in known:
        raise UsageError(f"there is no connection called {connection}", fix=", ".join(known))
    paths = files()
    return [
        {
            "connection": name,
            "crm": known[name].adapter,
            **tried(engine.adapter(name), engine.clock, assumption),
        }
        for name in ([connection] if connection else known)
        if known[name].adapter in paths
        for assumption in read(paths[known[name].adapter])
    ]


def tried(adapter: Adapter, clock: Clock, assumption: Assumption) -> dict[str, Any]:
    """One assumption with its verdict, why, and what the answers looked like."""
    run = _Run(adapter, clock)
    verdict, why = run.verdict(assumption)
    return {
        "id": assumption.id,
        "claim": assumption.claim,
        "verdict": verdict.value,
        "why": why,
        "steps": run.seen,
    }


class _Run:
    """The steps of one probe, and what they keep for one another."""

    def __init__(self, adapter: Adapter, clock: Clock) -> None:
        self._adapter, self._clock = adapter, clock
        self._kept: dict[str, str] = {}
        self.seen: list[dict[str, Any]] = []

    def verdict(self, assumption: Assumption) -> tuple[Verdict, str]:
        if not assumption.steps:
            return (
                Verdict.UNTESTABLE,
                "a person must look"
                if assumption.look
                else "only a write, or waiting for trouble, would show it",
            )
        for step in assumption.steps:
            verdict, why = self._step(step)
            if verdict is not Verdict.CONFIRMED:
                return verdict, why
        if assumption.unseen:
            return Verdict.PARTLY, f"no reading shows {assumption.unseen}"
        return Verdict.CONFIRMED, ""

    def _step(self, step: Step) -> tuple[Verdict, str]:
        body = json.loads(self._filled(json.dumps(step.body))) if step.body is not None else None
        query = {name: self._filled(value) for name, value in step.query.items()}
        try:
            answer = self._adapter.look(Ask(step.path, query, body))
        except AdapterError as error:
            return Verdict.UNTESTABLE, error.what
        if answer is None:
            return Verdict.UNTESTABLE, "this adapter cannot be probed"
        self.seen.append({"path": step.path, "status": answer.status, "keys": outline(answer.body)})
        return self._judged(step, answer)

    def _judged(self, step: Step, answer: Answer) -> tuple[Verdict, str]:
        if step.needs is not None and answer.status != step.needs:
            return Verdict.UNTESTABLE, f"{step.path} answered {answer.status}"
        for expectation in step.expect:
            for what, holds in _held(expectation, answer, self._filled):
                if not holds:
                    return Verdict.REFUTED, f"{step.path} answered {answer.status}: not {what}"
        for name, path in step.keep.items():
            value = at(answer.body, path)
            if value in (None, _ABSENT):
                return Verdict.UNTESTABLE, f"there is no {path} to go on from"
            self._kept[name] = str(value)
        return Verdict.CONFIRMED, ""

    def _filled(self, text: str) -> str:
        """With times, spaces and kept values in place of {…}."""
        text = _TIME.sub(lambda found: _time(self._clock.now(), found), text)
        text = _PAD.sub(lambda found: " " * int(found[1]), text)
        return _KEPT.sub(lambda found: self._kept.get(found[1], found[0]), text)


def _time(now: datetime, found: re.Match[str]) -> str:
    when = now - timedelta(**{_UNITS[found[3]]: int(found[2])}) if found[2] else now
    match found[4]:
        case "iso":
            return when.astimezone(UTC).isoformat(timespec="seconds")
        case "epoch":
            return str(int(when.timestamp()))
    return str(int(when.timestamp() * 1000))


def _held(expectation: Expectation, answer: Answer, fill: Any) -> Iterator[tuple[str, bool]]:
    """Each part of an expectation in words, and whether it holds."""
    body = answer.body
    if expectation.status is not None:
        yield f"status {expectation.status}", answer.status == expectation.status
    if expectation.has is not None:
        yield f"a key {expectation.has}", at(body, expectation.has) is not _ABSENT
    if expectation.header is not None:
        yield f"a header {expectation.header}", _sent(expectation.header, answer.headers)
    for path, value in expectation.equal.items():
        yield f"the expected {path}", at(body, path) == (fill(value) if isinstance(value, str) else value)
    for path, kind in expectation.kind.items():
        yield f"a {kind} at {path}", kind_of(at(body, path)) == kind
    for path, wanted in expectation.some.items():
        yield f"such an element in {path}", any(_fits(one, wanted) for one in _list(at(body, path)))


def _sent(header: str, headers: Mapping[str, str]) -> bool:
    wanted = header.lower()
    return any(h.startswith(wanted[:-1]) if wanted.endswith("*") else h == wanted for h in headers)


def _fits(one: Any, wanted: Mapping[str, Any]) -> bool:
    return isinstance(one, dict) and all(one.get(name) == value for name, value in wanted.items())


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else ()


def at(value: Any, path: str) -> Any:
    """What stands at a dotted path, or `_ABSENT`."""
    for part in path.split("."):
        if isinstance(value, dict) and part in value:
            value = value[part]
        elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            return _ABSENT
    return value


def kind_of(value: Any) -> str:
    """The JSON type of a value; `absent` where there is none."""
    if value is None:
        return "null"
    kinds = {bool: "boolean", int: "number", float: "number", str: "text", list: "list", dict: "object"}
    return kinds.get(type(value), "absent")


def outline(value: Any, depth: int = _DEEPEST) -> Any:
    """Key names and types, nothing else; of a list its first element."""
    if isinstance(value, list):
        return [outline(one, depth) for one in value[:1]] if depth else "list"
    if isinstance(value, dict):
        inside = list(value.items())[:_WIDEST]
        return {key: outline(one, depth - 1) for key, one in inside} if depth else "object"
    return kind_of(value)
