"""Faults on purpose: the platform's real parts, killed and cut off, and an SMTP server that counts who got how many copies."""
