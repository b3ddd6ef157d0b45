"""Who works for us: the same people at every size."""

from __future__ import annotations

import random
from functools import lru_cache

from cs_connector.sandbox.company import User

from . import names

_TEAM = (
    ("manager", "VP Customer Success", 1),
    ("manager", "Manager Customer Success", 3),
    ("csm", "Customer Success Manager", 24),
    ("sales", "Account Executive", 12),
    ("renewals", "Renewal Manager", 4),
)
LEAVERS = frozenset({9, 17, 33, 42})


@lru_cache(maxsize=8)
def staff(seed: int) -> tuple[User, ...]:
    """Everybody, some of whom have left the company (inactive)."""
    rng = random.Random(f"{seed}:staff")  # noqa: S311 — a story, not a secret
    firsts, lasts = rng.sample(names.FIRST, 44), rng.sample(names.LAST, 44)
    posts = [(role, title) for role, title, count in _TEAM for _ in range(count)]
    return tuple(
        _user(key, first, last, role, title)
        for key, (first, last, (role, title)) in enumerate(zip(firsts, lasts, posts, strict=True))
    )


def _user(key: int, first: str, last: str, role: str, title: str) -> User:
    email = f"{first}.{last}@ourcompany.example".lower()
    return User(key, first, last, email, title, role, key not in LEAVERS)


def team(role: str) -> tuple[int, ...]:
    """The keys of those in a role who are still here."""
    return _teams()[role]


@lru_cache(maxsize=1)
def _teams() -> dict[str, tuple[int, ...]]:
    roles = [role for role, _, count in _TEAM for _ in range(count)]
    return {
        wanted: tuple(k for k, role in enumerate(roles) if role == wanted and k not in LEAVERS)
        for wanted in {role for role, _, _ in _TEAM}
    }
