"""A policy explained: in plain words, as a table, as a picture; what it promises and what it does not."""
