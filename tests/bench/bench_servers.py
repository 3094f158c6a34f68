# SPDX-License-Identifier: EUPL-1.2
"""The mail servers that are measured: how each is started, and what its processes have used."""

import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

PASSWORD = "benchpass"
MIX_USERS = 20
BOX_USER = 100  # Has the mailboxes of the sizes that reading is measured on.
TICKS = os.sysconf("SC_CLK_TCK")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def children_of(pids):
    """All processes under these, themselves included."""
    parents = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat") as file:
                    parents[int(name)] = int(file.read().rsplit(")", 1)[1].split()[1])
            except OSError:
                pass
    found = set(pids)
    grown = True
    while grown:
        more = {pid for pid, parent in parents.items() if parent in found} - found
        found |= more
        grown = bool(more)
    return found


class Server:
    """A server under test: its addresses, and what its processes have used."""

    def __init__(self, name, title):
        self.name, self.title = name, title
        self.dir = tempfile.mkdtemp(prefix=f"bench-{name}-")
        os.chmod(self.dir, 0o755)
        self.imap_port, self.lmtp_port = free_port(), free_port()
        self.processes = []

    def wait_for(self, port):
        for _ in range(300):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                if any(process.poll() is not None for process in self.processes):
                    break
                time.sleep(0.05)
        sys.exit(f"{self.name} did not start; see {self.dir}")

    def tree(self):
        return children_of([process.pid for process in self.processes])

    def run_on(self, cpus):
        """Lets every thread there is run on these processors only; what it starts inherits that."""
        for pid in self.tree():
            try:
                threads = os.listdir(f"/proc/{pid}/task")
            except OSError:
                continue
            for thread in threads:
                try:
                    os.sched_setaffinity(int(thread), cpus)
                except OSError:
                    pass

    def cpu_seconds(self):
        total = 0
        for pid in self.tree():
            try:
                with open(f"/proc/{pid}/stat") as file:
                    fields = file.read().rsplit(")", 1)[1].split()
                total += sum(int(fields[i]) for i in (11, 12, 13, 14))
            except OSError:
                pass
        return total / TICKS

    def written_bytes(self):
        total = 0
        for pid in self.tree():
            try:
                with open(f"/proc/{pid}/io") as file:
                    total += sum(
                        int(line.split()[1]) for line in file if line.startswith("write_bytes")
                    )
            except OSError:
                pass
        return total

    def pss_kib(self):
        total = 0
        for pid in self.tree():
            try:
                with open(f"/proc/{pid}/smaps_rollup") as file:
                    total += sum(int(line.split()[1]) for line in file if line.startswith("Pss:"))
            except OSError:
                pass
        return total

    def stored_bytes(self):
        total = 0
        seen = set()
        for folder, _, names in os.walk(self.mail_dir):
            for name in names:
                status = os.lstat(os.path.join(folder, name))
                if status.st_ino not in seen:
                    seen.add(status.st_ino)
                    total += status.st_size
        return total

    def stop(self):
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
        # After a failure the logs are wanted.
        if sys.exc_info()[0] is None:
            shutil.rmtree(self.dir, ignore_errors=True)


def post_json(port, path, body):
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    urllib.request.urlopen(request).read()


class WildDuck(Server):
    """Over the embedded store, or over a cluster's databases."""

    def __init__(self, build, uri=None, redis=None):
        super().__init__("wildduck", "Wild Duck")
        self.mail_dir = f"{self.dir}/store"
        http_port = free_port()
        os.mkdir(self.mail_dir, 0o700)
        listeners = {"imap": self.imap_port, "lmtp": self.lmtp_port, "http": http_port}
        log = open(f"{self.dir}/log", "wb")
        for service, port in listeners.items():
            # In a cluster no two services are on one machine.
            run_dir = f"{self.dir}/run" if redis is None else f"{self.dir}/run-{service}"
            os.makedirs(run_dir, 0o700, exist_ok=True)
            config = f"{self.dir}/{service}.conf"
            with open(config, "w") as file:
                file.write(
                    f"[store]\nuri={uri or 'sqlite:' + self.mail_dir}\nruntime-dir={run_dir}\n"
                    + (f"redis={redis}\n" if redis else "")
                    + "[http]\nrequire-token=no\n"
                    "[imap]\nmax-connections=50000\nmax-connections-per-address=50000\n"
                )
            self.processes.append(
                subprocess.Popen(
                    [f"{build}/src/{service}/wildduck-{service}", "--config", config]
                    + ["--listen", f"{service}=127.0.0.1:{port}"],
                    stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                )
            )
        for port in listeners.values():
            self.wait_for(port)
        for i in [*range(MIX_USERS), BOX_USER]:
            account = {"username": f"bench{i}@bench.test", "password": PASSWORD}
            post_json(http_port, "/user/create", account)


class NodeWildDuck(Server):
    """The original, of the npm package in a folder."""

    def __init__(self, package, uri, redis):
        super().__init__("original", "WildDuck")
        self.mail_dir = f"{self.dir}/none"
        http_port = free_port()
        config = f"{self.dir}/wildduck.toml"
        with open(config, "w") as file:
            file.write(f"""
processes = 1
[dbs]
mongo = "{uri}"
redis = "{redis}"
sender = "sender"
[log]
level = "error"
[imap]
enabled = true
host = "127.0.0.1"
port = {self.imap_port}
secure = false
ignoreSTARTTLS = true
maxConnections = 50000
[lmtp]
enabled = true
host = "127.0.0.1"
port = {self.lmtp_port}
[pop3]
enabled = false
[api]
enabled = true
host = "127.0.0.1"
port = {http_port}
""")
        log = open(f"{self.dir}/log", "wb")
        self.processes.append(
            subprocess.Popen(
                ["node", "server.js", f"--config={config}"], cwd=package,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )
        )
        for port in (self.imap_port, self.lmtp_port, http_port):
            self.wait_for(port)
        for i in [*range(MIX_USERS), BOX_USER]:
            account = {
                "username": f"bench{i}", "address": f"bench{i}@bench.test", "password": PASSWORD
            }
            post_json(http_port, "/users", account)


class Dovecot(Server):
    def __init__(self):
        super().__init__("dovecot", "Dovecot")
        user = pwd.getpwnam("nobody")
        self.mail_dir = f"{self.dir}/mail"
        os.mkdir(self.mail_dir)
        os.chown(self.mail_dir, user.pw_uid, user.pw_gid)
        config = f"{self.dir}/dovecot.conf"
        with open(config, "w") as file:
            file.write(f"""
protocols = imap lmtp
listen = 127.0.0.1
base_dir = {self.dir}/run
state_dir = {self.dir}/state
log_path = {self.dir}/log
ssl = no
disable_plaintext_auth = no
auth_username_format = %n
first_valid_uid = 1
first_valid_gid = 1
mail_location = mdbox:{self.mail_dir}/%n
mail_uid = {user.pw_uid}
mail_gid = {user.pw_gid}
mail_max_userip_connections = 100000
default_process_limit = 6000
default_client_limit = 20000
default_vsz_limit = 0
passdb {{
  driver = static
  args = password={PASSWORD}
}}
userdb {{
  driver = static
  args = uid={user.pw_uid} gid={user.pw_gid} home={self.mail_dir}/%n
}}
namespace inbox {{
  inbox = yes
  separator = /
}}
service imap-login {{
  inet_listener imap {{
    port = {self.imap_port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    port = {self.lmtp_port}
  }}
}}
""")
        self.processes.append(
            subprocess.Popen(["dovecot", "-F", "-c", config], stdin=subprocess.DEVNULL)
        )
        for port in (self.imap_port, self.lmtp_port):
            self.wait_for(port)
