"""From a decision to a filled order: journal, lanes, guards, settling."""
