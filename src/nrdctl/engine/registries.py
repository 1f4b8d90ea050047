"""The client of registries, with what the settings and the environment say about them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from nrdctl.registry.client import RegistryClient
from nrdctl.registry.credentials import CredentialStore
from nrdctl.registry.hosts import HostsConfig

if TYPE_CHECKING:
    from nrdctl.state.settings import Settings


def registry_client(settings: Settings) -> RegistryClient:
    """Return a client; close it at the end. Raises InvalidArgument for a bad docker config.json."""
    folders = tuple(Path(folder) for folder in settings.hosts_dir)
    hosts = HostsConfig(directories=folders, insecure=settings.insecure_registry)
    return RegistryClient(hosts=hosts, credentials=CredentialStore.load(os.environ))
