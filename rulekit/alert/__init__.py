"""The texts of alerts: templates over plain facts, read strictly and filled in a sandbox."""
