"""Values that every room shares; they know nothing but each other."""
