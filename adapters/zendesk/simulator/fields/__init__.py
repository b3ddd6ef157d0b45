"""Fields and objects of the customer's own."""
