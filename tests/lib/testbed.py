# SPDX-License-Identifier: EUPL-1.2
"""The services on a scratch store and free loopback ports, for tests written in Python."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

from faults import Faults

LISTENERS = {
    "imap": ["imap"],
    "lmtp": ["lmtp", "smtp"],
    "http": ["http"],
}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Ports(dict):
    """The ports of each listener. Each look names the next one: clients are spread over all."""

    def __init__(self):
        self.turns = {}

    def __getitem__(self, listener):
        ports = self.all(listener)
        self.turns[listener] = turn = self.turns.get(listener, -1) + 1
        return ports[turn % len(ports)]

    def all(self, listener):
        return super().__getitem__(listener)


class Status:
    """What a service tells systemd, for one that starts with environment()."""

    def __init__(self, directory):
        self.path = f"{directory}/notify"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.text = ""

    def environment(self):
        return {"NOTIFY_SOCKET": self.path}

    def wait_for(self, is_wanted, seconds):
        """Until the last STATUS= is as wanted."""
        until = time.monotonic() + seconds
        while not is_wanted(self.text):
            self.socket.settimeout(max(until - time.monotonic(), 0.01))
            try:
                lines = self.socket.recv(4096).decode().split("\n")
            except TimeoutError:
                raise AssertionError(f"STATUS={self.text}") from None
            told = [line[7:] for line in lines if line.startswith("STATUS=")]
            self.text = (told or [self.text])[-1]
        return self.text


class Testbed:
    """All services of one build on one new store. Use it in a with statement.

    With WD_TEST_BACKEND=mongodb: in the environment, the store is that of WD_TEST_MONGODB_URI, and
    there are two instances of each service, which have nothing else in common. `mongodb` and
    `redis` are other uris for each of them.

    With `faults` it is always the embedded store, and its services are open to them
    (faults.Faults); with "log" they write down what they change. `store` is the folder of an
    embedded store that is there already, and stays.
    """

    def __init__(
        self,
        build,
        settings=(),
        services=("imap", "lmtp", "http"),
        mongodb=None,
        redis=None,
        faults=None,
        store=None,
    ):
        self.build = build
        self.settings = settings
        self.dir = tempfile.mkdtemp(prefix="wildduck-test-")
        self.store = store or f"{self.dir}/store"
        self.faults = faults and Faults(build, self.dir, self.store, log=faults == "log")
        self.environment = self.faults.env if self.faults else {}
        is_embedded = faults is not None or store is not None
        self.is_cluster = os.environ.get("WD_TEST_BACKEND") == "mongodb:" and not is_embedded
        self.instances = range(2 if self.is_cluster else 1)
        self.ports = Ports()
        self.processes = {}
        os.makedirs(self.store, 0o700, exist_ok=True)
        for instance in self.instances:
            self.configure(instance, mongodb and mongodb[instance], redis and redis[instance])
        try:
            for service in services:
                for listener in LISTENERS[service]:
                    self.ports[listener] = [free_port() for _ in self.instances]
                self.start(service)
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def config_path(self, instance):
        return f"{self.dir}/wildduck{instance}.conf"

    def configure(self, instance, mongodb=None, redis=None):
        """Writes an instance's configuration; its services read it when they start."""
        runtime_dir = f"{self.dir}/run{instance}"
        os.makedirs(runtime_dir, 0o700, exist_ok=True)
        if self.is_cluster:
            uri = (mongodb or os.environ["WD_TEST_MONGODB_URI"]) + os.path.basename(self.dir)
            store = f"uri={uri}\nredis={redis or os.environ['WD_TEST_REDIS_URI']}\n"
        else:
            store = f"uri=sqlite:{self.store}\n"
        with open(self.config_path(instance), "w") as file:
            file.write(
                f"[store]\n{store}runtime-dir={runtime_dir}\n[http]\nrequire-token=no\n"
            )

    def log_path(self, service, instance=0):
        return f"{self.dir}/{service}{instance}.log"

    def read_log(self, service, instance=0):
        with open(self.log_path(service, instance)) as log:
            return log.read()

    def start(self, service, instance=None, **options):
        """Starts a service and waits until each of its sockets answers."""
        for one in self.instances if instance is None else [instance]:
            self.start_one(service, one, **options)

    def start_one(self, service, instance, environment=None):
        arguments = [f"{self.build}/src/{service}/wildduck-{service}"]
        arguments += ["--config", self.config_path(instance)]
        for setting in self.settings:
            arguments += ["--set", setting]
        for listener in LISTENERS[service]:
            port = self.ports.all(listener)[instance]
            arguments += ["--listen", f"{listener}=127.0.0.1:{port}"]
        with open(self.log_path(service, instance), "ab") as log:
            self.processes[service, instance] = subprocess.Popen(
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **self.environment, **(environment or {})},
            )
        for listener in LISTENERS[service]:
            self.wait_for(service, instance, self.ports.all(listener)[instance])

    def wait_for(self, service, instance, port):
        # A connection refused is answered at once: a pause keeps the attempts few.
        for _ in range(600):
            if self.processes[service, instance].poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", port), 5).close()
                return
            except OSError:
                time.sleep(0.02)
        sys.stderr.write(self.read_log(service, instance))
        raise RuntimeError(f"{service} did not start")

    def kill(self, service, instance=0):
        """Ends one instance as a crash would."""
        self.processes[service, instance].kill()
        self.processes.pop((service, instance)).wait()

    def stop(self, service, instance=0):
        """Ends one instance as an administrator would; returns its exit status."""
        process = self.processes.pop((service, instance))
        process.send_signal(signal.SIGTERM)
        return process.wait(60)

    def close(self):
        failures = {}
        for service, instance in list(self.processes):
            status = self.stop(service, instance)
            if status != 0:
                failures[service, instance] = status
        for service, instance in failures:
            sys.stderr.write(self.read_log(service, instance)[-20000:])
        shutil.rmtree(self.dir, ignore_errors=True)
        if failures:
            raise RuntimeError(f"exit statuses: {failures}")

    def run_ctl(self, *arguments):
        """wildduckctl on this store. Returns its exit status and what it printed."""
        done = subprocess.run(
            [f"{self.build}/src/ctl/wildduckctl", "--config", self.config_path(0), *arguments],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120,
        )
        return done.returncode, done.stdout + done.stderr

    def check_store(self):
        """What is wrong with the store, a line a finding."""
        done = subprocess.run(
            [f"{self.build}/src/ctl/wildduckctl", "--config", self.config_path(0)]
            + ["store", "check"],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120,
        )
        lines = [line for line in done.stdout.splitlines() if line]
        if not lines or lines[0] != "No problems found." and not lines[0].startswith("USER "):
            raise RuntimeError(done.stdout + done.stderr)
        return lines[1:]

    def call(self, method, path, body=None):
        """One call of the HTTP API; returns its status and its JSON."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.ports['http']}{path}",
            None if body is None else json.dumps(body).encode(),
            {"Content-Type": "application/json"},
            method=method,
        )
        try:
            with urllib.request.urlopen(request) as reply:
                return reply.status, json.load(reply)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    def create_user(self, username="user@example.com", password="secretpass"):
        status, reply = self.call(
            "POST", "/user/create", {"username": username, "password": password}
        )
        if status != 200:
            raise RuntimeError(f"user not created: {status} {reply}")
        return reply["id"]
