"""Unsubscribe links: a lead id, signed. It knows no address, no expiry and no web server."""

import hashlib
from collections.abc import Callable
from typing import Final

from itsdangerous import BadData, URLSafeSerializer

NO_ENDPOINT: Final = "https://unsubscribe.invalid/u"
"""Where links of sandbox mails and of mails to an allow-list point while no endpoint is configured."""

_SALT: Final = "unsubscribe.v1"
_LONGEST: Final = 1_000


def unsubscribe_links(base_url: str, key: bytes) -> Callable[[str], str]:
    """A function from a lead id to its link. Raises ValueError unless ``base_url`` is https and there is a key."""
    if not base_url.startswith("https://"):
        raise ValueError(f'found the unsubscribe URL "{base_url}", expected one that begins with "https://" (RFC 8058)')
    if not key and base_url != NO_ENDPOINT:
        raise ValueError("found no key to sign unsubscribe links with, expected NURTURE_TOKEN_KEY")
    signer = _signer(key)

    def link(lead_id: str) -> str:
        return f"{base_url.rstrip('/')}/{signer.dumps(lead_id)}"

    return link


def unsubscribed_lead(token: str, key: bytes) -> str | None:
    """The lead id that a link's last part holds, or None when we did not write it."""
    if not key or len(token) > _LONGEST or not token.isascii():
        return None
    try:
        lead_id = _signer(key).loads(token)
    except BadData:
        return None
    return lead_id if isinstance(lead_id, str) else None


def _signer(key: bytes) -> URLSafeSerializer:
    # itsdangerous signs with SHA-1 unless told otherwise
    return URLSafeSerializer(key, salt=_SALT, signer_kwargs={"digest_method": hashlib.sha256})
