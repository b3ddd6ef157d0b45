"""The audit of a project: what is written into it, whether it is what was written, and who wrote what."""

from .writing import book as book
