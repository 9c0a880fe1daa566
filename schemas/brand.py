"""``brand.yaml``: who writes. It writes nothing itself."""

from typing import Annotated

from msgspec import Meta, field

from schemas.authored import Owned

Locale = Annotated[
    str, Meta(pattern=r"^[a-z]{2,3}(-[A-Z]{2})?$", description='A language, "de", or one of a country, "de-AT".')
]


class Brand(Owned, frozen=True, kw_only=True):
    """Who writes: names, addresses and the law's requirements. ``zones`` gives a country's usual time zone.

    E-mails are written in ``locale``. A lead reads a translation when there is one in its own locale or language, or in
    what ``locales`` gives for its country.
    We write from the website's domain and those below it, or from ``domains`` instead when there are any.
    """

    name: str
    website: str
    from_name: str
    from_email: str
    reply_to: str
    domains: tuple[str, ...] = ()
    postal_address: Annotated[str, Meta(min_length=10)]
    time_zone: str
    zones: dict[str, str] = field(default_factory=dict)
    locale: Locale = "en-GB"
    locales: dict[str, Locale] = field(default_factory=dict)
    colours: dict[str, str] = field(default_factory=dict)
