"""A logged-in client of an account without limits, or of the profile that a test asks for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .house import Api, made


@pytest.fixture
def api(request: pytest.FixtureRequest) -> Iterator[Api]:
    with made(getattr(request, "param", "unlimited")) as sandbox:
        api = Api(sandbox)
        yield api
        api.session.close()
