"""The API versions of the org, and what stands at the root of each."""

from __future__ import annotations

from functools import lru_cache

from .digits import whole
from .errors import ApiError, not_found

NEWEST, OLDEST = 67, 31
SEASONS = ("Spring", "Summer", "Winter")  # 60 is Spring '24; a winter counts as the next year's
VERSIONS = {n: f"{SEASONS[n % 3]} '{24 + (n - 59) // 3}" for n in range(OLDEST, NEWEST + 1)}
RETIRED = range(7, OLDEST)
RESOURCES = ("composite", "jobs", "limits", "query", "queryAll", "sobjects")


@lru_cache(maxsize=64)
def check_version(text: str) -> str:
    """`67.0` of `v67.0`. Raises ApiError 410 for a retired version and 404 for an unknown one."""
    before, _, part = text.removeprefix("v").partition(".")
    number = whole(before)
    if not text.startswith("v") or part != "0" or number is None:
        raise not_found()
    if number in RETIRED:
        raise ApiError(410, "UNSUPPORTED_API_VERSION", f"API version {before}.0 is retired")
    if number not in VERSIONS:
        raise not_found()
    return f"{before}.0"


def listed() -> list[dict[str, str]]:
    """Every version that still answers, as clients pin old ones for some calls.

    What is answered is of 60.0 to 67.0, also where an older version is asked.
    """
    return [
        {"label": label, "url": f"/services/data/v{number}.0", "version": f"{number}.0"}
        for number, label in VERSIONS.items()
    ]


def resources(version: str, identity: str) -> dict[str, str]:
    """The addresses below a version, and that of the user who asks."""
    return {name: f"/services/data/v{version}/{name}" for name in RESOURCES} | {"identity": identity}
