"""Resource control: limits, placement and samples of cgroups, the same on cgroup v2, v1 and hybrid hosts.

Pure: files, cpu, memory, own, driver (types), effective, checks, writes, resources, plan, sample, rates, refusal.
Reading and writing files below given roots: fileio, hierarchy (texts only), v1, v2, topology, host.
"""
