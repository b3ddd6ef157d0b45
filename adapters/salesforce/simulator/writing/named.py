"""What the records of one call are named by: those that share a name all fail."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from ..errors import RecordError


class Named:
    """`what` is the kind of name, as the error says it; case does not count."""

    def __init__(self, what: str, names: Iterable[str]) -> None:
        self._what, self._counts = what, Counter(name.lower() for name in names)

    def check(self, name: str, fields: Iterable[str] = ()) -> None:
        """Raises RecordError DUPLICATE_VALUE."""
        if self._counts[name.lower()] > 1:
            raise RecordError("DUPLICATE_VALUE", f"Duplicate {self._what} specified: {name.lower()}", fields)
