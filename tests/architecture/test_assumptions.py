"""The page of assumptions says what the files say, and the files name places that exist."""

from __future__ import annotations

from cs_connector import registry
from cs_connector.runner.assumptions import read

from .assumptions_page import ORDER, PAGE, page
from .tree import ROOT


def test_the_page_is_made_from_the_files() -> None:
    assert PAGE.read_text() == page(), "run: python -m tests.architecture.assumptions_page"


def test_ids_are_unique_and_places_exist() -> None:
    paths = registry.assumptions()
    assert set(paths) == set(ORDER)
    found = [one for path in paths.values() for one in read(path)]
    assert len({one.id for one in found}) == len(found)
    assert [place for one in found for place in one.used if not (ROOT / place).exists()] == []


def test_probes_only_read() -> None:
    """A search is the only request with a body."""
    steps = [step for path in registry.assumptions().values() for one in read(path) for step in one.steps]
    assert [s.path for s in steps if (s.get is None) == (s.search is None)] == []
    assert [s.path for s in steps if s.search and not s.search.endswith("/search")] == []
    assert [s.path for s in steps if s.body is not None and s.search is None] == []
