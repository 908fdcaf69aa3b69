"""Two policies held against each other: what the second does otherwise, in trading words, each with a witness."""
