"""In which languages the texts of a record stand, and how far each may be relied on. A service without pages.

A text lives beside its record, as language to text (``Texts``). Here stands what is known of each: which language was
written first, who reviewed a translation and when, and whether its source changed since. A room whose people write in
several languages calls ``rules.written`` when it saves and ``queries.states`` when it shows; it needs no column of its own.
"""
