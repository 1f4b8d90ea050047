"""The client of containerd's API: our dataclasses in, our dataclasses out. No protobuf message leaves this package."""
