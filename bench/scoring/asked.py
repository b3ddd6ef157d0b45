"""What a question costs once all is loaded: `python -m bench.scoring.asked PROJECT QUESTION ID` says its CPU seconds."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from cs_connector.cli import options
from cs_connector.runner import asking
from cs_connector.runner.scorecards.books import books

TARGET = 90
QUESTIONS = {
    "explain": lambda engine, id_: asking.explain(engine, id_, None),
    "levers": lambda engine, id_: asking.levers(engine, id_, TARGET),
    "books": lambda engine, id_: books(engine, None, id_),
    "why-changed": lambda engine, id_: asking.why_changed(engine, id_, None, None, None),
}


def main(root: Path, question: str, id_: str) -> float:
    options.project(root)  # loads what every command loads
    began = time.process_time()
    with options.engine(root) as engine:
        QUESTIONS[question](engine, id_)
    return time.process_time() - began


if __name__ == "__main__":
    sys.stdout.write(f"{main(Path(sys.argv[1]), *sys.argv[2:])}\n")
