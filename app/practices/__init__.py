"""Practices, tools and resources: their pages, files and translations, and one catalogue to search. Stands on topics."""
