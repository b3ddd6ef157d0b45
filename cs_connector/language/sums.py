"""Exact sums that one impossible value cannot stop."""

from __future__ import annotations

from typing import Literal

from sqlglot import exp

from cs_connector.language.expression import number
from cs_connector.language.lowering import call

MOST = 1e24  # of a value: millions of them are still a DECIMAL(38, 6)


def exact(name: Literal["total", "mean"], of: exp.Expr) -> exp.Expr:
    """A sum or a mean. NULL where a value is infinite, no number or beyond all measure: it spoils this number and no other."""
    size = exp.Abs(this=exp.cast(exp.Paren(this=of.copy()), "double"))
    fits = exp.LT(this=size, expression=number(MOST))
    kept = exp.Case(ifs=[exp.If(this=fits, true=of)])
    largest = exp.Coalesce(this=exp.Max(this=size.copy()), expressions=[number(0)])
    all_fit = exp.LT(this=largest, expression=number(MOST))
    return exp.Case(ifs=[exp.If(this=all_fit, true=call(name, kept))])
