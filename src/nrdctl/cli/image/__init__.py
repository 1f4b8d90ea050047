"""Commands of `nrdctl image`, one module each."""
