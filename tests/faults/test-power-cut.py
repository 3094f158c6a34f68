#!/usr/bin/python3
# SPDX-License-Identifier: EUPL-1.2
"""What a cut of the power leaves: each message that was acknowledged before it, whole and once.

usage: test-power-cut.py BUILD_DIR [CUTS [SEED]]

All changes of the store's files are logged during a storm of deliveries, appends and expunges. Then
the state that a disk may be in is made for a number of moments of that log: what was synced is
there; of all else each piece is there, or not, or only some sectors of it. After a sync that failed
its pieces may be lost for good, which a later sync does not tell. Names of files and folders are
there for certain only when their folder was synced.
"""

import base64
import hashlib
import imaplib
import os
import random
import shutil
import smtplib
import socket
import struct
import sys
import tempfile
import threading
import time

sys.path.insert(0, __file__.rsplit("/", 2)[0] + "/lib")
from testbed import Testbed  # noqa: E402

USERS = [f"cut{i}@example.com" for i in range(3)]
PASSWORD = "secretpass"
RECORD = struct.Struct("<QQIIiHHc7x")
SECTOR_BYTES = 512


def make_message(key):
    """A message that its key alone decides."""
    rng = random.Random(key)
    head = f"Subject: cut\r\nX-Key: {key}\r\n"
    kind = rng.random()
    if kind < 0.1:
        part = base64.encodebytes(rng.randbytes(90_000)).decode().replace("\n", "\r\n")
        head += "MIME-Version: 1.0\r\nContent-Type: application/octet-stream\r\n"
        return f"{head}Content-Transfer-Encoding: base64\r\n\r\n{part}".encode()
    n_lines = 2 if kind < 0.5 else 500
    body = "\r\n".join("".join(rng.choices("abcdefghij ", k=70)) for _ in range(n_lines))
    return f"{head}\r\n{body}\r\n".encode()


class Storm:
    def __init__(self, testbed):
        self.testbed = testbed
        self.lock = threading.Lock()
        self.kept = {}  # Key: user, digest, where the log was when it was acknowledged.
        self.removed = {}  # Key: where the log was before and after it was expunged.
        self.over = threading.Event()
        self.failures = []
        self.ids = {}

    def position(self):
        return self.testbed.faults.log_position()

    def keep(self, user, key, message):
        with self.lock:
            self.kept[key] = (user, hashlib.sha256(message).hexdigest(), self.position())

    def deliver(self, worker):
        user = USERS[worker % len(USERS)]
        with smtplib.LMTP("127.0.0.1", self.testbed.ports["lmtp"]) as client:
            client.ehlo()
            for i in range(10**6):
                if self.over.is_set():
                    return
                key = f"l{worker}.{time.monotonic_ns()}"
                message = make_message(key)
                client.mail("s@example.net")
                client.rcpt(user)
                if client.data(message)[0] == 250:
                    self.keep(user, key, message)

    def append(self, worker):
        """Appends, and takes every third away again."""
        user = USERS[worker % len(USERS)]
        client = imaplib.IMAP4("127.0.0.1", self.testbed.ports["imap"])
        client.login(user, PASSWORD)
        client.select("INBOX")
        for i in range(10**6):
            if self.over.is_set():
                client.logout()
                return
            key = f"a{worker}.{time.monotonic_ns()}"
            message = make_message(key)
            status, text = client.append("INBOX", None, None, message)
            if status != "OK":
                continue
            self.keep(user, key, message)
            if i % 3 == 0:
                uid = text[0].split(b"]")[0].split()[-1].decode()
                before = self.position()
                with self.lock:
                    self.removed[key] = (before, None)
                if client.uid("STORE", uid, "+FLAGS.SILENT", r"(\Deleted)")[0] != "OK":
                    continue
                if client._simple_command("UID", "EXPUNGE", uid)[0] == "OK":
                    with self.lock:
                        self.removed[key] = (before, self.position())

    def make_hole(self, i):
        """Commits without a sync, lets a sync fail, and has a message acknowledged behind it."""
        client = imaplib.IMAP4("127.0.0.1", self.testbed.ports["imap"])
        client.login(USERS[0], PASSWORD)
        client.select("INBOX")
        client.store("1:*", "+FLAGS.SILENT", f"(hole{i})")
        self.testbed.faults.set(("sync", "EIO", "/users/"))
        assert client.append("INBOX", None, None, make_message(f"f{i}"))[0] == "NO"
        self.testbed.faults.set()
        # The kernel tells each open descriptor of the failure, also now.
        for n in range(5):
            key = f"h{i}.{n}"
            if client.append("INBOX", None, None, make_message(key))[0] == "OK":
                break
        else:
            raise AssertionError("refused after the fault")
        self.keep(USERS[0], key, make_message(key))
        client.logout()
        return self.kept[key][2]

    def guard(self, function, worker):
        try:
            function(worker)
        except BaseException as error:  # Told in the main thread.
            self.failures.append(error)

    def blow(self, n_acks):
        """Until so many messages more are acknowledged."""
        self.over.clear()
        goal = len(self.kept) + n_acks
        threads = [
            threading.Thread(target=self.guard, args=(function, worker))
            for worker, function in enumerate((self.deliver,) * 4 + (self.append,) * 2)
        ]
        for thread in threads:
            thread.start()
        end = time.monotonic() + 120
        while len(self.kept) < goal and not self.failures and time.monotonic() < end:
            self.over.wait(0.02)
        self.over.set()
        for thread in threads:
            thread.join()
        if self.failures:
            raise self.failures[0]
        assert len(self.kept) >= goal, "the storm does not move"


class File:
    def __init__(self):
        self.octets = bytearray()  # On stable storage.
        self.pending = []  # (number, offset, data), or (number, length, None) of a truncation.


def change(octets, offset, data):
    if data is None:
        del octets[offset:]
        octets.extend(bytes(offset - len(octets)))
    else:
        octets.extend(bytes(max(0, offset + len(data) - len(octets))))
        octets[offset : offset + len(data)] = data


class Disk:
    """The log, read up to some moment."""

    def __init__(self, root, rng):
        self.root = root
        self.rng = rng
        self.files = {}  # By a number of our own: inodes are used again.
        self.by_inode = {}
        self.names = {}  # On stable storage: path to number of file, or None for a folder.
        self.pending_names = {}  # Folder to a list of (number, path, file, or "" for none).
        self.folders = {root}
        self.begun = {}
        self.n = 0

    def file(self, inode):
        if inode not in self.by_inode:
            self.by_inode[inode] = len(self.files)
            self.files[len(self.files)] = File()
        return self.by_inode[inode]

    def name(self, path, file):
        folder = path.rsplit("/", 1)[0]
        self.pending_names.setdefault(folder, []).append((self.n, path, file))

    def end_sync(self, path, inode, begun, result):
        if path in self.folders:
            names = self.pending_names.get(path, [])
            for row in [row for row in names if row[0] <= begun]:
                names.remove(row)
                if result == 0 or self.rng.random() < 0.5:
                    apply_name(self.names, row)
            return
        file = self.files[self.file(inode)]
        for row in [row for row in file.pending if row[0] <= begun]:
            file.pending.remove(row)
            if result == 0 or self.rng.random() < 0.5:
                change(file.octets, row[1], row[2])

    def take(self, what, inode, offset, thread, result, path, target, data):
        self.n += 1
        if what == "w":
            self.files[self.file(inode)].pending.append((self.n, offset, data))
        elif what == "t":
            self.files[self.file(inode)].pending.append((self.n, offset, None))
        elif what == "b":
            self.begun[thread] = self.n
        elif what == "s":
            self.end_sync(path, inode, self.begun.pop(thread), result)
        elif what == "c":
            self.by_inode.pop(inode, None)
            self.name(path, self.file(inode))
        elif what == "m":
            self.folders.add(path)
            self.name(path, None)
        elif what == "l":
            self.name(target, self.file(inode))
        elif what == "r":
            self.name(path, "")
            self.name(target, self.file(inode))
        elif what == "u":
            self.name(path, "")

    def tear(self, data):
        """The sectors of a write that made it: (offset in it, octets)."""
        for start in range(0, len(data), SECTOR_BYTES):
            if self.rng.random() < 0.5:
                yield start, data[start : start + SECTOR_BYTES]

    def write_out(self, target, luck):
        """Makes what the disk may hold now. `luck`: how much of what was not synced is there."""
        names = dict(self.names)
        for rows in self.pending_names.values():
            for row in rows:
                if self.rng.random() < luck:
                    apply_name(names, row)
        made = {}
        for path in sorted(names):
            to = target + path[len(self.root) :]
            if names[path] is None:
                if os.path.isdir(os.path.dirname(to)):
                    os.mkdir(to, 0o700)
            elif os.path.isdir(os.path.dirname(to)):
                if names[path] in made:
                    os.link(made[names[path]], to)
                else:
                    self.write_file(self.files[names[path]], to, luck)
                    made[names[path]] = to

    def write_file(self, file, to, luck):
        octets = bytearray(file.octets)
        for _, offset, data in file.pending:
            chance = self.rng.random()
            if chance < luck:
                change(octets, offset, data)
            elif chance < luck + 0.3 and data is not None:
                for start, piece in self.tear(data):
                    change(octets, offset + start, piece)
        with open(to, "wb") as out:
            out.write(octets)
        os.chmod(to, 0o600)


def apply_name(names, row):
    if row[2] == "":
        names.pop(row[1], None)
    else:
        names[row[1]] = row[2]


def read_log(path):
    """Yields the position behind each record, and the record."""
    with open(path, "rb") as log:
        position = 0
        while head := log.read(RECORD.size):
            inode, offset, data_len, thread, result, path_len, target_len, what = RECORD.unpack(
                head
            )
            path = log.read(path_len).decode()
            target = log.read(target_len).decode()
            data = log.read(data_len)
            position += RECORD.size + path_len + target_len + data_len
            yield position, (what.decode(), inode, offset, thread, result, path, target, data)


def read_mail(testbed, user):
    client = imaplib.IMAP4("127.0.0.1", testbed.ports["imap"])
    status, text = client.login(user, PASSWORD)
    status, (count,) = client.select("INBOX")
    assert status == "OK", f"{user}: {count}"
    found = {}
    if int(count) > 0:
        for row in client.fetch("1:*", "(BODY.PEEK[])")[1]:
            if isinstance(row, tuple):
                message = row[1][row[1].index(b"Subject: cut") :]
                key = message.split(b"X-Key: ", 1)[1].split(b"\r\n", 1)[0].decode()
                found.setdefault(key, []).append(message)
    client.logout()
    return found


def check_user(testbed, storm, user, cut):
    found = read_mail(testbed, user)
    for key, messages in found.items():
        assert messages == [make_message(key)], f"{key} is damaged, or there {len(messages)} times"
        removed = storm.removed.get(key, (None, None))[1]
        assert removed is None or removed > cut, f"{key} was expunged, and is there"
    must = 0
    for key, (owner, _, position) in storm.kept.items():
        removing = storm.removed.get(key, (cut + 1,))[0]
        if owner == user and position <= cut and removing > cut:
            must += 1
            assert key in found, f"{key} was acknowledged, and is lost"
    return must


def check_state(build, storm, store, cut):
    """Opens what is left, as the next start of the machine would."""
    n = 0
    with Testbed(build, store=store, services=("imap",)) as testbed:
        for user in USERS:
            if storm.created[user] <= cut:
                n += check_user(testbed, storm, user, cut)
        # A cut leaves files and folders of nobody.
        found = testbed.check_store()
        assert all("orphan" in line for line in found), found
    return n


def check_cuts(build, storm, log_path, root, cuts, rng):
    disk = Disk(root, rng)
    cuts = sorted(cuts)
    n = 0
    for position, record in read_log(log_path):
        disk.take(*record)
        while cuts and position >= cuts[0]:
            cuts.pop(0)
            luck = rng.choice((0, 0, 0.3, 0.7, 1))
            scratch = tempfile.mkdtemp(prefix="wildduck-cut-")
            try:
                disk.write_out(scratch, luck)
                found = check_state(build, storm, scratch, position)
            except BaseException:
                print(f"# the state is in {scratch}: cut at {position}, luck {luck}")
                raise
            shutil.rmtree(scratch)
            n += found
    return n


def make_storm(testbed):
    storm = Storm(testbed)
    storm.created = {}
    for user in USERS:
        testbed.create_user(user, PASSWORD)
        storm.created[user] = storm.position()
    storm.blow(100)
    # Those that close a file last move its log into it.
    for service in ("lmtp", "imap"):
        testbed.stop(service)
        testbed.start(service)
    storm.blow(80)
    storm.failing = [storm.position()]
    for _ in range(2):
        testbed.faults.set(("sync", "EIO", "/users/", 25))
        storm.blow(40)
        testbed.faults.set()
        storm.blow(20)
    storm.failing.append(storm.position())
    storm.holes = [storm.make_hole(i) for i in range(4)]
    return storm


def main():
    build = sys.argv[1]
    n_cuts = int(sys.argv[2]) if len(sys.argv) > 2 else 36
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    rng = random.Random(seed)
    socket.setdefaulttimeout(60)
    with Testbed(build, faults="log") as testbed:
        storm = make_storm(testbed)
        end = storm.position()
        # Half of them while syncs fail.
        cuts = [rng.randrange(storm.created[USERS[0]], end) for _ in range(n_cuts // 2)]
        cuts += [rng.randrange(*storm.failing) for _ in range(n_cuts - len(cuts) - 1)] + [end]
        cuts += storm.holes
        n = check_cuts(build, storm, testbed.faults.log_path, testbed.store, cuts, rng)
        print(
            f"ok 1 - {n_cuts + 4} cuts in {end} octets of changes, seed {seed}: of"
            f" {len(storm.kept)} messages {n} were due, and there"
        )
        print("1..1")


if __name__ == "__main__":
    main()
