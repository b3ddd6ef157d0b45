"""How the requests in a block of code are sent."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar, Token
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Manner:
    """`safe`: they may be sent twice. `bare`: without a login. `plain`: what the CRM refuses is an answer."""

    safe: bool = False
    bare: bool = False
    plain: bool = False


_USUAL = Manner()
_now: ContextVar[Manner] = ContextVar("_now", default=_USUAL)


def manner() -> Manner:
    """That of the innermost block."""
    return _now.get()


class Block:
    """Adds one manner to those of the block around it. There is one for each call, so it is kept cheap."""

    __slots__ = ("_name", "_token")

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        self._token: Token[Manner] = _now.set(_with(_now.get(), self._name))

    def __exit__(self, *_: object) -> None:
        _now.reset(self._token)


class Expected:
    """A JSON body in this block is parsed as one kind of answer: that it is whole shows by the way, without a reading of its own.

    `found` is what the last body was; None where it was something else.
    """

    __slots__ = ("_token", "found", "parse")

    def __init__(self, parse: Callable[[bytes], Any]) -> None:
        """`parse` reads all of the body. It raises msgspec.ValidationError for another kind, DecodeError for no JSON."""
        self.parse = parse
        self.found: Any = None

    def __enter__(self) -> Self:
        self._token: Token[Expected | None] = _expected.set(self)
        return self

    def __exit__(self, *_: object) -> None:
        _expected.reset(self._token)


_expected: ContextVar[Expected | None] = ContextVar("_expected", default=None)


def expected() -> Expected | None:
    """That of the innermost block."""
    return _expected.get()


@cache
def _with(before: Manner, name: str) -> Manner:
    return replace(before, **{name: True})
