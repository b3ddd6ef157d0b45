"""The page of what is not simulated lists every entry of the simulators' tables."""

from __future__ import annotations

from .unsimulated_page import PAGE, page


def test_the_page_is_made_from_the_tables() -> None:
    assert PAGE.read_text() == page(), "run: python -m tests.architecture.unsimulated_page"
