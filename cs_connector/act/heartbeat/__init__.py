"""The one record that says of the whole org who writes into it, and when that was: ours, and those of others."""
