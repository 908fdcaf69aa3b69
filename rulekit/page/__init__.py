"""The page: an account's live view, its history and its switch in a browser; other rooms add theirs to it."""
