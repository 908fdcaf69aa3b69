"""One small module a lint code."""
