"""Typed, dated edges between records by kind and id: where it comes from, what came of it. A service without pages.

It knows no record. ``app/kinds.py`` tells it how the records of each kind are called and shown, so a lower room's page
can name what a higher room made of it.
"""
