"""A mail catcher for one machine: it takes every mail, shows it, and answers it as a mail program does. Never in production."""
