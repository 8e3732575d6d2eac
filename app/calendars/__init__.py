"""Can they come: working weeks, public holidays and busy times of States and people. Stands on accounts."""
