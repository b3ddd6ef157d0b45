"""Answers that are not what a CRM's documentation says, so that neither a decoder nor a client library understands them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from cs_connector.errors import Unavailable

from .redact import redact

_STRANGE: tuple[type[Exception], ...] = (
    msgspec.MsgspecError,
    ValueError,
    TypeError,
    AttributeError,
    LookupError,
)


@contextmanager
def sensible(crm: str, *odd: type[Exception]) -> Iterator[None]:
    """Turns what is raised over an answer that cannot be understood into Unavailable; `odd`: errors of a client library."""
    try:
        yield
    except _STRANGE + odd as error:
        raise unlike(crm, str(error) or type(error).__name__) from error


def unlike(crm: str, told: str) -> Unavailable:
    """The error over an answer of another form; `told` is what a decoder said of it."""
    return Unavailable(
        f"{crm} sent an answer that cannot be understood",
        why=f"it is not of the form that its documentation describes: {redact(told)[:200]}",
        fix="run it again; if it stays so, look whether a proxy or a page to log in answers in its place",
    )
