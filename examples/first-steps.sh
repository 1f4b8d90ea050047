#!/bin/sh
# Run a web server, look at it from all sides, and stop it.
set -eu
trap 'nrdctl rm -f first-steps >/dev/null 2>&1 || true' EXIT

nrdctl run -d --name first-steps -e GREETING="good morning" --memory 64m busybox \
	sh -c 'mkdir /www; echo "$GREETING" > /www/index.html; echo started; exec httpd -f -p 8080 -h /www'

until nrdctl exec first-steps wget -q -O - http://127.0.0.1:8080/ 2>/dev/null; do sleep 0.2; done
nrdctl ps --filter name=first-steps
nrdctl logs first-steps
nrdctl inspect --format '{{.State.Status}} with pid {{.State.Pid}}' first-steps
nrdctl describe first-steps
nrdctl stop -t 1 first-steps
