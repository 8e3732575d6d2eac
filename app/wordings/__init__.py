"""What the installation says in its own words, and which templates a named person has read. A service without pages.

Every sentence of the pages and mails comes from a catalogue; an installation may type another wording of any of them.
``catalogue`` lays these over the catalogue in every process within seconds, ``rules`` checks that a new wording holds what
the sentence holds, ``reviews`` counts the templates that nobody has read since they changed.
"""
