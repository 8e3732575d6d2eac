"""Messages leave here, and what comes back by mail is read here. A service without pages; it knows addresses, not accounts."""
