"""Every setting, declared once: type, default, meaning, example. It reads nothing; ``agents.process.settings`` does."""

from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final, Literal, NamedTuple, get_args, get_origin

import msgspec
from msgspec import Meta, Struct

PREFIX: Final = "NURTURE_"


class Secret:
    """A value that shows itself to nobody but who asks for it by name."""

    __slots__ = ("_value",)

    def __init__(self, value: str = "") -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself, for the one place that needs it."""
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __repr__(self) -> str:
        return "•••" if self._value else "''"


class Says(NamedTuple):
    """What a setting is for, an example of its value, and what is expected when the type does not tell."""

    says: str
    example: str
    expected: str = ""


_SERVER: Final = r"(\[[^\]\s]+\]|[^\s,:\[\]]+):\d{1,5}"
_SERVERS: Final = Meta(pattern=rf"^{_SERVER}(,{_SERVER})*$")
_SAFE_URL: Final = Meta(pattern=r"^(https://[^\s/]+\S*|http://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?(/\S*)?)?$")
_URL: Final = "an https address (http on loopback)"
_NONE: Final = Secret()


class Settings(Struct, frozen=True, kw_only=True):
    """Every setting. Its variable is ``NURTURE_`` and the name in capitals; ``…_FILE`` names a file with a secret."""

    profile: Annotated[
        Literal["development", "production"], Says("production refuses to start unsafely", "production")
    ] = "development"

    bootstrap: Annotated[
        str,
        _SERVERS,
        Says("brokers to begin with", "kafka-1:9092,kafka-2:9092", "host:port, several joined with commas"),
    ]
    kafka_security: Annotated[
        Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"], Says("how the brokers are spoken to", "SASL_SSL")
    ] = "PLAINTEXT"
    kafka_sasl_mechanism: Annotated[
        Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"], Says("how we prove who we are", "SCRAM-SHA-512")
    ] = "SCRAM-SHA-512"
    kafka_username: Annotated[str, Says("who we are to the brokers", "nurture-sender")] = ""
    kafka_password: Annotated[Secret, Says("the password to it", "/run/secrets/kafka_password")] = _NONE
    kafka_ca_file: Annotated[Path | None, Says("whom to trust; unset: who the system trusts", "/etc/kafka/ca.pem")] = (
        None
    )
    kafka_cert_file: Annotated[Path | None, Says("our certificate, for mutual TLS", "/etc/kafka/nurture.pem")] = None
    kafka_key_file: Annotated[Path | None, Says("the key to our certificate", "/etc/kafka/nurture.key")] = None
    partitions: Annotated[
        int, Meta(ge=1, le=1000), Says("partitions of every topic keyed by lead; never changed later", "8")
    ] = 8
    replication_factor: Annotated[int, Meta(ge=1, le=9), Says("copies of each topic; production wants 3", "3")] = 1

    data_dir: Annotated[Path, Says("rows on disk; may be lost, Kafka has them", "/var/lib/nurture")] = Path("var/data")
    templates: Annotated[Path, Says("marketing's workplace", "templates")] = Path("templates")
    session_timeout_s: Annotated[
        int, Meta(ge=1, le=300), Says("seconds of silence after which a worker's partitions go to others", "10")
    ] = 10
    instance_id: Annotated[
        str,
        Meta(pattern=r"^[A-Za-z0-9._-]{0,100}$"),
        Says("this worker's name, no other's: a restart within the session moves nothing", "journey-0", "a short name"),
    ] = ""
    standby: Annotated[
        int, Meta(ge=0, le=1000), Says("partitions of others that a worker keeps warm, to take over quickly", "4")
    ] = 0
    accept_loss: Annotated[
        tuple[str, ...],
        Says(
            "go on though records of these were deleted unread; for one start",
            "nurture.leads",
            "topics, commas between",
        ),
    ] = ()
    clock: Annotated[Literal["wall", "stepped"], Says("whose time; stepped is the demo's", "wall")] = "wall"

    mail_port: Annotated[
        Literal["", "folder", "sendgrid"], Says("where mail goes; the sender does not start without it", "sendgrid")
    ] = ""
    mail_folder: Annotated[Path, Says("where the folder port writes .eml files", "var/mail")] = Path("var/mail")
    sendgrid_key: Annotated[Secret, Says("API key with the scope mail.send", "/run/secrets/sendgrid_key")] = _NONE
    sendgrid_host: Annotated[
        str, _SAFE_URL, Says("SendGrid's API; the EU has its own", "https://api.eu.sendgrid.com", _URL)
    ] = "https://api.sendgrid.com"
    sendgrid_sandbox: Annotated[bool, Says("SendGrid checks each mail and delivers none", "true")] = False
    allow_list: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^[^\s@]*@[^\s@]+$")], ...],
        Says(
            "when set, nobody else is mailed", "ada@example.com,@example.org", "addresses and @domains, commas between"
        ),
    ] = ()
    sends_per_second: Annotated[
        int, Meta(ge=0, le=10_000), Says("requests a second of one sender process; 0: as fast as it goes", "50")
    ] = 0
    daily_cap: Annotated[
        int, Meta(ge=0, le=100_000_000), Says("mails to leads a day (UTC), all senders together; 0: no cap", "50000")
    ] = 0
    unsubscribe_url: Annotated[
        str, _SAFE_URL, Says("where the unsubscribe link leads", "https://mail.example.com/unsubscribe", _URL)
    ] = ""
    provider_events: Annotated[bool, Says("the provider's events are fed back to nurture.engagement", "true")] = False
    token_key: Annotated[Secret, Says("signs unsubscribe links", "/run/secrets/token_key")] = _NONE
    id_key: Annotated[Secret, Says("hashes addresses to ids; never changed later", "/run/secrets/id_key")] = _NONE

    fuse: Annotated[bool, Says("intake stops when most of what comes in cannot be read", "false")] = True

    http_host: Annotated[str, Says("where /metrics, /live and /ready listen", "127.0.0.1")] = "127.0.0.1"
    http_port: Annotated[int, Meta(ge=0, le=65535), Says("their port; 0 takes any free one", "9464")] = 0
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], Says("the least severe event that is logged", "info")
    ] = "info"
    log_format: Annotated[Literal["console", "json"], Says("for people, or for machines", "json")] = "console"


class Variable(NamedTuple):
    """One line of the reference: a setting as its readers see it."""

    name: str
    expected: str
    default: str | None
    says: str
    example: str
    secret: bool

    def __str__(self) -> str:
        return f"{self.name}_FILE={self.example}" if self.secret else f"{self.name}={self.example}"


@cache
def reference() -> dict[str, Variable]:
    """Every setting by its name, in the order of the declaration. A default of None: it must be set."""
    return {field.name: _variable(field) for field in msgspec.structs.fields(Settings)}


def _variable(field: msgspec.structs.FieldInfo) -> Variable:
    plain, *notes = get_args(field.type)
    [note] = [each for each in notes if isinstance(each, Says)]
    default = None if field.default is msgspec.NODEFAULT else _shown(field.default)
    return Variable(
        PREFIX + field.name.upper(),
        note.expected or _expected(plain, notes),
        default,
        note.says,
        note.example,
        plain is Secret,
    )


def _expected(plain: Any, notes: list[Any]) -> str:
    if get_origin(plain) is Literal:
        return "one of " + ", ".join(str(value) or "nothing" for value in get_args(plain))
    for bounds in (note for note in notes if isinstance(note, Meta) and note.ge is not None):
        return f"a whole number from {bounds.ge} to {bounds.le}"
    names = {bool: "true or false", str: "text", Secret: "a secret"}
    return names.get(plain, "a path")


def _shown(default: object) -> str:
    match default:
        case bool():
            return str(default).lower()
        case None | () | Secret():
            return ""
        case _:
            return str(default)
