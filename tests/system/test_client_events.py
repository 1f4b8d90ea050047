"""The events of a real containerd."""

from __future__ import annotations

import contextlib
import secrets
import threading
import time
from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from nrdctl.containerd.client import Client
from nrdctl.containerd.records import (
    Event,
    ImageRecord,
)
from nrdctl.errors import (
    AlreadyExists,
)
from tests.support import rootfs
from tests.support.daemon import missing
from tests.support.waiting import SOON, eventually

if TYPE_CHECKING:
    from tests.support.box import Box

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(bool(missing()), reason=missing() or "-"),
    pytest.mark.skipif(not rootfs.BUSYBOX.exists(), reason="needs busybox-static"),
]


class TestEvents:
    def test_a_container_from_start_to_end(self, box: Box) -> None:
        client = box.client
        with client.events.subscribe(f"namespace=={client.namespace}") as subscription:
            found: list[Event] = []
            reader = threading.Thread(target=lambda: found.extend(subscription))
            reader.start()
            # Until the subscription has taken hold, by the one sign there is.
            eventually(lambda: bool(client.leases.list() and touch(client) and found))
            box.run("web", "sh", "-c", "exit 3")
            client.tasks.wait("web", timeout=SOON)
            eventually(lambda: "TaskExit" in [event.kind for event in found])
            # Not the deletion too: containerd 2.1 loses some of those events.
            subscription.cancel()
            reader.join(SOON)
            assert not reader.is_alive()
        exit_ = next(event for event in found if event.kind == "TaskExit")
        assert (exit_.topic, exit_.namespace) == ("/tasks/exit", client.namespace)
        assert exit_.timestamp is not None
        assert exit_.fields["container_id"] == exit_.fields["id"] == "web"
        assert exit_.fields["exit_status"] == 3
        assert isinstance(exit_.fields["exited_at"], datetime)
        kinds = [event.kind for event in found if event.kind.startswith(("Task", "Container"))]
        assert kinds == ["ContainerCreate", "TaskCreate", "TaskStart", "TaskExit"]
        assert {event.namespace for event in found} == {client.namespace}

    def test_images_too(self, client: Client) -> None:
        target = rootfs.write_blob(client, b"manifest")
        with client.events.subscribe(f'namespace=={client.namespace},topic~="/images/"') as subscription:
            found: list[Event] = []
            reader = threading.Thread(target=lambda: found.extend(subscription))
            reader.start()
            for number in range(100):
                client.images.create(ImageRecord(name=f"i{number}", target=target, labels={"a": "b"}))
                if found:
                    break
                time.sleep(0.02)
            subscription.cancel()
            reader.join(SOON)
        assert found[0].kind == "ImageCreate"
        assert found[0].fields["labels"] == {"a": "b"}


def touch(client: Client) -> bool:
    with contextlib.suppress(AlreadyExists):
        client.namespaces.create(client.namespace)
    client.namespaces.update(client.namespace, {"touched": secrets.token_hex(4)}, "labels.touched")
    time.sleep(0.02)
    return True
