"""Declarations that ship: one YAML a system, customers, metrics, scorecards, overrides, rules."""
