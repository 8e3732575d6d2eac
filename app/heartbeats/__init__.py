"""Signs of life: when each part of the platform last did its work, and when a backup was last proven. A service without pages."""
