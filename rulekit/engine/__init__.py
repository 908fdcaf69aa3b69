"""Pure decisions: snapshot and memory in, actions and new memory out."""
