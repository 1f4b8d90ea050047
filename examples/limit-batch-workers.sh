#!/bin/sh
# Three workers that take whatever they get are held down while they run.
set -eu
trap 'nrdctl rm -f worker-1 worker-2 worker-3 >/dev/null 2>&1 || true' EXIT

for number in 1 2 3; do
	nrdctl run -d --net none --name "worker-$number" --label role=batch busybox sh -c 'while :; do :; done'
done
for name in $(nrdctl ps --filter label=role=batch --format '{{.Names}}'); do
	nrdctl container set "$name" cpu=100m memory=64Mi pids=20
done
nrdctl monitor cpu --once --interval 2 worker-1 worker-2 worker-3
nrdctl container remove worker-1 cpu
nrdctl container limits worker-1 worker-2 worker-3
