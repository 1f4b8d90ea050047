"""The stream of events (containerd.services.events.v1)."""

from __future__ import annotations

from typing import Any, Self

from nrdctl._pb import events_pb2 as pb
from nrdctl.containerd import convert
from nrdctl.containerd.channel import Limit, Rpc, Scope
from nrdctl.containerd.eventfields import fields_of
from nrdctl.containerd.records import Event


class Events:
    """What happens in the daemon, in all namespaces."""

    def __init__(self, scope: Scope) -> None:
        self._rpc = Rpc(scope, pb.DESCRIPTOR.services_by_name["Events"])

    def subscribe(self, *filters: str) -> Subscription:
        """Begin to receive the events that match any of the filters (`namespace==x,topic=="/tasks/exit"`), or all.

        There is no history, and the daemon does not say when it has begun: what happens within milliseconds of this
        call may be missed. What an event carries can't be filtered by.
        """
        with self._rpc.translated("Subscribe"):
            answers = self._rpc.stream("Subscribe", pb.SubscribeRequest(filters=filters), Limit.ENDLESS)
        return Subscription(self._rpc, answers)


class Subscription:
    """An endless iterator of events that `cancel`, from any thread, ends. Raises Unavailable when the daemon goes."""

    def __init__(self, rpc: Rpc, answers: Any) -> None:
        self._rpc = rpc
        self._answers = answers
        self._cancelled = False

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Event:
        import grpc  # import cost

        try:
            with self._rpc.translated("Subscribe"):
                envelope = next(self._answers)
        except Exception as error:
            if self._cancelled and isinstance(error.__cause__, grpc.RpcError):
                raise StopIteration from None
            raise
        return Event(
            timestamp=convert.to_datetime(envelope, "timestamp"),
            namespace=envelope.namespace,
            topic=envelope.topic,
            kind=convert.type_name(envelope.event).rpartition(".")[2],
            fields=fields_of(envelope.event),
        )

    def cancel(self) -> None:
        """End the iteration."""
        self._cancelled = True
        self._answers.cancel()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.cancel()
