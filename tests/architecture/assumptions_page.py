"""python -m tests.architecture.assumptions_page writes docs/assumptions.md from the adapters' assumptions.yml."""

from __future__ import annotations

from cs_connector import registry
from cs_connector.runner.assumptions import read, table

from .tree import ROOT

PAGE = ROOT / "docs" / "assumptions.md"
NAMES = {"hubspot": "HubSpot", "salesforce": "Salesforce", "zendesk": "Zendesk"}
ORDER = ("salesforce", "hubspot", "zendesk")
HEAD = """\
# Assumptions about the vendors

Facts that the code relies on and that nobody here has seen on a live org, portal or account. They are kept in
`adapters/<crm>/assumptions.yml`; this page is made from there. Most have a probe that reads and changes nothing:

    cs-connector doctor --probe --out probes.json
    cs-connector doctor --probe hubspot

says of each whether it is confirmed, confirmed in part, refuted or untestable there. The file holds statuses, names of keys and types, never
a value, a record or a login: it can be sent to whoever keeps this project. "Not by reading" means that only a write, or
waiting for trouble, would show it.
"""


def page() -> str:
    paths = registry.assumptions()
    parts = [f"## {NAMES[crm]}\n\n{table(read(paths[crm]))}\n" for crm in ORDER]
    return "\n".join([HEAD, *parts])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
