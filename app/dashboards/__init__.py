"""Each role's first page, the secretariat's desk, the outbox, health. Reads across rooms; stands on all of them."""
