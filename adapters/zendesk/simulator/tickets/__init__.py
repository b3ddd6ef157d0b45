"""Tickets and what customers say of them."""
