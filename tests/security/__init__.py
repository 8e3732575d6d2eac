"""Security: one file for each class of advisories that the table in docs/security.md names."""
