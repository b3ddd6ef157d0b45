"""Writing records, with one receipt for each, whatever happens: in calls of 200, or as a job of the Bulk API 2.0."""

from .writer import Writer as Writer
