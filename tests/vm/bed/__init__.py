"""The cgroup v2 test bed: a Debian guest under qemu, built from packages and kept as a snapshot that is ready to use.

`settings` says where and what; `cache` keeps finished layers; `mirror`, `kernel`, `rootfs`, `pythondeps`, `image`,
`initramfs` and `disk` make the parts; `qemu` runs the machine and `port` talks to the agent in it; `build` joins them.
"""
