"""Stored files: bytes under a random name, checksum, type by content, scan state. Rooms serve them under their own access."""
