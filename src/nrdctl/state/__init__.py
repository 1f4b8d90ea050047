"""The few files that are ours: where they live, how they are written, locked, and which settings apply."""
