"""Who did what to which record, written in the same transaction. A service without pages."""
