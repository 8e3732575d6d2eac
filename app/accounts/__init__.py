"""People, organisations, designations, sign-in, preferences, who may do what. Stands on notifications and audit."""
