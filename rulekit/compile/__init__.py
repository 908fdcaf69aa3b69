"""Meaning to one function, and to objects that explain themselves."""
