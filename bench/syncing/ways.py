"""The ways in which tickets are read, and projects that read nothing else."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from bench.bed import Bed
from bench.size import FEW

MAPS = Path(__file__).with_name("maps")


@dataclass(frozen=True, slots=True)
class Way:
    """Of which CRM, by which loop of bench.reading a floor reads the same, and how many records a page has.

    `knows` is how many calls are about the connection and no object of it: the login, and who it is. `settings` is
    what a project says of the connection besides. With `few` records it takes the same way, so that what is spent on
    those is its start-up.
    """

    name: str
    crm: str
    loop: str
    page: int
    knows: int = 3
    settings: str = ""
    few: int = FEW

    def project(self, bed: Bed, name: str = "project") -> Path:
        """A new project that reads tickets in this way, in the place of the last one of that name."""
        fresh, root = bed.folder / f"fresh-{self.loop}", bed.folder / f"{name}-{self.loop}"
        if not fresh.exists():
            shutil.move(self._made(bed), fresh)
        shutil.rmtree(root, ignore_errors=True)
        shutil.copytree(fresh, root)
        return root

    def _made(self, bed: Bed) -> Path:
        root = bed.project()
        target = root / "mappings" / f"{self.crm}.yml"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(MAPS / target.name, target)
        if self.settings:
            file, head = root / "cs-connector.yml", "    settings:\n"
            file.write_text(file.read_text().replace(head, f"{head}      {self.settings}\n", 1))
        return root


REST = Way("Salesforce REST", "salesforce", "salesforce", 2_000, settings="bulk_from: 1000000000")
BULK = Way("Salesforce Bulk 2.0", "salesforce", "bulk", 50_000, settings="bulk_from: 0", few=2_200)
HUBSPOT = Way("HubSpot list", "hubspot", "hubspot", 100)
ZENDESK = Way("Zendesk export", "zendesk", "zendesk", 1_000)
WAYS = (REST, BULK, HUBSPOT, ZENDESK)
