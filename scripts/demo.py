"""The main job, end to end, as a person would type it: every command is printed with its real output.

Uses the containerd at the default address, and starts one when none answers. Everything is taken away at the end, but
for the image.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
IMAGE = "nrdctl-demo:latest"
PORT = 18080
CONTAINERS = ("demo-web", "demo-client")


class DemoFailed(SystemExit):
    """A command of the demonstration did not do what it should."""


def run(line: str, *, expect: int = 0, show: bool = True) -> str:
    """Print a command, run it, print and return its output; end the demonstration when it fails."""
    if show:
        print(f"\n\033[1m# {line}\033[0m" if sys.stdout.isatty() else f"\n# {line}", flush=True)
    done = subprocess.run(shlex.split(line), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if show:
        print(done.stdout, end="", flush=True)
    if done.returncode != expect:
        if not show:
            print(done.stdout, end="")
        raise DemoFailed(f"demo: `{line}` ended with {done.returncode} instead of {expect}")
    return done.stdout


def say(text: str) -> None:
    """Print what comes next."""
    print(f"\n== {text}", flush=True)


def put_on_path() -> None:
    """Make `nrdctl` a command of this machine, unless somebody else's stands there."""
    command, target = Path("/usr/local/bin/nrdctl"), ROOT / ".venv" / "bin" / "nrdctl"
    if command.is_symlink() or not command.exists():
        command.unlink(missing_ok=True)
        command.symlink_to(target)
    os.environ["PATH"] = f"{target.parent}:{os.environ.get('PATH', '')}:/usr/sbin:/sbin"


def ensure_daemon() -> bool:
    """Start containerd when none answers; say whether we did."""
    if subprocess.run(["nrdctl", "namespace", "ls"], capture_output=True, check=False).returncode == 0:
        return False
    say("No containerd answers here, so nrdctl starts one")
    run("nrdctl system start")
    return True


def load_image() -> None:
    """Build a small image from the machine's busybox and load it."""
    say("A small image, made from this machine's busybox: no registry is needed")
    with tempfile.TemporaryDirectory(prefix="nrdctl-demo-") as folder:
        archive = Path(folder) / "busybox.tar"
        script = ROOT / "scripts" / "busybox_image.py"
        subprocess.run([sys.executable, str(script), str(archive), "--name", IMAGE], check=True)
        run(f"nrdctl load -i {archive}")
    run("nrdctl images")


def containers() -> None:
    """Run two containers that talk to each other, one of them published."""
    say("Two containers: a web server, published, and a client that knows it by name")
    serve = "mkdir /www; echo hello from the container > /www/index.html; echo serving; exec httpd -f -p 80 -h /www"
    run(f"nrdctl run -d --name demo-web -p {PORT}:80 --memory 64m {IMAGE} sh -c {shlex.quote(serve)}")
    ask = "while sleep 1; do wget -q -O - http://demo-web/; done"
    run(f"nrdctl run -d --name demo-client {IMAGE} sh -c {shlex.quote(ask)}")
    run("nrdctl ps")
    say(f"The published port, fetched from this machine: http://127.0.0.1:{PORT}/")
    print(fetch(f"http://127.0.0.1:{PORT}/"), end="")
    time.sleep(1.5)
    run("nrdctl logs demo-web")
    run("nrdctl logs --tail 2 demo-client")
    run("nrdctl exec demo-client sh -c 'hostname; cat /proc/1/comm'")


def fetch(url: str) -> str:
    """Fetch a page; the server inside needs a moment."""
    for attempt in range(50):
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return str(answer.read().decode())
        except OSError:
            if attempt == 49:
                raise
            time.sleep(0.1)
    return ""


def resources() -> None:
    """See, set, pin, watch, and take back."""
    say("What may they use? And what do they use?")
    run("nrdctl list")
    run("nrdctl describe demo-web")
    run("nrdctl container limits")
    say("A limit and a pin, while they run")
    run("nrdctl container set demo-web cpu=200m memory=32Mi pids=50")
    run("nrdctl container pin demo-web cpu 0")
    run("nrdctl container limits demo-web")
    say("Something to watch: a busy loop that wants a whole CPU and gets a fifth")
    run("nrdctl exec -d demo-web sh -c 'timeout 6 sh -c \"while :; do :; done\"'")
    run("nrdctl monitor cpu --interval 2 --count 2")
    run("nrdctl monitor memory --once")
    run("nrdctl monitor network --once")
    say("And back to what it was")
    run("nrdctl container unpin demo-web cpu 0")
    run("nrdctl container remove demo-web cpu memory pids")
    run("nrdctl container limits demo-web")


def end() -> None:
    """Stop and remove."""
    say("The end")
    run("nrdctl stop -t 1 demo-web demo-client")
    run("nrdctl ps -a")
    run("nrdctl rm demo-web demo-client")


def clean_up() -> None:
    """Remove what an earlier, interrupted demonstration left."""
    subprocess.run(["nrdctl", "rm", "-f", "-v", *CONTAINERS], capture_output=True, check=False)


def main() -> None:
    """Run the demonstration."""
    if os.geteuid() != 0:
        raise SystemExit("demo: containers need root: run `sudo make demo`")
    put_on_path()
    started = ensure_daemon()
    clean_up()
    try:
        run("nrdctl version")
        load_image()
        containers()
        resources()
        end()
    finally:
        clean_up()
        if started:
            run("nrdctl system stop")
    print("\nThat was all of it. `nrdctl --help` shows what there is.")


if __name__ == "__main__":
    main()
