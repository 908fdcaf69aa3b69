"""The studio: a policy written in the browser, and at every key what it means, does, proves and would have done."""
