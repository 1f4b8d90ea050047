"""Container networks by CNI plugins: conflists, network namespaces, published ports, names in hosts files."""
