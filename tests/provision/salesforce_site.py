"""A simulated org over HTTP that has the customer's own fields and none of ours, and adapters on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cs_connector.adapters.salesforce as package
import requests
from cryptography.fernet import Fernet
from cs_connector.adapters.salesforce import Salesforce
from cs_connector.adapters.salesforce.provisioning.declaration import parts
from cs_connector.adapters.salesforce.simulator import SalesforceOrg
from ruamel.yaml import YAML

from cs_connector.ports import Piece, Receipt, Surroundings, Verdict
from cs_connector.sandbox.up import Sandbox
from cs_connector.transport import SandboxTime
from cs_connector.vault import Vault

START = datetime(2026, 3, 1, 8, tzinfo=UTC)
ALL = tuple(parts())
DONE = {Verdict.CREATED, Verdict.UPDATED, Verdict.DELETED}


def own(name: str) -> Any:
    return YAML(typ="safe").load(Path(package.__file__).with_name(name))


class Site:
    """One org; `sandbox` is what holds it."""

    def __init__(self, stack: ExitStack, folder: Path, *files: str) -> None:
        self.sandbox = Sandbox([("salesforce", SalesforceOrg)], START, profile="vendor")
        stack.callback(self.sandbox.stop)
        self.sandbox.start()
        for name in files:
            self.sandbox.install("salesforce", own(name))
        self._stack, self._vault = stack, Vault(folder / "vault", Fernet.generate_key())

    @property
    def org(self) -> SalesforceOrg:
        found = self.sandbox.simulators["salesforce"]
        assert isinstance(found, SalesforceOrg)
        return found

    def adapter(self, **more: str) -> Salesforce:
        login = self.sandbox.document()["salesforce"]
        given = {n: login[n] for n in ("base_url", "client_id", "username", "private_key_file", "audience")}
        clock = SandboxTime(self.sandbox.control.base_url)
        made = Salesforce(Salesforce.Settings(**(given | more)), Surroundings("sales", clock, self._vault))
        self._stack.callback(made.close)
        return made

    def ledger(self) -> list[dict[str, Any]]:
        return self.sandbox.world.ledger.entries()

    def fault(self, **rule: Any) -> None:
        url = f"{self.sandbox.control.base_url}/faults"
        requests.post(url, json={"rules": [rule]}, timeout=5).raise_for_status()

    def components(self) -> dict[str, list[str]]:
        """Every custom component of the org by its kind."""
        kinds = self.org._metadata._kinds.values()
        named = {kind.kind: sorted(n for n in kind.names() if _custom(kind.kind, n)) for kind in kinds}
        return {kind: names for kind, names in named.items() if names}


def _custom(kind: str, name: str) -> bool:
    return kind != "CustomObject" or name.endswith("__c")


@contextmanager
def opened(folder: Path, *files: str) -> Iterator[Site]:
    """Without `files` an org with the customer's own fields."""
    with ExitStack() as stack:
        yield Site(stack, folder, *(files or ("demo_org.yml",)))


def differing(adapter: Salesforce, pieces: Sequence[Piece]) -> list[tuple[str, str, Any, Any]]:
    """What is missing or otherwise: kind, name, as wanted, as found."""
    found = adapter.present(pieces)
    return [
        (piece.kind, piece.name, dict(piece.body), None if now is None else dict(now.body))
        for piece, now in zip(pieces, found, strict=True)
        if now is None or now.body != piece.body
    ]


def bad(receipts: Sequence[Receipt]) -> list[tuple[str, str, str]]:
    return [(r.key, r.code, r.message) for r in receipts if r.verdict not in DONE]
