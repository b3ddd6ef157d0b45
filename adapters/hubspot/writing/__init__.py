"""Writing records in batches of a hundred, with one receipt for each."""

from .lookup import Lookup as Lookup
from .writer import Writer as Writer
