"""What is generated is up to date, and the layers hold."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_command_reference_is_up_to_date() -> None:
    script = str(ROOT / "scripts" / "generate_reference.py")
    done = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def test_no_file_is_long_and_no_module_is_a_drawer() -> None:
    files = [p for p in (ROOT / "src").rglob("*.py") if "_pb" not in p.parts]
    assert len(files) > 100
    assert [str(p) for p in files if len(p.read_text().splitlines()) > 500] == []
    drawers = {"utils", "util", "helpers", "common", "misc", "manager"}
    assert [str(p) for p in files if p.stem in drawers or p.parent.name in drawers] == []


def test_only_the_command_line_prints_or_exits() -> None:
    for path in (ROOT / "src" / "nrdctl").rglob("*.py"):
        if {"cli", "_pb"} & set(path.parts) or path.name == "__main__.py":
            continue
        assert "sys.exit(" not in path.read_text(), path
