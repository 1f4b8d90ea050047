"""Commands of `nrdctl container`, one module each."""
