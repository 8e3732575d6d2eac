"""What every room may use and what knows no room: time, zones, text, events, the shape of tables."""
