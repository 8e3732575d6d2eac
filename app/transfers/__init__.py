"""What comes in and goes out in bulk: tables of people, organisations, participants and expressions; archives of exchanges.

Stands on the rooms it fills and reads; every row goes through their rules.
"""
