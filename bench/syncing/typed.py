"""Types what a project has read: the first part of unify, which turns payloads into columns, and no other; prints how many records."""

from __future__ import annotations

import sys
from pathlib import Path

from cs_connector import registry
from cs_connector.config import open_project
from cs_connector.runner import open_engine
from cs_connector.unify.run import read


def main(root: Path) -> int:
    engine = open_engine(open_project(root, registry.shipped()))
    try:
        with engine.tables() as con:
            read(con, engine.sources(), engine.latest(con))
            found = con.execute("SELECT count(*) FROM stage_ticket").fetchone()
    finally:
        engine.close()
    return int(found[0]) if found else 0


if __name__ == "__main__":
    sys.stdout.write(f"{main(Path(sys.argv[1]))}\n")
