"""The shape of what is typed: the four steps, calls, and the secretariat's forms. They know nothing of what happens next."""
