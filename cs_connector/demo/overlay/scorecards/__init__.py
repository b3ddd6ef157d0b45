"""Declarations only: YAML that an admin copies and edits."""
