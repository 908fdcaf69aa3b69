"""Decisions on a whole book at once: columns in, columns out, by the policy's own function."""
