"""The repository of promising practices, tools and resources; so far the tools a government can ask to pilot. Stands on topics."""
