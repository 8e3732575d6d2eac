"""Exchanges and their sessions: planning, invitations, answers, seats, reminders. Stands on interests and all below."""
