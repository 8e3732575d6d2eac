"""The shared vocabulary of grounds and objectives that lets everything else be matched. Stands on accounts."""
