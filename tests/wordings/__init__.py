"""The installation's own wordings, and the register of read templates."""
