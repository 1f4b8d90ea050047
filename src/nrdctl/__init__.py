"""nrdctl: a Docker-compatible command line for containerd with a resource-control layer."""

__version__ = "0.1.0"
