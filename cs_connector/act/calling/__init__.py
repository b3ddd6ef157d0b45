"""Calls to action: which rules fire, for whom, and what becomes of a call."""
