"""How scores go up: of relationships to their account, of accounts to their group."""
