"""Layers to snapshots and back (containerd.services.diff.v1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nrdctl._pb import diff_pb2 as pb
from nrdctl.containerd import convert, descriptors
from nrdctl.containerd.channel import Limit, Rpc, Scope
from nrdctl.oci.descriptor import OCI_LAYER_GZIP, Descriptor

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from nrdctl.containerd.records import Mount


class Diff:
    """Work on file systems that the daemon does."""

    def __init__(self, scope: Scope) -> None:
        self._rpc = Rpc(scope, pb.DESCRIPTOR.services_by_name["Diff"])

    def apply(self, descriptor: Descriptor, mounts: Iterable[Mount]) -> Descriptor:
        """Unpack a layer of the content store into a mounted snapshot; the answer's digest is the layer's diff ID."""
        request = pb.ApplyRequest(diff=descriptors.from_descriptor(descriptor), mounts=convert.from_mounts(mounts))
        return descriptors.to_descriptor(self._rpc.unary("Apply", request, Limit.LONG).applied)

    def diff(
        self,
        left: Iterable[Mount],
        right: Iterable[Mount],
        *,
        media_type: str = OCI_LAYER_GZIP,
        ref: str = "",
        labels: Mapping[str, str] | None = None,
    ) -> Descriptor:
        """Write what `right` changes in `left` as a layer into the content store. `labels` go to the blob.

        The blob's label `containerd.io/uncompressed` holds its diff ID.
        """
        request = pb.DiffRequest(
            left=convert.from_mounts(left),
            right=convert.from_mounts(right),
            media_type=media_type,
            ref=ref,
            labels=labels or {},
        )
        return descriptors.to_descriptor(self._rpc.unary("Diff", request, Limit.LONG).diff)
