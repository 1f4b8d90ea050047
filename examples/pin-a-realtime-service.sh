#!/bin/sh
# A service gets the machine's last CPU for itself: it is pinned there, and the batch work to all the others.
set -eu
trap 'nrdctl rm -f realtime batch >/dev/null 2>&1 || true' EXIT

nrdctl run -d --net none --name realtime busybox sleep 600
nrdctl run -d --net none --name batch busybox sh -c 'while :; do :; done'

last=$(($(nproc) - 1))
if [ "$last" -eq 0 ]; then
	echo "This machine has one CPU: nothing to share."
	exit 0
fi
nrdctl container pin realtime cpu "$last"
nrdctl container pin batch cpu "0-$((last - 1))"
nrdctl container limits realtime batch

# The pins are part of the containers: a restart keeps them.
nrdctl restart -t 0 realtime
nrdctl container limits realtime --format 'realtime may run on {{.CPUs}}'

nrdctl container unpin realtime cpu
nrdctl container unpin batch cpu
nrdctl container limits realtime batch
