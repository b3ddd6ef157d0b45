"""What to say of a cursor that an adapter cannot go on from."""

from __future__ import annotations

from cs_connector.errors import UsageError


def unreadable(object_name: str) -> UsageError:
    """For a text that is no cursor, or one of another system."""
    return UsageError(
        f"The cursor of {object_name} cannot be read",
        why="it is damaged, or it was written by another adapter",
        safe="nothing was read, and what was read before is kept",
        fix=f"read it from the beginning: cs-connector sync --anew CONNECTION.{object_name}",
    )
