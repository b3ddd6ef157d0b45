"""Raw records of several systems → one customer: mapping, identity, hierarchy, relationships, population."""

from __future__ import annotations

from .mapping import MappingFile, load_mapping
from .population import Customers, Population, load_customers
from .run import FeedMark, read, unify
from .source import Source

__all__ = [
    "Customers",
    "FeedMark",
    "MappingFile",
    "Population",
    "Source",
    "load_customers",
    "load_mapping",
    "read",
    "unify",
]
