"""Which feeds there are, and which entries each of them has."""
