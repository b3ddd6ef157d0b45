"""Batches written to CRMs that answer in every way that they may: verdicts are as many as changes, and each is true."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from random import Random

from cs_connector.adapters.hubspot import HubSpot
from cs_connector.adapters.zendesk import Zendesk

from bench.soaking.tries import Begin, Tried, Try
from cs_connector.ports import Adapter, Change, Receipt, Surroundings, Verdict

from . import hubspot, judge, zendesk


def hubspots(around: Surroundings) -> Adapter:
    return HubSpot(HubSpot.Settings(access_token="t0"), around)


def zendesks(around: Surroundings) -> Adapter:
    return Zendesk(Zendesk.Settings(subdomain="acme", access_token="t0"), around)


def of_hubspot(dice: Random, write: judge.Write = judge.written) -> str:
    return judge.problem(hubspot.HubSpot(dice), hubspot.changes(dice), hubspots, write)


def of_zendesk(dice: Random, write: judge.Write = judge.written) -> str:
    return judge.problem(zendesk.Zendesk(dice), zendesk.changes(dice), zendesks, write)


@contextmanager
def of_batches(_: Path, write: judge.Write = judge.written) -> Iterator[Try]:
    """A plan of up to 250 changes, written to a HubSpot or a Zendesk by turns."""

    def attempt(seed: int) -> Tried:
        way = of_hubspot if seed % 2 else of_zendesk
        return Tried(way(Random(seed), write))

    yield attempt


def _trusting(adapter: Adapter, changes: Sequence[Change]) -> Sequence[Receipt]:
    """What many do: an answer of success means that all of it is done."""
    receipts = adapter.write(changes)
    good = any(r.verdict in judge.DONE for r in receipts)
    return [Receipt(r.key, Verdict.UPDATED) if good else r for r in receipts]


NAIVE: dict[str, Begin] = {"an answer of success means all": partial(of_batches, write=_trusting)}
