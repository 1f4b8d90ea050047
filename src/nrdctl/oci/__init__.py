"""OCI documents: references, descriptors, manifests, image configurations, runtime specifications. Pure."""
