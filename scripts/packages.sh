#!/bin/sh
# Installs the Debian packages that are not there yet.
set -eu
missing=""
for package in "$@"; do
	dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" -ne 0 ]; then
	echo "These packages are missing, and installing them needs root:$missing" >&2
	exit 1
fi
echo "Installing:$missing"
apt-get update -qq
# shellcheck disable=SC2086 # one word per package is meant
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
