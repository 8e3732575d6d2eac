"""Write to many at once, and reach by phone those whom a mail does not reach.

A circular goes to those of an exchange, a call, a ground or the working group: text per language with the state of each
translation, one mail a person, frozen when it is sent. The call list holds who has not answered and whom no mail reaches.
Stands on exchanges, interests and accounts.
"""
