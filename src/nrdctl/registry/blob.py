"""A blob on its way from a registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nrdctl.errors import RegistryError
from nrdctl.registry.wire import Response, redacted

if TYPE_CHECKING:
    from collections.abc import Iterator


class BlobStream:
    """The bytes of a blob from `offset` on, unchecked. Close it, or use it as a context manager."""

    def __init__(self, response: Response, *, offset: int = 0) -> None:
        self._response = response
        self._skip = 0
        if offset and response.status == 200:
            self._skip = offset  # the registry does not know Range: it sends everything
        elif offset and not response.headers.get("Content-Range", "").startswith(f"bytes {offset}-"):
            response.close()
            raise RegistryError(f"{redacted(response.url)}: asked for bytes from {offset} on, got others")

    def __enter__(self) -> BlobStream:
        return self

    def __exit__(self, *_: object) -> None:
        self._response.close()

    def chunks(self) -> Iterator[bytes]:
        """Yield the bytes. Raises OSError or HTTPException when the connection breaks."""
        for chunk in self._response.chunks():
            if self._skip < len(chunk):
                yield chunk[self._skip :]
            self._skip = max(0, self._skip - len(chunk))

    def abort(self) -> None:
        """Make a thread that reads from this stream fail at once."""
        self._response.abort()
