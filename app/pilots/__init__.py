"""Pilots: a State tries tools, milestone by milestone, with dates that are kept. Stands on interests, practices and topics."""
