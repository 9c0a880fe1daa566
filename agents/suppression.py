"""Whom we must never mail again: all of ``nurture.suppressions`` in memory, by keyed hash. It holds no address."""

import contextlib
import hashlib
import hmac
import time
import unicodedata
from collections.abc import Callable

from agents.kafka.feed import View


def keyed_address(address: str, key: bytes) -> str:
    """Hexadecimal HMAC-SHA256 of the address, the same for every spelling that reaches the same mailbox."""
    return hmac.new(key, _normal(address).encode(), hashlib.sha256).hexdigest()


def _normal(address: str) -> str:
    """Without surrounding space, composed, lower case, and the domain in ASCII."""
    local, at, domain = unicodedata.normalize("NFC", address.strip()).casefold().rpartition("@")
    with contextlib.suppress(UnicodeError):
        domain = domain.encode("idna").decode()
    return f"{local}{at}{domain}"


class SuppressionView(View):
    """Everybody who is suppressed, as far as this view has read."""

    def __init__(self, key: bytes, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__(now)
        self._key = key
        self._held: set[bytes] = set()

    def holds(self, address: str) -> bool:
        """Whether the address is suppressed."""
        return keyed_address(address, self._key).encode() in self._held

    def learn(self, key: bytes | None, value: bytes | None) -> None:
        """Take in one record of the topic, keyed by the hash; a tombstone lifts the suppression."""
        if key is None:
            return
        if value is None:
            self._held.discard(key)
        else:
            self._held.add(key)
