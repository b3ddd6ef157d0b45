"""State in a database, facts in Parquet: what the program knows between two runs."""
