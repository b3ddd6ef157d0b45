"""Versions of records in Parquet files: written by first and later folds, looked for, and merged. Nothing else of the store is known here."""
