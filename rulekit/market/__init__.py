"""Prices, bars and indicators, the same live and from files."""
