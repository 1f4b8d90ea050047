"""What registries say when they refuse, as text for a person."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from nrdctl.errors import RegistryError
from nrdctl.registry.wire import Response, redacted

if TYPE_CHECKING:
    from nrdctl.oci.reference import Reference

_TEXT_MAX = 300
# Registries answer HEAD without a body; the status then stands for the code.
_CODES = {401: "UNAUTHORIZED", 403: "DENIED", 429: "TOOMANYREQUESTS"}
_MESSAGES = {
    "UNAUTHORIZED": "authentication required",
    "DENIED": "requested access to the resource is denied",
    "TOOMANYREQUESTS": "too many requests",
}


def from_response(response: Response) -> RegistryError:
    """Return the error for a response; reads its body (a JSON list of errors, by the distribution specification)."""
    try:
        body = response.read()
    except Exception:  # a broken error body is no better than none
        body = b""
    code, text = describe(body)
    if not text:
        code = _CODES.get(response.status, "")
        known = f"{spoken(code)}: {_MESSAGES[code]}" if code else ""
        text = (
            known or f"unexpected status {response.status} {printable(response.reason)} from {redacted(response.url)}"
        )
    return RegistryError(text, status=response.status, code=code)


def refused(response: Response, reference: Reference, *, what: str) -> RegistryError:
    """Return the error for what a registry would not give, in docker's words; `what` is `manifest` or names a blob."""
    error = from_response(response)
    name, code = reference.familiar, error.code
    if error.status == 404 and what == "manifest":
        text = error.message if code else "manifest unknown: manifest unknown"
        return RegistryError(f"manifest for {name} not found: {text}", status=404, code=code or "MANIFEST_UNKNOWN")
    if error.status == 404:
        return RegistryError(f"{what} of {name} not found", status=404, code=code or "BLOB_UNKNOWN")
    if error.status in (401, 403):
        return denied(error, reference)
    return RegistryError(f"{name}: {error.message}", status=error.status, code=code, hint=error.hint)


def denied(error: RegistryError, reference: Reference) -> RegistryError:
    """Return the error for a pull that needs rights, in docker's words."""
    return RegistryError(
        f"pull access denied for {reference.familiar_repository}, repository does not exist or may require "
        f"'nrdctl login': {error.message}",
        status=error.status,
        code=error.code,
        hint=f"`nrdctl login {reference.domain}` keeps a user name and a password for it",
    )


def describe(body: bytes) -> tuple[str, str]:
    """Return the first error's code and docker's text for all of them; two empty texts when it isn't such a body.

    `{"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]}` → `manifest unknown: manifest unknown`
    """
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return "", ""
    if not isinstance(document, Mapping):
        return "", ""
    errors = document.get("errors")
    entries = [entry for entry in errors if isinstance(entry, Mapping)] if isinstance(errors, list) else []
    if not entries:  # token servers: OAuth's {"error", "error_description"}, or {"details": …}
        details = (document.get(key) for key in ("error_description", "details", "message", "error"))
        return "", next((printable(detail) for detail in details if isinstance(detail, str) and detail), "")
    codes = [printable(str(entry.get("code") or "UNKNOWN")) for entry in entries]
    texts = [printable(str(entry.get("message") or "")) for entry in entries]
    return codes[0], "; ".join(
        f"{spoken(code)}: {text}" if text else spoken(code) for code, text in zip(codes, texts, strict=True)
    )


def spoken(code: str) -> str:
    """`MANIFEST_UNKNOWN` → `manifest unknown`, as docker prints codes."""
    return code.lower().replace("_", " ")


def printable(text: str) -> str:
    """Return a server's text without control characters, at most 300 characters long."""
    clean = "".join(character if character.isprintable() else " " for character in text).strip()
    return clean if len(clean) <= _TEXT_MAX else f"{clean[:_TEXT_MAX]}…"
