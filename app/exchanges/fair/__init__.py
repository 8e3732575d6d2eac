"""Fair hours: what an hour costs a place, the plan of a series that shares it out, and the map of hours when all can come.

Pure: no database, no Flask, no clock. The solver's library is large and is loaded by a process that ends (``client``).
"""
