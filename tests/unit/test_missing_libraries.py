"""Who installed us without the extra of a CRM is told which one, and meets no crash."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest
from cs_connector.adapters.hubspot import client as hubspot
from cs_connector.adapters.salesforce import client as salesforce
from cs_connector.adapters.zendesk import client as zendesk

from cs_connector.errors import ConfigError

LIBRARIES = [
    ("salesforce", "simple_salesforce.api", lambda: salesforce.client(None, "https://acme.example", "67.0")),
    ("hubspot", "hubspot", lambda: hubspot.client(None, None)),
    ("zendesk", "zenpy", lambda: zendesk.client(None, "acme")),
]


@pytest.mark.parametrize(("extra", "library", "made"), LIBRARIES, ids=[name for name, _, _ in LIBRARIES])
def test_a_library_that_is_not_installed_is_named_with_its_extra(
    monkeypatch: pytest.MonkeyPatch, extra: str, library: str, made: Callable[[], Any]
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ConfigError) as refused:
        made()
    assert refused.value.fix == f'pip install "cs-connector[{extra}]"'
