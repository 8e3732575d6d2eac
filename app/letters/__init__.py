"""Letters on paper: one for each State about a session, a decision or a designation, numbered and kept as they were sent.

And the register of letters in and out. Stands on exchanges, interests and accounts; writes through the outbox, the files
and the documents.
"""
