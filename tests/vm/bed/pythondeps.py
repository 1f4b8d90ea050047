"""The Python libraries of the guest: what pyproject.toml asks for, as wheels for the guest's Python."""

from __future__ import annotations

import importlib.util
import sys
import tomllib
from typing import TYPE_CHECKING

from tests.vm.bed.process import call
from tests.vm.bed.settings import GUEST_PYTHON, REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path

GLIBC_MINORS = range(5, 42)  # up to the guest's glibc
SITE = f"usr/local/lib/python{GUEST_PYTHON}/dist-packages"


def requirements() -> list[str]:
    """The run-time requirements of the project."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    return sorted(project["dependencies"])


def _target_flags() -> list[str]:
    tag = "cp" + GUEST_PYTHON.replace(".", "")
    flags = ["--only-binary=:all:", "--python-version", GUEST_PYTHON, "--implementation", "cp"]
    for abi in (tag, "abi3", "none"):
        flags += ["--abi", abi]
    platforms = [f"manylinux_2_{minor}" for minor in GLIBC_MINORS] + ["manylinux2014", "manylinux2010", "manylinux1"]
    for platform in platforms:
        flags += ["--platform", f"{platform}_x86_64"]
    return flags


def install(root: Path) -> None:
    """Install the requirements into a guest root from the host; pip finds its index by its own configuration."""
    python = sys.executable if importlib.util.find_spec("pip") else "python3"
    words = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--root-user-action=ignore"]
    call([*words, "--no-compile", "--target", root / SITE, *_target_flags(), *requirements()])
