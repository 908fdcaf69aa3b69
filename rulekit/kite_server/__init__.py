"""A localhost Kite to try against: an island that shares nothing with the rest, so that the two can only agree."""
