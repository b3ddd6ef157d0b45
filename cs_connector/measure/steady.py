"""Studies whose days can be kept: those of which the rows of one account say all, and nothing but those."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256

import duckdb

from cs_connector.language.daily import Daily, daily
from cs_connector.measure.metrics import Source, as_it_is

_TOLD = {"relationship_id", "account_id", "product", "start_on"}
_STORED = "2"  # how days are stored: what is kept in another way cannot be gone on from


@dataclass(frozen=True)
class Steady:
    """Some such studies, and what they stand on."""

    sources: tuple[Source, ...]

    @cached_property
    def daily(self) -> dict[str, Daily]:
        """Of each study with steps."""
        return {s.name: _daily(s) for s in self.sources if s.plan}

    @cached_property
    def digest(self) -> str:
        """Another one for other steps, formulas or calendar, and for an engine that may compute otherwise."""
        texts = [_STORED, duckdb.__version__, *(f"{s.name} {_plain(s).query}" for s in self.sources)]
        return sha256("\n".join(texts).encode()).hexdigest()[:16]

    @cached_property
    def fetched(self) -> list[str]:
        """The entities whose rows they fetch."""
        return sorted({name for one in self.daily.values() for name in one.asked})

    @property
    def read(self) -> list[str]:
        """The same, and those that they look up."""
        return sorted({*self.fetched, *(look.other for one in self.daily.values() for look in one.looked)})

    @property
    def told(self) -> set[str]:
        """What they say of the relationship itself."""
        return _TOLD.union(*(source.told for source in self.sources))

    @property
    def metrics(self) -> list[str]:
        return [f"m_{name}" for s in self.sources for name in s.study.metrics]


def steady(sources: Sequence[Source]) -> Steady:
    """Those whose days can be kept."""
    return Steady(tuple(s for s in sources if _alone(s)))


def _alone(source: Source) -> bool:
    plan = source.plan
    own = plan is None or (len(plan.parts) == 1 and _daily(source).alone)
    return own and all(_alone(other) for other in source.used)


def _daily(source: Source) -> Daily:
    return daily(_plain(source).core.node)


def _plain(source: Source) -> Source:
    """The study over rows, whatever is kept of it."""
    used = tuple(_plain(other) for other in source.used)
    return replace(source, kept={}, watched=as_it_is, used=used)
