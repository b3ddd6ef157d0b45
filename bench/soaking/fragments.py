"""Pieces of JSON that stand for a value: plain ones, and what becomes of them."""

from __future__ import annotations

import json
import random
from collections.abc import Callable

LONGEST = 70_000  # characters of a long text

PLAIN = (
    "12.5", "-3", "0", "1999.99", '"12.5"', "true", "false", "null", '""', '"2026-11-20"',
    '"2026-11-20T08:00:00Z"', '"2026-11-20T08:00:00.000+0000"', "1763625600000", '"1763625600000"', '"Closed"', '"open"',
)  # fmt: skip
ODD = (
    "1e400", "-1e400", "1e-400", "-0", "1E5", "123456789012345678901234567890", "0.1", "0.30000000000000004", '"1e400"',
    '"NaN"', '"Infinity"', '"1.234,56"', '"1,234.56"', '"1 234"', '"0x10"', '"１２"', '"12.5€"', '"."', '"-"', "[]", "{}", "[1,2]",
    '{"a":{"b":[null]}}', '["2026-11-20"]', '" "', '"\\u0000"', '"\\ud83d"', '"\\ude00\\ud83d"', '"\\ud83d\\ude00"', '"\\u202eabc"',
    '"e\\u0301"', '"\\ufeff1"', '"\\u0085"', '"2026-02-30"', '"2026-11-31T25:61:61Z"', '"31.12.2026"', '"11/20/2026"',
    '"0000-00-00"', '"9999-12-31"', '"10000-01-01"', '"-0001-01-01"', '"2026-11-20T08:00:00"', '"2026-W47-5"', '"now"', '"today"',
    '"epoch"', '"infinity"', '"-infinity"', '"TRUE"', '"yes"', '"t"', '"null"', '"None"', '"<script>alert(1)</script>"',
    '"=cmd|\' /C calc\'!A0"', '"\'; DROP TABLE x; --"', '"\\\\"', '"\\""', '"\\/"', '"a\\nb\\tc"', '"%s%n"', '"{{7*7}}"', '"$[0]"',
    '"$.__error__"', '"\\b\\f"', '"👩‍👩‍👧"', '"ÄÖÜß"', '"الصحة"', '"健康"',
)  # fmt: skip
_LETTERS = "aZ09 .,-+:TZ€ß漢😀\u0301\u200b\u202e\ufffd\u2028'\"\\/<>&%{}[]"
Change = Callable[[str, random.Random], str]


def fragment(name: str, dice: random.Random) -> str:
    """A value of a field; most are changed in some way."""
    del name
    chance = dice.random()
    if chance < 0.1:
        return dice.choice(PLAIN)
    if chance < 0.4:
        return dice.choice(ODD)
    text = dice.choice(PLAIN + ODD)
    for _ in range(dice.choice((1, 1, 2, 3))):
        text = dice.choice(CHANGES)(text, dice)
    return text


def _letter(text: str, dice: random.Random) -> str:
    """Another character somewhere in a text."""
    inner = _inner(text)
    at = dice.randrange(len(inner) + 1)
    return _quoted(inner[:at] + dice.choice(_LETTERS) + inner[at + dice.choice((0, 1)) :])


def _cut(text: str, dice: random.Random) -> str:
    inner = _inner(text)
    return _quoted(inner[: dice.randrange(len(inner) + 1)])


def _twice(text: str, _: random.Random) -> str:
    return _quoted(_inner(text) * 2)


def _escaped(text: str, dice: random.Random) -> str:
    """A character of any number, as an escape: halves of pairs too."""
    return f'{_quoted(_inner(text))[:-1]}\\u{dice.randrange(0x10000):04x}"'


def _number(_: str, dice: random.Random) -> str:
    whole = dice.choice((dice.randrange(-(10**6), 10**6), dice.randrange(-(10**30), 10**30)))
    return f"{whole}{dice.choice(('', '.5', '.25', '.123456789', 'e3', 'E-2', 'e308'))}"


def _listed(text: str, _: random.Random) -> str:
    return f"[{text}]"


def _nested(text: str, dice: random.Random) -> str:
    return f'{{"value":{text}}}' if dice.random() < 0.5 else f'{{"{"a" * dice.randrange(9)}":[{text},null]}}'


def _long(text: str, dice: random.Random) -> str:
    if dice.random() < 0.98:
        return _letter(text, dice)
    return _quoted((_inner(text) or "x") * (LONGEST // max(1, len(text))))


def _inner(text: str) -> str:
    """What a text says, and the piece of JSON itself for everything else."""
    if not text.startswith('"'):
        return text
    return str(json.loads(text)).encode("utf-8", "replace").decode()


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


CHANGES: tuple[Change, ...] = (_letter, _letter, _cut, _twice, _escaped, _number, _listed, _nested, _long)
