"""Rules for the whole run: the host's own containerd stays out of reach, and tests that really ran are counted."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

# How many tests must really have run when a whole folder was asked for; raise these as tests are added.
LEAST = {"system": 230, "vm": 15}


@pytest.fixture(autouse=True)
def _unreachable_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """Point every default at places that don't exist, so that no test can touch what the machine really runs."""
    monkeypatch.setenv("CONTAINERD_ADDRESS", "/nonexistent/a-test-must-use-its-own/containerd.sock")
    monkeypatch.setenv("CONTAINERD_NAMESPACE", "a-test-must-choose-a-namespace")
    monkeypatch.setenv("NRDCTL_DATA_ROOT", "/nonexistent/a-test-must-use-its-own/data")
    for variable in ("NRDCTL_TOML", "CONTAINERD_SNAPSHOTTER", "CNI_PATH", "NETCONFPATH", "DOCKER_CONFIG"):
        monkeypatch.delenv(variable, raising=False)


def _ran(terminalreporter: pytest.TerminalReporter, marker: str) -> int:
    reports = [r for key in ("passed", "failed") for r in terminalreporter.stats.get(key, [])]
    return len({r.nodeid for r in reports if marker in r.keywords})


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how many tests touched real containers."""
    counts = {marker: _ran(terminalreporter, marker) for marker in LEAST}
    if any(counts.values()) or os.environ.get("CI"):
        terminalreporter.write_line(f"ran for real: {counts['system']} system tests, {counts['vm']} VM tests")


@pytest.hookimpl(wrapper=True)
def pytest_sessionfinish(session: pytest.Session) -> Iterator[None]:
    """Fail a run of a whole folder in which too few system tests ran: skipped is not passed."""
    yield
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or session.config.option.collectonly or session.config.option.keyword:
        return
    for marker, least in LEAST.items():
        if any(str(arg).rstrip("/").endswith(f"tests/{marker}") for arg in session.config.args):
            ran = _ran(reporter, marker)
            if ran < least and session.exitstatus in (0, 5):
                reporter.write_line(f"too few {marker} tests ran: {ran} of at least {least}", red=True)
                session.exitstatus = pytest.ExitCode.TESTS_FAILED
