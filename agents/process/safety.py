"""Which settings contradict each other, and which no production may run with, in sentences. It reads none itself."""

from collections.abc import Iterator
from typing import Final

from agents.process.options import Secret, Settings, reference

_LEAST_KEY: Final = 32  # characters of a key that signs or hashes
_COPIES: Final = 3  # with fewer, one lost disk can lose facts


def contradictions(settings: Settings) -> Iterator[str]:
    """What cannot work, or must not leave, in any profile."""
    if settings.kafka_security.startswith("SASL"):
        yield from _needs(settings, f"kafka_security is {settings.kafka_security}", "kafka_username", "kafka_password")
    if settings.kafka_cert_file or settings.kafka_key_file:
        yield from _needs(settings, "mutual TLS takes both", "kafka_cert_file", "kafka_key_file")
    if (settings.kafka_security, settings.kafka_sasl_mechanism) == ("SASL_PLAINTEXT", "PLAIN"):
        yield "NURTURE_KAFKA_SECURITY: SASL_PLAINTEXT with PLAIN shows the password to the network; expected SASL_SSL"
    if settings.clock == "stepped" and settings.mail_port == "sendgrid":
        yield "NURTURE_CLOCK: stepped time mails nobody; expected NURTURE_MAIL_PORT=folder, or NURTURE_CLOCK=wall"
    if settings.unsubscribe_url:
        yield from _needs(settings, "unsubscribe links are signed", "token_key")
    if 0 < settings.daily_cap < settings.partitions:
        yield (
            f"NURTURE_DAILY_CAP: found {settings.daily_cap}, expected 0 or at least NURTURE_PARTITIONS"
            f" ({settings.partitions}): each partition sends its share of it, and some would send nothing for ever"
        )
    yield from _mail(settings)
    yield from _keys(settings)


def dangers(settings: Settings) -> Iterator[str]:
    """What production refuses."""
    if settings.profile != "production":
        return
    if settings.kafka_security in ("PLAINTEXT", "SASL_PLAINTEXT"):
        yield f"NURTURE_KAFKA_SECURITY: {settings.kafka_security} is not encrypted; production expects SSL or SASL_SSL"
    if settings.replication_factor < _COPIES:
        yield f"NURTURE_REPLICATION_FACTOR: found {settings.replication_factor}, production expects at least {_COPIES}"
    if settings.mail_port == "folder":
        yield "NURTURE_MAIL_PORT: the folder port delivers no mail; production expects sendgrid"
    if settings.clock == "stepped":
        yield "NURTURE_CLOCK: stepped time is the demo's; production expects wall"
    yield from _needs(settings, "production hashes addresses with a key of its own", "id_key")


def _mail(settings: Settings) -> Iterator[str]:
    """Mail that nobody can unsubscribe from must not leave."""
    if settings.mail_port != "sendgrid":
        return
    yield from _needs(settings, "mail_port is sendgrid", "sendgrid_key")
    held_back = settings.sendgrid_sandbox or settings.allow_list
    if not held_back and not (settings.unsubscribe_url and settings.provider_events):
        yield (
            "NURTURE_MAIL_PORT: mail that nobody can unsubscribe from must not leave; expected both"
            " NURTURE_UNSUBSCRIBE_URL and NURTURE_PROVIDER_EVENTS=true, or NURTURE_SENDGRID_SANDBOX=true, or an"
            " NURTURE_ALLOW_LIST"
        )


def _keys(settings: Settings) -> Iterator[str]:
    for name in ("token_key", "id_key"):
        length = len(getattr(settings, name).reveal())
        if 0 < length < _LEAST_KEY:
            yield f"{reference()[name].name}: found {length} characters, expected at least {_LEAST_KEY} random ones"
    for name, value in ((each, getattr(settings, each)) for each in reference()):
        if isinstance(value, Secret) and any(mark in value.reveal() for mark in "\r\n\0"):
            yield f"{reference()[name].name}: found a line break, expected one line"


def _needs(settings: Settings, because: str, *names: str) -> Iterator[str]:
    for name in names:
        if not getattr(settings, name):
            yield f"{reference()[name].name} is missing: {because}; for example {reference()[name]}"
