"""Shape of input of this room's pages, and its labels."""
