"""Pairs → groups of records that are the same, the surest pairs first; what contradicts itself stays apart and is told.

The result depends on the set of records and pairs alone, not on their order, and each connected part on itself alone.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from .grades import Grade, grade
from .models import ENOUGH
from .sql import typed

MARGIN = 3.0  # a rival that is less than eight times less likely makes a choice a guess
WORD = 1000.0  # the weight of what a system says; a person's word weighs twice as much
STRONG = 10.0  # bits above even: a pair of which other records change nothing
DIFFERS = 6.0  # what different domains weigh
SURE = math.log2(ENOUGH / (1 - ENOUGH))


class Record(NamedTuple):
    """`group` is what no two records of one entity share; `rank` orders systems; `domain` is told, and not shared; `core` is a
    company's name as it is compared, `form` its legal form.
    """

    ref: str
    rank: int = 0
    group: str | None = None
    domain: str | None = None
    core: str | None = None
    form: str | None = None


class Edge(NamedTuple):
    """`weight` in bits; `sure` pairs were told by a system or a person."""

    one: str
    other: str
    weight: float
    probability: float
    method: str
    evidence: str = ""

    @property
    def sure(self) -> bool:
        return self.weight >= WORD

    def key(self) -> tuple[float, str, str]:
        return (-self.weight, self.one, self.other)


@dataclass(slots=True)
class Conflict:
    """Two records that would be the same, and why they were left apart."""

    edge: Edge
    why: str


@dataclass(slots=True)
class Groups:
    """`of`: the group of each record, named by its first record by rank; `by`: the pair that brought it in."""

    of: dict[str, str] = field(default_factory=dict)
    by: dict[str, Edge] = field(default_factory=dict)
    conflicts: list[Conflict] = field(default_factory=list)


@dataclass(slots=True)
class _Group:
    """`first` is the record that names the group, with its rank; a `bare` one excludes no other."""

    members: list[str]
    first: tuple[int, str]
    groups: set[str]
    domains: set[str]
    cores: set[tuple[str, str | None]]
    apart: set[str]

    @property
    def bare(self) -> bool:
        return not (self.groups or self.domains or self.cores or self.apart)


class Clusters:
    """Groups records. `apart` are pairs of refs that are never the same."""

    def __init__(
        self, records: Mapping[str, Record], edges: Iterable[Edge], apart: Iterable[tuple[str, str]] = ()
    ) -> None:
        self._records = records
        self._edges = sorted((e for e in edges if e.probability >= ENOUGH), key=self._order)
        self._next: dict[str, list[Edge]] = defaultdict(list)
        for edge in sorted(self._edges, key=Edge.key):
            self._next[edge.one].append(edge)
            self._next[edge.other].append(edge)
        self._apart: dict[str, set[str]] = defaultdict(set)
        for one, other in apart:
            self._apart[one].add(other)
            self._apart[other].add(one)
        self._at: dict[str, _Group] = {}

    def _order(self, edge: Edge) -> tuple[float, int, float, str, str]:
        """Told pairs first; then systems that are believed first, among pairs that weigh about the same."""
        ranks = self._records[edge.one].rank, self._records[edge.other].rank
        bits = 1e6 if edge.sure else round(edge.weight / MARGIN)
        return (-bits, max(ranks), -edge.weight, edge.one, edge.other)

    def group(self) -> Groups:
        found = Groups()
        for edge in self._edges:
            one, other = self._group(edge.one), self._group(edge.other)
            if one is other:
                continue
            why = self._against(one, other, edge) or self._rival(one, other, edge)
            if why:
                found.conflicts.append(Conflict(edge, why))
            else:
                self._join(one, other)
        for ref in self._records:
            first = self._at[ref].first[1] if ref in self._at else ref
            found.of[ref] = first
            if ref != first:
                found.by[ref] = next(e for e in self._next[ref] if self._at[e.one] is self._at[e.other])
        return found

    def _group(self, ref: str) -> _Group:
        if ref not in self._at:
            record = self._records[ref]
            self._at[ref] = _Group(
                [ref],
                (record.rank, ref),
                {record.group} if record.group else set(),
                {record.domain} if record.domain else set(),
                {(record.core, record.form)} if record.core else set(),
                set(self._apart.get(ref, ())),
            )
        return self._at[ref]

    def _join(self, one: _Group, other: _Group) -> None:
        big, small = (one, other) if len(one.members) >= len(other.members) else (other, one)
        big.members += small.members
        big.first = min(big.first, small.first)
        big.groups |= small.groups
        big.domains |= small.domains
        big.cores |= small.cores
        big.apart |= small.apart
        for ref in small.members:
            self._at[ref] = big

    def _against(self, one: _Group, other: _Group, edge: Edge) -> str:
        """Why two groups cannot be one, whatever the pair weighs."""
        if one.bare or other.bare:
            return ""
        shared = one.groups & other.groups
        if not one.apart.isdisjoint(other.members):
            return "a person, or the account tree, says that they are not the same"
        if shared and edge.weight <= WORD:
            return f"two different records of {min(shared)} would become one"
        if not edge.sure and self._called(one, other, edge):
            return "their names are those of different parts"
        if self._elsewhere(one, other) and self._unaware(edge) and edge.weight < DIFFERS + SURE:
            return "the names agree, but the domains differ"
        return ""

    def _called(self, one: _Group, other: _Group, edge: Edge) -> bool:
        """Whether some names of two groups are those of different parts, or of two companies."""
        if not self._named(edge):
            return self._kindred(one, other)
        return self._shorter(edge) and any(_firms(a, b) for a in one.cores for b in other.cores)

    def _named(self, edge: Edge) -> bool:
        """Whether the names of a pair agree so well that those of others do not count."""
        left, right = self._records[edge.one].core, self._records[edge.other].core
        if edge.weight <= STRONG or not left or not right:
            return False
        found = grade(left, right)
        return found >= Grade.MOST or found in (Grade.OTHERWISE, Grade.KINDRED)

    def _shorter(self, edge: Edge) -> bool:
        """Whether one name of a pair says more than the other."""
        left, right = self._records[edge.one].core, self._records[edge.other].core
        return bool(left and right and Grade.SHORTER <= grade(left, right) <= Grade.TRADE)

    @staticmethod
    def _kindred(one: _Group, other: _Group) -> bool:
        """Whether any two names are those of different parts: Acme Chemicals and Acme Software, Acme Oyj and Acme Homes Oy."""
        return any(_parts(a, b) for a in one.cores for b in other.cores)

    def _unaware(self, edge: Edge) -> bool:
        """Whether a pair was weighed without domains: its groups may have some that differ."""
        return None in (self._records[edge.one].domain, self._records[edge.other].domain)

    @staticmethod
    def _elsewhere(one: _Group, other: _Group) -> bool:
        return bool(one.domains and other.domains and one.domains.isdisjoint(other.domains))

    def _rival(self, one: _Group, other: _Group, edge: Edge) -> str:
        """Another record that one of the groups could as well belong to, and that cannot be in the same one."""
        if edge.sure or len(self._next[edge.one]) == len(self._next[edge.other]) == 1:
            return ""
        for here, there in ((one, other), (other, one)):
            likely = () if there.bare else self._likely(here, edge.weight - MARGIN)
            for rival, third in likely:
                if third is there or third.bare or _yields(here, there, third) or _parted(here, third):
                    continue
                if self._excludes(third, there, rival, edge):
                    pair = map(typed, rival[:2])
                    return f"{' and '.join(pair)} are about as likely"
        return ""

    def _likely(self, here: _Group, least: float) -> Iterator[tuple[Edge, _Group]]:
        """The pairs of a group that weigh as much, with the other group of each."""
        for ref in here.members:
            for rival in self._next[ref]:
                if rival.weight < least:
                    break
                third = self._group(rival.other if rival.one == ref else rival.one)
                if third is not here:
                    yield rival, third

    def _excludes(self, third: _Group, there: _Group, rival: Edge, edge: Edge) -> bool:
        """Whether two groups cannot be one."""
        if third.groups & there.groups or not third.apart.isdisjoint(there.members):
            return True
        kindred = self._kindred(third, there) and not (self._named(rival) and self._named(edge))
        return kindred or (self._elsewhere(third, there) and self._unaware(rival))


def _parts(one: tuple[str, str | None], other: tuple[str, str | None]) -> bool:
    return grade(one[0], other[0]) in (Grade.PART, Grade.KINDRED, Grade.OTHERWISE) or _firms(one, other)


def _firms(one: tuple[str, str | None], other: tuple[str, str | None]) -> bool:
    """Whether names and legal forms are those of two companies: Acme plc, Acme Software Ltd."""
    forms = None not in (one[1], other[1]) and one[1] != other[1]
    return forms and Grade.SHORTER <= grade(one[0], other[0]) <= Grade.TRADE


def _parted(here: _Group, third: _Group) -> bool:
    """Whether a person, or the account tree, keeps two groups apart: then neither is a choice for the other."""
    return not here.apart.isdisjoint(third.members)


def _yields(here: _Group, there: _Group, third: _Group) -> bool:
    """Of two systems that come after a record's own, the one that is believed first goes first."""
    return here.first[0] < there.first[0] < third.first[0]
