"""One portal and one account for a test of an adapter, closed after it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .hubspot_kit import Portal
from .zendesk_kit import Account


@pytest.fixture
def portal() -> Iterator[Portal]:
    made = Portal()
    yield made
    made.close()


@pytest.fixture
def account() -> Iterator[Account]:
    made = Account("vendor")
    yield made
    made.close()
