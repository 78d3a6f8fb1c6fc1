"""Starting and stopping: a taken port is told at once, and whoever is being served when the service stops is served."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import subprocess
import sys
import threading

import pytest
from click.testing import CliRunner

from explainer.access.keys import create_key
from explainer.cli import main
from explainer.errors import SettingsError
from explainer.pipeline import Explainer
from explainer.server.listening import listening
from explainer.server.run import make_server
from explainer.settings import Settings


def test_a_free_port_is_had_and_given_back():
    with listening("127.0.0.1", 0) as listener:
        address, port = listener.getsockname()
        assert address == "127.0.0.1"
        with socket.create_connection((address, port), timeout=10):
            pass
    with listening("127.0.0.1", port):
        pass


def test_ipv6_and_names_work():
    with listening("localhost", 0) as listener:
        assert listener.getsockname()[1] > 0
    if socket.has_ipv6:
        with listening("::1", 0) as listener:
            assert listener.family == socket.AF_INET6


def test_a_port_can_be_had_once_even_before_anybody_serves_on_it():
    with listening("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(SettingsError, match=rf"Port {port} of 127.0.0.1 .* --port or EXPLAINER_PORT"):
            listening("127.0.0.1", port).__enter__()


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid", "x" * 300, "a..b", ""])
def test_an_address_that_is_not_ours_names_its_setting(host):
    with pytest.raises(SettingsError, match="--host or EXPLAINER_HOST"):
        listening(host, 0).__enter__()


@pytest.mark.parametrize("command", ["serve", "demo"])
def test_a_taken_port_is_told_before_anything_is_loaded(tmp_path, database, monkeypatch, command):
    def loaded(*_, **__):
        raise AssertionError("something was loaded")

    for name in ("explainer.server.run.make_served_explainer", "explainer.cli.demo.ingest"):
        monkeypatch.setattr(name, loaded)
    with database.session() as session:
        create_key(session, "t")
    monkeypatch.setenv("EXPLAINER_DATABASE_URL", database.url)
    with listening("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        monkeypatch.setenv("EXPLAINER_PORT", str(port))
        answer = CliRunner().invoke(main, ["--home", str(tmp_path), command])
    assert answer.exit_code == 1
    assert f"Port {port} of 127.0.0.1 can't be used" in " ".join(answer.output.replace("│", " ").split())


def test_a_request_under_way_is_answered_when_the_service_stops(explainer, database, monkeypatch):
    with database.session() as session:
        key = create_key(session, "t")
    inside, go_on = threading.Event(), threading.Event()
    usual = Explainer.best

    def slow(*arguments):
        inside.set()
        assert go_on.wait(60)
        return usual(*arguments)

    monkeypatch.setattr(Explainer, "best", slow)
    answers = []

    def ask(port):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", "/v1/users/u1/recommendations", headers={"X-API-Key": key})
        answer = connection.getresponse()
        answers.append((answer.status, json.loads(answer.read())["user"]))

    with listening("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        server = make_server(Settings(), explainer)
        serving = threading.Thread(target=server.run, args=([listener],))
        serving.start()
        asking = threading.Thread(target=ask, args=(port,))
        asking.start()
        assert inside.wait(60)
        server.should_exit = True
        go_on.set()
        asking.join(60)
        serving.join(60)
    assert answers == [(200, "u1")]
    assert not serving.is_alive()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=10)


SERVE = """
import sys
from explainer.server import run
from explainer.settings import Settings
from explainer.server.listening import listening
from tests.conftest import HashEncoder, SMALL_HYBRID, make_dataset
from explainer.pipeline import Explainer
from explainer.storage.database import Database
from explainer.writing.prompts import PromptLibrary
from explainer.writing.vocabularies import load_vocabulary
from explainer.writing.writer import Writer
from retriever.fit import fit

database = Database(sys.argv[1])
explainer = Explainer(
    database, fit(make_dataset(), HashEncoder(), SMALL_HYBRID), Writer(PromptLibrary(), load_vocabulary)
)
try:
    with listening("127.0.0.1", 0) as listener:
        print(listener.getsockname()[1], flush=True)
        run.serve_app(Settings(), explainer, listener, "json")
finally:
    print("cleaned up", flush=True)
"""


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_a_stopped_service_ends_well_and_whoever_started_it_can_clean_up(database, sent):
    command = [sys.executable, "-c", SERVE, database.url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        port = int(process.stdout.readline())
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", "/health/live", headers={"X-Request-Id": "hello"})
        assert connection.getresponse().status == 200
        connection.close()
        process.send_signal(sent)
        out, log = process.communicate(timeout=60)
    assert process.returncode == 0
    assert out == "cleaned up\n"
    lines = [json.loads(line) for line in log.splitlines()]
    assert {"Stopped", "GET /health/live 200"} <= {line["message"] for line in lines}
    assert [line["request_id"] for line in lines if line["logger"] == "explainer.requests"] == ["hello"]
