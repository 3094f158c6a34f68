#!/usr/bin/python3
# SPDX-License-Identifier: EUPL-1.2
"""A disk that is full, fails, or takes less than it was given, and a process without descriptors.

usage: test-disk-faults.py BUILD_DIR

Under each fault every operation of the table is refused, or done, as the table of faults says; the
connection goes on, and when the fault ends, so does the refusing. In the end everything that was
acknowledged is there, whole and once, and nothing that was refused, also after a kill -9.
"""

import base64
import hashlib
import http.client
import imaplib
import json
import random
import smtplib
import socket
import sys

sys.path.insert(0, __file__.rsplit("/", 2)[0] + "/lib")
from testbed import Testbed  # noqa: E402

USER = "faults@example.com"
PASSWORD = "secretpass"
LARGE = 300_000


def make_message(key, size):
    """With `size` octets in an attachment, which is a large part, or without any."""
    rng = random.Random(key)
    head = f"Subject: fault\r\nX-Key: {key}\r\n"
    if size == 0:
        return (head + f"\r\n{rng.random()}\r\n").encode()
    part = base64.encodebytes(rng.randbytes(size)).decode().replace("\n", "\r\n")
    return (
        head
        + "MIME-Version: 1.0\r\nContent-Type: application/octet-stream\r\n"
        + f"Content-Transfer-Encoding: base64\r\n\r\n{part}"
    ).encode()


class Client:
    """One connection a protocol, which all faults find open. What it was promised is in `kept`."""

    def __init__(self, testbed):
        self.testbed = testbed
        self.n = 0
        self.kept = {}
        self.refused = set()
        self.users = set()
        self.refused_users = set()
        self.lmtp = smtplib.LMTP("127.0.0.1", testbed.ports["lmtp"])
        self.lmtp.ehlo()
        self.imap = imaplib.IMAP4("127.0.0.1", testbed.ports["imap"])
        self.imap.login(USER, PASSWORD)
        self.http = http.client.HTTPConnection("127.0.0.1", testbed.ports["http"], timeout=60)

    def note(self, is_done, key, message):
        if is_done:
            self.kept[key] = hashlib.sha256(message).hexdigest()
        else:
            self.refused.add(key)
        return is_done

    def next_key(self):
        self.n += 1
        return f"k{self.n}"

    def deliver(self, size):
        key = self.next_key()
        message = make_message(key, size)
        self.lmtp.mail("s@example.net")
        self.lmtp.rcpt(USER)
        code, text = self.lmtp.data(message)
        assert code == 250 or code // 10 in (45, 43), (code, text)
        return self.note(code == 250, key, message)

    def append(self, size):
        key = self.next_key()
        message = make_message(key, size)
        status, text = self.imap.append("INBOX", None, None, message)
        assert status in ("OK", "NO"), (status, text)
        return self.note(status == "OK", key, message)

    def deliver_small(self):
        return self.deliver(0)

    def deliver_large(self):
        return self.deliver(LARGE)

    def append_small(self):
        return self.append(0)

    def append_large(self):
        return self.append(LARGE)

    def answer(self, name, *arguments):
        status, text = self.imap._simple_command(name, *arguments)
        assert status in ("OK", "NO"), (status, text)
        return status == "OK"

    def select(self, mailbox):
        status, text = self.imap.select(mailbox)
        assert status == "OK", text
        return int(text[0])

    def store(self):
        """Flags in a mailbox of their own, which is checked right away."""
        self.n += 1
        self.select("Flags")
        _, before = self.imap.fetch("1", "(FLAGS)")
        is_done = self.answer("STORE", "1", "FLAGS.SILENT", f"(k{self.n})")
        # What memory has must not run ahead of what is stored.
        self.imap.unselect()
        self.select("Flags")
        _, after = self.imap.fetch("1", "(FLAGS)")
        if is_done:
            assert f"k{self.n}".encode() in after[0], after
        else:
            assert before == after, (before, after)
        return is_done

    def copy(self):
        self.select("Flags")
        count = self.select("Copies")
        self.select("Flags")
        is_done = self.answer("COPY", "1", "Copies")
        assert self.select("Copies") == count + is_done
        return is_done

    def expunge(self):
        """One of many that were marked while all was well."""
        count = self.select("Expunge")
        is_done = self.answer("UID", "EXPUNGE", str(count))
        assert self.select("Expunge") == count - is_done, (count, is_done)
        return is_done

    def create_user(self):
        self.n += 1
        name = f"user{self.n}@example.com"
        self.http.request(
            "POST",
            "/users",
            json.dumps({"username": name, "password": PASSWORD}),
            {"Content-Type": "application/json"},
        )
        reply = self.http.getresponse()
        body = json.loads(reply.read())
        assert reply.status == 200 or reply.status // 100 == 5, (reply.status, body)
        (self.users if reply.status == 200 else self.refused_users).add(name)
        return reply.status == 200


WRITES = ("deliver_small", "deliver_large", "append_small", "append_large", "copy", "create_user")
ALL = WRITES + ("store", "expunge")

# A fault, what it must stop, and what it must not. The rest may go either way.
FAULTS = (
    ("full disk", [("write", "ENOSPC", "/store/")], ALL, ()),
    ("failing disk", [("write", "EIO", "/store/")], ALL, ()),
    ("quota of the file system", [("write", "EDQUOT", "/store/")], ALL, ()),
    ("short writes", [("write", "SHORT", "/store/")], (), ALL),
    # Flags need no sync, but go nowhere behind one that failed.
    ("failing sync", [("sync", "EIO", "/store/")], WRITES + ("expunge",), ()),
    (
        "failing sync of large parts",
        [("sync", "EIO", "/parts")],
        ("deliver_large", "append_large"),
        ("deliver_small", "append_small", "copy", "store", "create_user"),
    ),
    (
        "no names for large parts",
        [("link", "ENOSPC", "/parts/")],
        ("deliver_large", "append_large"),
        ("deliver_small", "append_small", "store", "create_user"),
    ),
    ("no folders", [("link", "ENOSPC", "/users/")], ("create_user",), ("deliver_small", "store")),
    ("no descriptors for files", [("open", "EMFILE", "/store/")], ("create_user",), ()),
    ("writes that fail at times", [("write", "EIO", "/store/", 3)], (), ()),
    ("syncs that fail at times", [("sync", "EIO", "/store/", 30)], (), ()),
    (
        "a bad day",
        [
            ("write", "ENOSPC", "/store/", 2),
            ("write", "SHORT", "/store/", 30),
            ("sync", "EIO", "/store/", 15),
            ("open", "EMFILE", "/store/", 10),
            ("link", "EIO", "/store/", 10),
        ],
        (),
        (),
    ),
)


def prepare(client):
    for mailbox in ("Flags", "Copies", "Expunge"):
        client.imap.create(mailbox)
    client.imap.append("Flags", None, None, b"Subject: flags\r\n\r\n\r\n")
    for _ in range(200):
        client.imap.append("Expunge", r"(\Deleted)", None, b"Subject: expunge\r\n\r\n\r\n")


def run_fault(client, faults, rules, stops, passes, rounds):
    for _ in range(rounds):
        for name in ALL:
            faults.set(*rules)
            is_done = getattr(client, name)()
            faults.set()
            assert not (is_done and name in stops), f"{name} was acknowledged"
            assert is_done or name not in passes, f"{name} was refused"
    # It ends with the fault, on the connections that there are. Of a sync that failed the kernel
    # tells each open descriptor once, also afterwards.
    n_tries = 4 if any(rule[0] == "sync" for rule in rules) else 1
    for name in ALL:
        is_done = any(getattr(client, name)() for _ in range(n_tries))
        assert is_done, f"{name} is refused after the fault"


def run_accept(testbed):
    """New connections wait, those that are there go on, and no processor is burnt meanwhile."""
    client = Client(testbed)
    testbed.faults.set(("accept", "EMFILE", "*"))
    waiting = [
        socket.create_connection(("127.0.0.1", testbed.ports[name])) for name in ("imap", "lmtp")
    ]
    late_http = http.client.HTTPConnection("127.0.0.1", testbed.ports["http"], timeout=60)
    late_http.request("GET", "/health")
    before = [cpu_ticks(process.pid) for process in testbed.processes.values()]
    for name in ALL:
        # The HTTP client's own connection is there since its first request.
        if name != "create_user":
            assert getattr(client, name)(), name
    after = [cpu_ticks(process.pid) for process in testbed.processes.values()]
    assert max(b - a for a, b in zip(before, after)) < 200, (before, after)
    testbed.faults.set()
    for late in waiting:
        assert late.recv(100), "no greeting after the fault"
        late.close()
    assert late_http.getresponse().status == 200
    return client


def cpu_ticks(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def verify(testbed, client):
    imap = imaplib.IMAP4("127.0.0.1", testbed.ports["imap"])
    imap.login(USER, PASSWORD)
    _, (count,) = imap.select("INBOX")
    found = {}
    for seq in range(1, int(count) + 1):
        octets = imap.fetch(str(seq), "(BODY.PEEK[])")[1][0][1]
        message = octets[octets.index(b"Subject: fault") :]
        key = message.split(b"X-Key: ", 1)[1].split(b"\r\n", 1)[0].decode()
        assert key not in found, f"{key} is there twice"
        found[key] = hashlib.sha256(message).hexdigest()
    assert found == client.kept, sorted(set(found) ^ set(client.kept))
    imap.logout()
    for name in client.users:
        assert testbed.call("GET", f"/users/resolve/{name}")[0] == 200, name
    for name in client.refused_users:
        assert testbed.call("GET", f"/users/resolve/{name}")[0] == 404, name


def check_store(testbed):
    """Only what a refusal is allowed to leave: files that belong to nobody."""
    found = testbed.check_store()
    assert all("orphan" in line for line in found), found


def main():
    socket.setdefaulttimeout(60)
    n = 0
    with Testbed(sys.argv[1], faults="faults") as testbed:
        testbed.create_user(USER, PASSWORD)
        client = Client(testbed)
        prepare(client)
        for name, rules, stops, passes in FAULTS:
            rounds = 1 if stops or passes else 6
            run_fault(client, testbed.faults, rules, stops, passes, rounds)
            verify(testbed, client)
            n += 1
            print(f"ok {n} - {name}", flush=True)
        late = run_accept(testbed)
        late.kept.update(client.kept)
        n += 1
        print(f"ok {n} - no descriptors for connections", flush=True)
        for service in ("imap", "lmtp", "http"):
            testbed.kill(service)
            testbed.start(service)
        client.kept = late.kept
        verify(testbed, client)
        check_store(testbed)
        n += 1
        print(f"ok {n} - {len(client.kept)} kept, {len(client.refused)} refused, after a kill")
        print(f"1..{n}")


if __name__ == "__main__":
    main()
