"""One row for every change that a CRM took, each sealed with the one before."""

from .book import Audit as Audit
from .book import Entry as Entry
