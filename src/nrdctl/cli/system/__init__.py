"""Commands of `nrdctl system`, one module each."""
