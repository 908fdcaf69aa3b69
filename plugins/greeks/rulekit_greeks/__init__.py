"""Option Greeks and premium decay as facts of rulekit's policies."""
