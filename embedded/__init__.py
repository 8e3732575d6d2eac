"""The platform on one machine: PostgreSQL, Redis, web, worker, beat and mail catcher under one supervisor."""
