"""Ways to embed the engine in a host's own program."""
