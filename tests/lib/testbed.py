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

LISTENERS = {
    "imap": ["imap"],
    "lmtp": ["lmtp", "smtp"],
    "http": ["http"],
}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Testbed:
    """All services of one build on one new store. Use it in a with statement."""

    def __init__(self, build, settings=(), services=("imap", "lmtp", "http")):
        self.build = build
        self.settings = settings
        self.dir = tempfile.mkdtemp(prefix="wildduck-test-")
        self.ports = {}
        self.processes = {}
        for folder in ("store", "run"):
            os.mkdir(f"{self.dir}/{folder}", 0o700)
        with open(f"{self.dir}/wildduck.conf", "w") as file:
            file.write(
                f"[store]\nuri=sqlite:{self.dir}/store\nruntime-dir={self.dir}/run\n"
                "[http]\nrequire-token=no\n"
            )
        try:
            for service in services:
                for listener in LISTENERS[service]:
                    self.ports[listener] = free_port()
                self.start(service)
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def log_path(self, service):
        return f"{self.dir}/{service}.log"

    def start(self, service):
        """Starts a service and waits until each of its sockets answers."""
        arguments = [f"{self.build}/src/{service}/wildduck-{service}"]
        arguments += ["--config", f"{self.dir}/wildduck.conf"]
        for setting in self.settings:
            arguments += ["--set", setting]
        for listener in LISTENERS[service]:
            arguments += ["--listen", f"{listener}=127.0.0.1:{self.ports[listener]}"]
        with open(self.log_path(service), "ab") as log:
            self.processes[service] = subprocess.Popen(
                arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        for listener in LISTENERS[service]:
            self.wait_for(service, self.ports[listener])

    def wait_for(self, service, port):
        # A connection refused is answered at once: a pause keeps the attempts few.
        for _ in range(600):
            if self.processes[service].poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", port), 5).close()
                return
            except OSError:
                time.sleep(0.02)
        with open(self.log_path(service)) as log:
            sys.stderr.write(log.read())
        raise RuntimeError(f"{service} did not start")

    def kill(self, service):
        """Ends it as a crash would."""
        self.processes[service].kill()
        self.processes.pop(service).wait()

    def stop(self, service):
        """Ends it as an administrator would; returns its exit status."""
        process = self.processes.pop(service)
        process.send_signal(signal.SIGTERM)
        return process.wait(60)

    def close(self):
        failures = {}
        for service in list(self.processes):
            status = self.stop(service)
            if status != 0:
                failures[service] = status
        if failures:
            for service in failures:
                with open(self.log_path(service)) as log:
                    sys.stderr.write(log.read()[-20000:])
        shutil.rmtree(self.dir, ignore_errors=True)
        if failures:
            raise RuntimeError(f"exit statuses: {failures}")

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
