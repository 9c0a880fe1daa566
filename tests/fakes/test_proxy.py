"""The proxy is a fault injector, so it is tested: what it lets through, swallows and cuts."""

import socket
import threading
from contextlib import contextmanager

import pytest

from agents.kafka.brokers import free_ports
from tests.fakes.proxy import Proxy


@contextmanager
def echo():
    """A server that says everything again."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            while True:
                try:
                    with server.accept()[0] as peer:
                        while data := peer.recv(1024):
                            peer.sendall(data)
                except OSError:
                    return

        threading.Thread(target=serve, daemon=True).start()
        try:
            yield server.getsockname()[1]
        finally:
            server.shutdown(socket.SHUT_RDWR)


@contextmanager
def connected():
    """A proxy before an echo, and a client of it."""
    [port] = free_ports(1)
    with echo() as target, Proxy(port, target) as proxy, socket.create_connection(("127.0.0.1", port), 5) as client:
        client.sendall(b"one")
        assert client.recv(10) == b"one"
        yield proxy, client


def ended(client):
    """Whether the connection was closed or reset."""
    try:
        return client.recv(10) == b""
    except ConnectionResetError:
        return True


@pytest.mark.parametrize("direction", ["requests", "answers"])
def test_what_is_lost_in_one_direction_never_arrives(direction):
    """The connection stays open, nothing comes back, and it is cut when the network heals."""
    with connected() as (proxy, client):
        proxy.lose(direction)
        client.sendall(b"two")
        client.settimeout(0.3)
        with pytest.raises(TimeoutError):
            client.recv(10)
        assert proxy.swallowed == 3
        proxy.heal()
        client.settimeout(5)
        assert ended(client)


def test_a_cut_connection_can_be_made_anew():
    """A reset ends what is open, and no more."""
    with connected() as (proxy, client):
        proxy.cut()
        assert ended(client)
        with socket.create_connection(("127.0.0.1", proxy.port), 5) as again:
            again.sendall(b"two")
            assert again.recv(10) == b"two"


def test_a_slow_network_only_takes_longer():
    """What is held back arrives in order."""
    with connected() as (proxy, client):
        proxy.delay = 0.05
        client.sendall(b"two")
        assert client.recv(10) == b"two"
