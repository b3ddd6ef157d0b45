"""Writing organizations in jobs of a hundred, with one receipt for each change."""

from .writer import Writer as Writer
