"""One simulated CRM with our fields in it, and the records that writing changes; stays up."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

import msgspec

from bench.tickets import DAY
from cs_connector import registry
from cs_connector.config import load
from cs_connector.demo.sandbox import wait
from cs_connector.sandbox.up import Sandbox


def main(crm: str, count: int) -> None:
    sandbox = Sandbox([(crm, registry.simulator(crm))], DAY, profile="unlimited")
    seeder = Path(registry.find("seeders", crm).__file__)
    for path in (seeder.with_name("demo_org.yml"), dict(registry.installs()).get(crm)):
        if path is not None and path.exists():
            sandbox.install(crm, load(path).data)
    sandbox.load(crm, import_module(f"bench.writing.{crm}").rows(count))
    with sandbox:
        sys.stdout.write(msgspec.json.encode(sandbox.document()).decode() + "\n")
        sys.stdout.flush()
        wait()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
