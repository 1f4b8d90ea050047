"""A client for registries (OCI distribution specification), on the standard library alone."""
