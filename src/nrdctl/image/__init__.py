"""Images: between registries, archives, containerd's content store and its snapshots."""
