# `make demo` and `make test` do all the set-up they need, on a fresh Debian-like machine, as root.

PYTHON ?= $(firstword $(wildcard /usr/bin/python3) python3)
VENV   := .venv
BIN    := $(VENV)/bin

RUNTIME_PACKAGES := ca-certificates containerd runc containernetworking-plugins iptables iproute2 busybox-static python3-venv
TEST_PACKAGES    := docker-registry skopeo apache2-utils tmux golang-github-containerd-containerd-dev \
                    qemu-system-x86 qemu-utils debootstrap debian-archive-keyring e2fsprogs cpio xz-utils zstd kmod

.PHONY: help demo test check fix unit system vm-test bench docs protos clean packages-runtime packages-test

help:            ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: packages-runtime build/runtime.stamp   ## Install what is needed and run the main job, end to end
	$(BIN)/python scripts/demo.py

test: packages-runtime packages-test build/dev.stamp   ## Run every check and test, with what they need
	$(MAKE) --no-print-directory check
	$(BIN)/pytest tests/system tests/vm --durations=10

check: build/dev.stamp   ## The quick checks: format, lint, types, layers, unit and contract tests
	$(BIN)/ruff format --check src tests scripts
	$(BIN)/ruff check src tests scripts
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q tests/unit tests/contract

fix: build/dev.stamp   ## Format, and mend what the linter can
	$(BIN)/ruff format src tests scripts
	$(BIN)/ruff check --fix src tests scripts

unit: build/dev.stamp   ## Unit tests alone
	$(BIN)/pytest -q tests/unit

system: packages-runtime packages-test build/dev.stamp   ## System tests alone
	$(BIN)/pytest tests/system

vm-test: packages-runtime packages-test build/dev.stamp   ## The resource tests in the cgroup v2 virtual machine
	$(BIN)/pytest tests/vm

bench: packages-runtime build/runtime.stamp   ## Compare with ctr, docker and podman where they are installed
	$(BIN)/python scripts/bench.py

docs: build/dev.stamp   ## Write the generated reference pages again
	$(BIN)/python scripts/generate_reference.py

protos: build/dev.stamp   ## Generate the protobuf stubs again
	$(BIN)/python scripts/generate_protos.py

clean:           ## Remove what the build made here
	rm -rf build .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

packages-runtime:
	@scripts/packages.sh $(RUNTIME_PACKAGES)

packages-test:
	@scripts/packages.sh $(TEST_PACKAGES)

build/venv.stamp:
	@mkdir -p build
	$(PYTHON) -m venv $(VENV)
	@touch $@

build/runtime.stamp: build/venv.stamp pyproject.toml
	$(BIN)/pip install --quiet --editable .
	@touch $@

build/dev.stamp: build/venv.stamp pyproject.toml
	$(BIN)/pip install --quiet --editable '.[dev]'
	@touch $@ build/runtime.stamp
