"""Verbs over containers, one module each."""
