"""The platform on one machine: PostgreSQL and Redis from their wheels, the web, the worker and a mail catcher."""


class Trouble(Exception):
    """Why the platform cannot start or go on, as one sentence for the person at the keyboard."""
