"""Addresses for programs: personal calendar feeds. Reads across rooms, writes nothing."""
