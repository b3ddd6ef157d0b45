"""Raw records of several systems → one customer: mapping, identity, hierarchy, relationships, population.

Here stands what reading needs of it too; the rest is imported from where it is, so that who only reads has no part in it.
"""

from __future__ import annotations

from .declared.loading import load_mapping
from .mapping import MappingFile
from .source import Source

__all__ = ["MappingFile", "Source", "load_mapping"]
