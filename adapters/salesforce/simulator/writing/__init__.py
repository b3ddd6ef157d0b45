"""How records come to be, change and end."""
