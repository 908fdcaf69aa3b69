"""Brokers behind the one port."""
