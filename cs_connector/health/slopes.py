"""Curves in SQL: what scores everybody; `curves` says the same in Python, for one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from sqlglot import exp

from cs_connector.health.curves import Curve, Point
from cs_connector.language.expression import number


def tree(curve: Curve, value: exp.Expr) -> exp.Expr:
    """The score of a value; NULL stays NULL."""
    if curve.half_life is not None:
        return _decay(value, curve.half_life)
    whens = _stairs(value, curve.points) if curve.steps is not None else _slopes(value, curve.points)
    unknown = exp.If(this=value.copy().is_(exp.null()), true=exp.null())
    return exp.Case(ifs=[unknown, *whens], default=number(curve.points[-1][1]))


def _decay(value: exp.Expr, half_life: float) -> exp.Expr:
    """100·2^(−x/h); a value below zero counts as zero."""
    floor = exp.Case(
        ifs=[exp.If(this=exp.LT(this=value.copy(), expression=number(0)), true=number(0))], default=value
    )
    power = exp.Paren(this=exp.Mul(this=floor, expression=number(-1 / half_life)))
    return exp.Mul(this=number(100), expression=exp.Pow(this=number(2), expression=power))


def _stairs(value: exp.Expr, points: Sequence[Point]) -> list[exp.If]:
    return [
        exp.If(this=exp.LT(this=value.copy(), expression=number(x)), true=number(before))
        for (_, before), (x, _) in pairwise(points)
    ]


def _slopes(value: exp.Expr, points: Sequence[Point]) -> list[exp.If]:
    first = exp.If(
        this=exp.LTE(this=value.copy(), expression=number(points[0][0])), true=number(points[0][1])
    )
    return [first, *(_slope(value, a, b) for a, b in pairwise(points))]


def _slope(value: exp.Expr, start: Point, end: Point) -> exp.If:
    (a, low), (b, high) = start, end
    along = exp.Paren(this=exp.Sub(this=value.copy(), expression=number(a)))
    gain = exp.Mul(this=along, expression=number((high - low) / (b - a)))
    return exp.If(
        this=exp.LTE(this=value.copy(), expression=number(b)),
        true=exp.Paren(this=exp.Add(this=number(low), expression=gain)),
    )
