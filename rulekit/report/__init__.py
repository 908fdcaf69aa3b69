"""What people read: console lines, JSON lines, summaries."""
