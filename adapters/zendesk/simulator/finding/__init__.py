"""Exports and search."""
