"""The figures the platform promises, measured on real processes: ``make bench``, or one with ``make bench ONLY=name``.

Each group starts from the same house (``house.py``): a PostgreSQL and a Redis of its own, the web process as
``make run`` starts it, the worker, and a sink for mail. CPU is read from the operating system, per process.
"""
