"""The words that names and addresses are made of, in many languages, and how they are spelt."""
