"""A run's server of metrics: one for a node, TLS, a password, clients that mean it badly; recipes that cannot work."""

import contextlib
import os
import re
import socket
import ssl
import struct
import urllib.error

import pytest

from runs import run_training
from scraping import (  # noqa: F401, some are fixtures
    PASSWORD,
    SECRET,
    Certificate,
    address_in,
    certificate,
    prometheus,
    pushgateway,
    recipe_of,
    scrape,
    training,
    wait_for,
)

TEN_MEGABYTES = b"x" * 10_000_000


def say(address, request, wrap=lambda client: client):
    """What is answered until the server hangs up."""
    host, port = address.split(":")
    received = b""
    with wrap(socket.create_connection((host, int(port)), timeout=60)) as client, contextlib.suppress(OSError):
        client.sendall(request)
        while part := client.recv(65536):
            received += part
    return received


def check_tls(address, certificate):
    """TLS 1.2 and 1.3 and nothing else, whatever comes instead."""

    request = b"GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n"

    def status(version):
        def wrap(client):
            return certificate.context(version).wrap_socket(client, server_hostname="127.0.0.1")

        return say(address, request, wrap)[:12]

    def leave():
        """Asks, and is gone (a reset, no goodbye) when the answer comes."""
        host, port = address.split(":")
        with (
            socket.create_connection((host, int(port))) as client,
            certificate.context().wrap_socket(client, server_hostname=host) as secure,
        ):
            secure.sendall(request)
            secure.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    assert status(ssl.TLSVersion.TLSv1_2) == status(ssl.TLSVersion.TLSv1_3) == b"HTTP/1.1 401"
    with pytest.raises(ssl.SSLError, match="EOF|alert protocol version"):  # the server's doing, not this client's
        status(ssl.TLSVersion.TLSv1_1)
    hello = b"\x16\x03\x01\x02\x00\x01"  # the beginning of a handshake
    for _ in range(5):
        leave()
    for garbage in (request, TEN_MEGABYTES, os.urandom(4096), hello):
        answer = say(address, garbage)
        assert b"HTTP" not in answer and b"lambdaforge" not in answer, answer[:200]


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
def test_one_exporter_for_the_node_behind_tls_and_a_password(prometheus, certificate, small_recipe, tmp_path):
    targets = prometheus.secure_targets
    with socket.create_server(("127.0.0.1", 0)) as somebody:
        port = somebody.getsockname()[1]
        recipe = recipe_of(
            tmp_path,
            small_recipe(2, max_steps=100),
            "node",
            targets,
            prometheus_per="node",
            prometheus_port=port,
            prometheus_user="me",
            prometheus_certificate=certificate.path,
            prometheus_key=certificate.key,
        )
        target = targets / "test.node.0.json"
        with training(recipe, 2, **{PASSWORD: SECRET}) as run:
            wait_for(lambda: target.exists() or run.poll() is not None, "the target's file")
            context = certificate.context()
            for auth in ((), ("me", "wrong")):
                with pytest.raises(urllib.error.HTTPError) as refused:
                    scrape(target, *auth, context=context)
                assert refused.value.code == 401
            check_tls(address_in(target), certificate)
            wait_for(lambda: "lambdaforge_loss" in scrape(target, "me", SECRET, context=context), "a step")
            text = scrape(target, "me", SECRET, context=context)
            assert [path.name for path in targets.iterdir()] == [target.name]
            output, _ = run.communicate(timeout=300)
    assert run.returncode == 0, output
    assert f"port {port} is in use" in output and "serves https://127.0.0.1:" in output
    for rank in range(2):
        assert re.search(rf'^lambdaforge_rank_up{{.*rank="{rank}"}} 1$', text, re.MULTILINE), text
        assert re.search(rf'^lambdaforge_rank_info{{.*rank="{rank}"}} 1$', text, re.MULTILINE)
        assert prometheus.history(f'lambdaforge_lists_total{{run="node", rank="{rank}"}}')[-1][1] == 100 * 4
    assert SECRET not in output
    for path in tmp_path.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        assert SECRET.encode() not in content and b"PRIVATE KEY" not in content, path


def test_rude_clients_hurt_nobody(small_recipe, tmp_path):
    recipe = recipe_of(tmp_path, small_recipe(1, max_steps=60), "rude", tmp_path / "targets", prometheus_wait_seconds=1)
    target = tmp_path / "targets/test.rude.0.json"
    with training(recipe, 1) as run, contextlib.ExitStack() as slow:
        wait_for(lambda: target.exists() or run.poll() is not None, "the target's file")
        address = address_in(target)
        host, port = address.split(":")
        for _ in range(8):  # each with a request that never ends
            client = slow.enter_context(socket.create_connection((host, int(port)), timeout=60))
            client.sendall(b"GET /metrics HTTP/1.1\r\nX: ")
        for request in (
            b"GET /metrics HTTP/1.1\r\nX: " + TEN_MEGABYTES + b"\r\n\r\n",
            b"GET /" + TEN_MEGABYTES + b" HTTP/1.1\r\n\r\n",
            TEN_MEGABYTES,
            os.urandom(4096) + b"\r\n\r\n",
            b"GET /../../../../etc/passwd HTTP/1.1\r\n\r\n",
            b"GET /metrics/../recipe.toml HTTP/1.1\r\n\r\n",
        ):
            answer = say(address, request)
            assert not answer or re.match(rb"HTTP/1\.[01] 4\d\d", answer), answer[:200]
            assert b"lambdaforge_" not in answer and b"root:" not in answer and b"learning_rate" not in answer
        assert "lambdaforge_rank_up" in scrape(target)
        output, _ = run.communicate(timeout=300)
    assert run.returncode == 0, output
    assert not target.exists()


# --- recipes that cannot work ---


@pytest.mark.parametrize(
    "tracking, message",
    [
        ({"prometheus_user": "me"}, PASSWORD),
        ({"prometheus_address": "localhost"}, "expected an IPv4 address"),
        ({"prometheus_per": "host"}, "known: rank, node"),
        ({"prometheus_port": 65536}, "[0, 65535]"),
        ({"prometheus_key": "key.pem"}, "not tracking.prometheus_certificate"),
        ({"prometheus_certificate": "no.pem", "prometheus_key": "no.pem"}, "no.pem: No such file"),
    ],
)
def test_what_cannot_work_is_said_at_once(tracking, message, small_recipe, tmp_path):
    check_complaint(tracking, message, small_recipe, tmp_path)


def test_a_certificate_needs_its_own_key(certificate, small_recipe, tmp_path):
    files = {"prometheus_certificate": certificate.path, "prometheus_key": Certificate(tmp_path).key}
    check_complaint(files, "do not match", small_recipe, tmp_path)
    files["prometheus_key"] = certificate.path  # it holds no key
    check_complaint(files, "Expected PEM files", small_recipe, tmp_path)


def check_complaint(tracking, message, small_recipe, tmp_path):
    recipe = recipe_of(tmp_path, small_recipe(max_steps=1), "wrong", tmp_path / "targets", **tracking)
    done = run_training(recipe)
    assert done.returncode != 0
    assert message in done.stderr, done.stderr
    assert not (tmp_path / "runs").exists()
