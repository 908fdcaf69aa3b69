"""Text to meaning: words, tree, checker, canonical sentences."""
