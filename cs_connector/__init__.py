"""cs-connector: the CRM a company already has, as its customer-success system."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cs_connector.notebook import Notebook

__version__ = "0.1.0"


def open(project: str | Path = ".") -> Notebook:  # noqa: A001  the word that notebooks use
    """The entities, metrics and scores of a project as DataFrames. Raises ConfigError, StoreError."""
    from cs_connector.notebook import Notebook

    return Notebook(Path(project))
