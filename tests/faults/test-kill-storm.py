#!/usr/bin/python3
# SPDX-License-Identifier: EUPL-1.2
"""kill -9 of each service in the middle of a storm: what was acknowledged is there, whole, once.

usage: test-kill-storm.py BUILD_DIR [ROUNDS]

In each round clients deliver over LMTP, append over IMAP and make mailboxes over HTTP, all at once,
and one service is killed after a number of acknowledgements that differs from round to round.
"""

import hashlib
import imaplib
import os
import random
import smtplib
import socket
import sys
import threading
import time
import urllib.error

sys.path.insert(0, __file__.rsplit("/", 2)[0] + "/lib")
from testbed import Testbed  # noqa: E402

USERS = [f"storm{i}@example.com" for i in range(3)]
PASSWORD = "secretpass"
BROKEN = (OSError, smtplib.SMTPException, imaplib.IMAP4.error, urllib.error.URLError, EOFError)


def make_message(key):
    """A message that its key alone decides, so that what is read back can be checked."""
    rng = random.Random(key)
    body = "\r\n".join(
        "".join(rng.choices("abcdefghij ", k=70)) for _ in range(rng.choice((3, 30, 300, 1500)))
    )
    return f"Subject: storm\r\nX-Key: {key}\r\n\r\n{body}\r\n".encode()


class Storm:
    def __init__(self, testbed):
        self.testbed = testbed
        self.acknowledged = {user: {} for user in USERS}
        self.mailboxes = {user: set() for user in USERS}
        self.lock = threading.Lock()
        self.round_acks = 0
        self.enough = threading.Event()
        self.over = threading.Event()
        self.kill_after = 0

    def acknowledge(self, user, key, digest):
        with self.lock:
            self.acknowledged[user][key] = digest
            self.round_acks += 1
            if self.round_acks >= self.kill_after:
                self.enough.set()

    def deliver(self, worker, number):
        user = USERS[worker % len(USERS)]
        try:
            with smtplib.LMTP("127.0.0.1", self.testbed.ports["lmtp"]) as client:
                for i in range(10**6):
                    if self.over.is_set():
                        return
                    key = f"l{number}.{worker}.{i}"
                    message = make_message(key)
                    client.sendmail("s@example.net", [user], message)
                    self.acknowledge(user, key, hashlib.sha256(message).hexdigest())
        except BROKEN:
            pass

    def append(self, worker, number):
        user = USERS[worker % len(USERS)]
        try:
            client = imaplib.IMAP4("127.0.0.1", self.testbed.ports["imap"])
            client.login(user, PASSWORD)
            for i in range(10**6):
                if self.over.is_set():
                    client.logout()
                    return
                key = f"a{number}.{worker}.{i}"
                message = make_message(key)
                if client.append("INBOX", None, None, message)[0] != "OK":
                    return
                self.acknowledge(user, key, hashlib.sha256(message).hexdigest())
        except BROKEN:
            pass

    def create(self, worker, number):
        user = USERS[worker % len(USERS)]
        try:
            for i in range(100):
                if self.over.is_set():
                    return
                path = f"box{number}.{worker}.{i}"
                status, _ = self.testbed.call(
                    "POST", f"/users/{self.ids[user]}/mailboxes", {"path": path}
                )
                if status == 200:
                    with self.lock:
                        self.mailboxes[user].add(path)
        except BROKEN + (ValueError,):
            pass

    def round(self, number, service):
        self.round_acks = 0
        self.kill_after = 5 + number * 7 % 40
        self.enough.clear()
        self.over.clear()
        threads = [threading.Thread(target=self.deliver, args=(i, number)) for i in range(4)]
        threads += [threading.Thread(target=self.append, args=(i, number)) for i in range(3)]
        # 1,500 mailboxes a user are the limit: only some rounds make any.
        if service == "http":
            threads.append(threading.Thread(target=self.create, args=(number, number)))
        for thread in threads:
            thread.start()
        if not self.enough.wait(120):
            raise RuntimeError("the storm does not move")
        instance = number // 3 % len(self.testbed.instances)
        self.testbed.kill(service, instance)
        self.over.set()
        for thread in threads:
            thread.join(120)
        self.testbed.start(service, instance)

    def settle(self):
        """In a cluster, others end what a killed instance has begun, after five seconds."""
        for user in USERS if self.testbed.is_cluster else ():
            with imaplib.IMAP4("127.0.0.1", self.testbed.ports["imap"]) as client:
                client.login(user, PASSWORD)
                client.select("INBOX")
                until = time.monotonic() + 6
                while time.monotonic() < until:
                    client.noop()
                    time.sleep(0.5)

    def verify(self):
        found_messages = 0
        self.settle()
        for user in USERS:
            client = imaplib.IMAP4("127.0.0.1", self.testbed.ports["imap"])
            client.login(user, PASSWORD)
            _, (count,) = client.select("INBOX")
            found = {}
            for seq in range(1, int(count) + 1):
                _, parts = client.fetch(str(seq), "(BODY.PEEK[])")
                octets = parts[0][1]
                # What delivery put before the message is not the sender's.
                message = octets[octets.index(b"Subject: storm") :]
                key = message.split(b"X-Key: ", 1)[1].split(b"\r\n", 1)[0].decode()
                found.setdefault(key, []).append(hashlib.sha256(message).hexdigest())
            for key, digest in self.acknowledged[user].items():
                assert found.get(key) == [digest], f"{user} {key}: {found.get(key)}"
            for key, digests in found.items():
                whole = hashlib.sha256(make_message(key)).hexdigest()
                assert digests == [whole], f"{user} {key} was not acknowledged, and is damaged"
            paths = {
                row["path"]
                for row in self.testbed.call("GET", f"/users/{self.ids[user]}/mailboxes")[1][
                    "results"
                ]
            }
            assert self.mailboxes[user] <= paths, self.mailboxes[user] - paths
            found_messages += len(found)
            client.logout()
        return found_messages


def check_store(testbed):
    """What the crashes have left is mended on the store in use; then there is nothing to find."""
    status, output = testbed.run_ctl("store", "check", "--repair")
    print("\n".join(f"# {line}" for line in output.splitlines()))
    assert status == 0, output
    status, output = testbed.run_ctl("store", "check")
    assert status == 0, output


def main():
    build = sys.argv[1]
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 50
    if os.environ.get("WD_TEST_BACKEND") == "mongodb:" and "WD_TEST_MONGODB_URI" not in os.environ:
        print("1..0 # SKIP WD_TEST_MONGODB_URI is not set")
        return
    socket.setdefaulttimeout(60)
    with Testbed(build) as testbed:
        storm = Storm(testbed)
        storm.ids = {user: testbed.create_user(user, PASSWORD) for user in USERS}
        for number in range(rounds):
            storm.round(number, ("lmtp", "imap", "http")[number % 3])
        found = storm.verify()
        check_store(testbed)
        acknowledged = sum(len(keys) for keys in storm.acknowledged.values())
        print(f"ok 1 - {rounds} rounds, {acknowledged} acknowledged, {found} found, each once")
        print("1..1")


if __name__ == "__main__":
    main()
