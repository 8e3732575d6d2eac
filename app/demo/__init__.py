"""Loads the demonstration network through the rooms' rules; moves its dates and its clock."""
