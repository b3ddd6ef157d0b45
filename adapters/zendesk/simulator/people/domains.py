"""To which organization an e-mail domain is mapped: of several, to the first one by name."""

from __future__ import annotations

from ..records.table import Table


class Domains:
    """Worked out when it is asked for, and again after an organization changed."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, int]] | None = None

    def forget(self) -> None:
        self._known = None

    def owner(self, domain: str, organizations: Table) -> int | None:
        if self._known is None:
            self._known = _owners(organizations)
        found = self._known.get(domain)
        return None if found is None else found[1]


def _owners(organizations: Table) -> dict[str, tuple[str, int]]:
    found: dict[str, tuple[str, int]] = {}
    for record in organizations.records.values():
        if record.get("deleted_at"):
            continue
        mark = str(record.get("name")), record["id"]
        for domain in record.get("domain_names") or ():
            name = str(domain).lower()
            found[name] = min(found.get(name, mark), mark)
    return found
