"""What the engine must be told, and the same as arguments of an aiokafka client. It reads no environment."""

from pathlib import Path
from ssl import SSLContext
from typing import Any, Literal

from msgspec import Struct

from schemas.topics import TOMBSTONES_MS


class EngineSettings(Struct, frozen=True, kw_only=True):
    """Where the brokers are, where state lives, and how long to wait. Times are in the unit of the name.

    ``settle_s``: an idle lane commits past transaction markers after so long. ``accept_loss``: topics whose lanes go on
    when records that they never read are gone. ``standby``: how many partitions of others a worker keeps warm.
    ``tombstones_ms``: how long changelogs keep what was deleted (delete.retention.ms).
    """

    bootstrap: str
    data_dir: Path
    partitions: int = 8
    instance_id: str | None = None
    session_timeout_s: float = 10.0
    heartbeat_s: float = 2.0
    rebalance_timeout_s: float = 30.0
    transaction_timeout_ms: int = 5_000
    fetch_wait_ms: int = 25
    settle_s: float = 30.0
    accept_loss: frozenset[str] = frozenset()
    standby: int = 0
    tombstones_ms: int = TOMBSTONES_MS
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    ssl_context: SSLContext | None = None
    sasl_mechanism: str = "PLAIN"
    sasl_username: str | None = None
    sasl_password: str | None = None

    @property
    def security(self) -> dict[str, Any]:
        """How any aiokafka client of ours proves who it is."""
        return {
            "security_protocol": self.security_protocol,
            "ssl_context": self.ssl_context,
            "sasl_mechanism": self.sasl_mechanism,
            "sasl_plain_username": self.sasl_username,
            "sasl_plain_password": self.sasl_password,
        }

    @property
    def client(self) -> dict[str, Any]:
        """Arguments that every aiokafka client of ours shares."""
        return {"bootstrap_servers": self.bootstrap, **self.security}
