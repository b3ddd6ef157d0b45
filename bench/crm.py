"""One simulated CRM in a process of its own: with accounts and tickets, or as it was kept; stays up."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec

from cs_connector import registry
from cs_connector.config import load
from cs_connector.demo.sandbox import wait
from cs_connector.errors import UsageError
from cs_connector.sandbox.keeping import Folder
from cs_connector.sandbox.up import Sandbox

from .tickets import DAY, rows


def main(crm: str, accounts: int, keep: Path | None) -> None:
    """With a folder: go on with what is there, or fill it and leave."""
    with tempfile.TemporaryDirectory(prefix="cs-connector-bench-") as scratch:
        _serve(crm, accounts, keep, Path(scratch))


def _serve(crm: str, accounts: int, keep: Path | None, scratch: Path) -> None:
    folder = Folder(keep) if keep else None
    save = folder.find() if folder else None
    sandbox = made(crm, save.head.ports if save else ())
    if save:
        sandbox.snapshots.resume(save)
    else:
        fill(sandbox, crm, accounts)
        sandbox.snapshots.lay(scratch)
    if folder:
        sandbox.keep(folder, {})
        if not save:
            sandbox.snapshots.save("filled")
    with sandbox:
        sys.stdout.write(msgspec.json.encode(sandbox.document()).decode() + "\n")
        sys.stdout.flush()
        wait()


def made(crm: str, ports: Sequence[int] = ()) -> Sandbox:
    """On these ports, as a kept sandbox comes back; on any others where they are taken."""
    simulators = [(crm, registry.simulator(crm))]
    try:
        return Sandbox(simulators, DAY, profile="unlimited", ports=ports)
    except UsageError:
        return Sandbox(simulators, DAY, profile="unlimited")


def fill(sandbox: Sandbox, crm: str, accounts: int) -> None:
    seeder = Path(registry.find("seeders", crm).__file__)
    for path in (seeder.with_name("demo_org.yml"), dict(registry.installs()).get(crm)):
        if path is not None and path.exists():
            sandbox.install(crm, load(path).data)
    sandbox.load(crm, rows(crm, accounts))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]) if sys.argv[3:] else None)
