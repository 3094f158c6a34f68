#!/usr/bin/python3
# SPDX-License-Identifier: EUPL-1.2
"""Bad days of a cluster: its servers are killed and started again, the network stalls, two
instances deliver into one mailbox at once, a message is larger than a document may be, a clock
jumps.

usage: test-cluster-days.py BUILD_DIR [CASE…]
"""

import imaplib
import os
import random
import re
import smtplib
import socket
import subprocess
import sys
import threading
import time
import traceback

sys.path.insert(0, __file__.rsplit("/", 2)[0] + "/lib")
sys.path.insert(0, __file__.rsplit("/", 1)[0])
from proxy import Proxy  # noqa: E402
from testbed import Status, Testbed  # noqa: E402

USER, PASSWORD = "user@example.com", "secretpass"
BED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bed")
# What a client waits for NO or 451, and a little for a machine that is busy with other things.
PATIENCE_SECS = 10 + 2
RECOVERY_SECS = 30
AWAY = " The notifier is away: changes made elsewhere show seconds late."


def bed(verb, server):
    subprocess.run([BED, verb, os.environ["WD_TEST_BED"], server], check=True, timeout=120)


def make_message(key):
    return f"Subject: {key}\r\nX-Key: {key}\r\n\r\nbody of {key}\r\n".encode()


class Session:
    """An IMAP session of one instance, read line by line."""

    def __init__(self, testbed, instance):
        port = testbed.ports.all("imap")[instance]
        self.sock = socket.create_connection(("127.0.0.1", port), 60)
        self.file = self.sock.makefile("rb")
        self.number = 0
        self.exists = 0
        self.read_line()
        assert self.run(f"LOGIN {USER} {PASSWORD}")[-1].split()[1] == b"OK"

    def close(self):
        self.sock.close()

    def read_line(self, timeout=60):
        self.sock.settimeout(timeout)
        line = self.file.readline()
        if not line:
            raise OSError("closed")
        words = line.split()
        if words[0] == b"*" and words[-1] == b"EXISTS":
            self.exists = int(words[1])
        return line

    def run(self, command):
        self.number += 1
        tag = b"t%d" % self.number
        self.sock.sendall(tag + b" " + command.encode() + b"\r\n")
        lines = [self.read_line()]
        while lines[-1].split()[0] != tag:
            lines.append(self.read_line())
        return lines

    def idle(self):
        self.sock.sendall(b"i IDLE\r\n")
        assert self.read_line().startswith(b"+")

    def wait_for(self, count, timeout):
        """In IDLE, until there are so many messages. Returns how long it took."""
        start = time.monotonic()
        while self.exists < count:
            self.read_line(max(timeout - (time.monotonic() - start), 0.1))
        return time.monotonic() - start


def deliver(testbed, key, instance=1, timeout=60):
    port = testbed.ports.all("lmtp")[instance]
    with smtplib.LMTP("127.0.0.1", port, timeout=timeout) as client:
        client.sendmail("sender@example.net", [USER], make_message(key))


def count_log(testbed, text):
    return testbed.read_log("imap", 0).count(text)


def wait_until(condition, timeout):
    until = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < until, "it does not come"
        time.sleep(0.05)


def check_redis(testbed):
    """Mail flows without it, sessions look by themselves, nothing is missed, systemd is told."""
    status = Status(testbed.dir)
    testbed.kill("imap", 0)
    testbed.start("imap", 0, environment=status.environment())
    session = Session(testbed, 0)
    session.run("SELECT INBOX")
    session.idle()
    deliver(testbed, "before")
    print(f"# told after {session.wait_for(1, 5) * 1000:.0f} ms")
    bed("end", "redis")
    try:
        wait_until(lambda: count_log(testbed, "the notifier is away") == 1, 10)
        status.wait_for(lambda text: text.endswith(AWAY), 10)
        for number in range(3):
            deliver(testbed, f"away{number}")
        print(f"# told after {session.wait_for(4, 10) * 1000:.0f} ms without Redis")
        time.sleep(3)
        deliver(testbed, "last")
    finally:
        bed("again", "redis")
    session.wait_for(5, 10)
    wait_until(lambda: count_log(testbed, "the notifier is back") == 1, 10)
    text = status.wait_for(lambda text: AWAY not in text, 10)
    assert re.fullmatch(r"Serving \d+ connections\.", text), text
    deliver(testbed, "after")
    took = session.wait_for(6, 10)
    print(f"# told after {took * 1000:.0f} ms with Redis back")
    assert took < 1.5, "no beacon came"
    assert count_log(testbed, "the notifier is away") == 1
    session.close()


class Load:
    """Deliveries and appends, one after the other, on both instances, through all that happens."""

    def __init__(self, testbed):
        self.testbed = testbed
        self.acknowledged = []
        self.slowest = 0
        self.refused = 0
        self.is_over = False
        self.lock = threading.Lock()
        self.threads = [
            threading.Thread(target=self.run, args=(kind, number))
            for kind in (self.deliver, self.append)
            for number in range(4)
        ]
        for thread in self.threads:
            thread.start()

    def deliver(self, key, instance):
        deliver(self.testbed, key, instance)

    def append(self, key, instance):
        port = self.testbed.ports.all("imap")[instance]
        with imaplib.IMAP4("127.0.0.1", port, timeout=60) as client:
            client.login(USER, PASSWORD)
            if client.append("INBOX", None, None, make_message(key))[0] != "OK":
                raise imaplib.IMAP4.error("refused")

    def run(self, kind, number):
        for i in range(10**6):
            if self.is_over:
                return
            key = f"{kind.__name__}{number}.{i}"
            start = time.monotonic()
            try:
                kind(key, number % 2)
                is_ok = True
            except smtplib.SMTPResponseException as error:
                assert 400 <= error.smtp_code < 500, error
                is_ok = False
            except (smtplib.SMTPException, imaplib.IMAP4.error):
                is_ok = False
            with self.lock:
                self.slowest = max(self.slowest, time.monotonic() - start)
                self.refused += not is_ok
                if is_ok:
                    self.acknowledged.append(key)
            if not is_ok:
                time.sleep(0.1)

    def wait_for_more(self, count, timeout):
        goal = len(self.acknowledged) + count
        wait_until(lambda: len(self.acknowledged) >= goal, timeout)

    def end(self):
        self.is_over = True
        for thread in self.threads:
            thread.join(120)
            assert not thread.is_alive(), "a client hangs"


def verify(testbed, acknowledged):
    """All that was acknowledged is there, once, for a session of each instance."""
    time.sleep(6)
    for instance in testbed.instances:
        client = imaplib.IMAP4("127.0.0.1", testbed.ports.all("imap")[instance], timeout=60)
        client.login(USER, PASSWORD)
        for _ in range(2):
            client.select("INBOX")
            client.noop()
        _, parts = client.fetch("1:*", "(BODY.PEEK[HEADER.FIELDS (X-KEY)])")
        found = [part[1].split()[1].decode() for part in parts if isinstance(part, tuple)]
        assert len(found) == len(set(found)), "a message is there twice"
        missing = set(acknowledged) - set(found)
        assert not missing, f"missing: {sorted(missing)[:5]}"
        client.logout()
    testbed.run_ctl("store", "check", "--repair")
    status, output = testbed.run_ctl("store", "check")
    assert status == 0, output


def go_through(testbed, end, again):
    load = Load(testbed)
    try:
        load.wait_for_more(20, 60)
        end()
        refused = load.refused
        wait_until(lambda: load.refused >= refused + 8, 60)
        again()
        load.wait_for_more(40, RECOVERY_SECS)
    finally:
        again()
        load.end()
    print(f"# {len(load.acknowledged)} acknowledged, {load.refused} refused,"
          f" the slowest answer after {load.slowest:.1f} s")
    assert load.slowest < PATIENCE_SECS, "a client waited for too long"
    verify(testbed, load.acknowledged)


def check_database(testbed, server):
    state = {"is_away": False}

    def end():
        bed("end", server)
        state["is_away"] = True

    def again():
        if state["is_away"]:
            bed("again", server)
        state["is_away"] = False

    go_through(testbed, end, again)


def check_ferretdb(testbed):
    check_database(testbed, "ferretdb")


def check_postgres(testbed):
    check_database(testbed, "postgres")


def check_stall(testbed):
    """The network passes nothing any more, and closes nothing."""
    go_through(testbed, testbed.proxy.stall, testbed.proxy.go_on)


N_EACH = 2000


def check_two(testbed):
    """Two instances deliver 2,000 messages each into one mailbox, with sessions on both."""
    total = 2 * N_EACH
    failures = []

    def follow(instance):
        try:
            session = Session(testbed, instance)
            session.run("SELECT INBOX")
            last = known = 0
            until = time.monotonic() + 400
            while known < total:
                assert time.monotonic() < until, f"{known} of {total}"
                session.run("NOOP")
                if session.exists == known:
                    time.sleep(0.02)
                    continue
                lines = session.run(f"FETCH {known + 1}:{session.exists} (UID)")
                rows = [line for line in lines if line[:1] == b"*" and b"FETCH" in line]
                uids = [int(row.split()[4].rstrip(b")")) for row in rows]
                # In order, and without a gap: nothing was expunged.
                assert uids == list(range(last + 1, last + 1 + len(uids))), uids
                known, last = known + len(uids), uids[-1]
            session.close()
        except Exception as error:
            failures.append(error)

    def send(worker):
        try:
            port = testbed.ports.all("lmtp")[worker % 2]
            with smtplib.LMTP("127.0.0.1", port, timeout=60) as client:
                for i in range(N_EACH // 2):
                    client.sendmail("s@example.net", [USER], make_message(f"{worker}.{i}"))
        except Exception as error:
            failures.append(error)

    start = time.monotonic()
    threads = [threading.Thread(target=follow, args=(instance,)) for instance in (0, 1)]
    threads += [threading.Thread(target=send, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(500)
    print(f"# {total} in {time.monotonic() - start:.0f} s")
    assert not failures, failures


def large_messages():
    filler = "\r\n".join("x" * 900 for _ in range(20000))
    yield "text of 18 MB", f"Subject: text\r\n\r\n{filler}\r\n"
    folded = "\r\n ".join("x" * 900 for _ in range(20000))
    yield "header of 18 MB", f"Subject: header\r\nX-Long: {folded}\r\n\r\nbody\r\n"
    fields = "".join(f"X-Field-{i}: {'y' * 150}\r\n" for i in range(110000))
    yield "110,000 header fields", f"Subject: fields\r\n{fields}\r\nbody\r\n"
    parts = "".join(
        f"--b\r\nContent-Type: text/plain; name=\"{'n' * 200}{i}\"\r\n\r\n{i}\r\n"
        for i in range(20000)
    )
    yield "20,000 parts", (
        "Subject: parts\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
        f"{parts}--b--\r\n"
    )
    noise = random.Random(1)
    lines = "\r\n".join("".join(noise.choices("abcdefghijklmnopqrstuvwxyz0123456789ABCDEF", k=900))
                        for _ in range(20000))
    yield "18 MB that do not compress", f"Subject: noise\r\n\r\n{lines}\r\n"


def check_large(testbed):
    """What is larger than a document comes back octet for octet, or is refused at once."""
    expected = []
    for name, message in large_messages():
        with smtplib.LMTP("127.0.0.1", testbed.ports.all("lmtp")[0], timeout=120) as client:
            start = time.monotonic()
            try:
                client.sendmail("s@example.net", [USER], message.encode())
                print(f"# {name}: taken in {time.monotonic() - start:.1f} s")
                expected.append((name, message.encode()))
            except smtplib.SMTPResponseException as error:
                print(f"# {name}: {error.smtp_code} {error.smtp_error.decode()}")
                assert 500 <= error.smtp_code < 600, f"{name}: it would be tried for ever"
            except smtplib.SMTPRecipientsRefused as error:
                code = list(error.recipients.values())[0][0]
                print(f"# {name}: {error.recipients}")
                assert 500 <= code < 600, f"{name}: it would be tried for ever"
    client = imaplib.IMAP4("127.0.0.1", testbed.ports.all("imap")[1], timeout=120)
    client.login(USER, PASSWORD)
    _, (count,) = client.select("INBOX")
    assert int(count) == len(expected), f"{count} of {len(expected)}"
    for number, (name, message) in enumerate(expected, 1):
        _, parts = client.fetch(str(number), "(BODY.PEEK[])")
        assert parts[0][1].endswith(message), f"{name} came back as something else"
        assert client.fetch(str(number), "(ENVELOPE BODYSTRUCTURE)")[0] == "OK"
    assert any(name.startswith("text") for name, _ in expected)
    client.logout()


DAY_SECS = 86400


def check_clock(testbed):
    """The clock of one instance jumps a year ahead and back, between deliveries to both."""
    path = f"{testbed.dir}/clock"

    def set_clock(offset_secs):
        # Of one length and in one write, for it is read at any time.
        with open(path, "r+" if os.path.exists(path) else "w") as file:
            file.write(f"{offset_secs:<20}")

    set_clock(0)
    environment = {
        "LD_PRELOAD": f"{testbed.build}/tests/cluster/libclock-shim.so",
        "WD_TEST_CLOCK": path,
        "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0",
    }
    for service in ("imap", "lmtp"):
        assert testbed.stop(service, 0) == 0
        testbed.start(service, 0, environment=environment)
    sessions = [Session(testbed, instance) for instance in (0, 1)]
    for session in sessions:
        session.run("SELECT INBOX")
    count = 0
    for offset_secs in (0, 400 * DAY_SECS, -400 * DAY_SECS, 3600, 0):
        set_clock(offset_secs)
        for instance in (0, 1, 0):
            deliver(testbed, f"clock{count}", instance)
            count += 1
        # A flag and an expunge on the one, which the other is told of.
        sessions[0].run("NOOP")
        assert sessions[0].run(f"STORE {count} +FLAGS (\\Flagged)")[-1].split()[1] == b"OK"
        sessions[0].run(f"STORE {count} +FLAGS (\\Deleted)")
        sessions[0].run("EXPUNGE")
        lines = sessions[1].run("NOOP")
        count -= 1
        for session in sessions:
            uids = [
                int(line.split()[4].rstrip(b")"))
                for line in session.run("FETCH 1:* (UID)")
                if line[:1] == b"*"
            ]
            assert len(uids) == count and uids == sorted(set(uids)), f"{uids} at {offset_secs}"
        assert sessions[0].run("NOOP")[-1].split()[1] == b"OK", lines
    now = sessions[1].run("FETCH 1:* (INTERNALDATE)")
    years = {line.split(b"-")[2][:4] for line in now if line[:1] == b"*"}
    assert len(years) == 3, "no clock jumped"
    for session in sessions:
        session.close()
    status, output = testbed.run_ctl("store", "check")
    assert status == 0, output


CASES = [
    check_redis,
    check_ferretdb,
    check_postgres,
    check_stall,
    check_two,
    check_large,
    check_clock,
]


def run_case(build, case):
    with Proxy(os.environ["WD_TEST_MONGODB_URI"]) as proxy:
        mongodb = [proxy.uri, proxy.uri] if case is check_stall else None
        with Testbed(build, mongodb=mongodb) as testbed:
            testbed.proxy = proxy
            testbed.create_user(USER, PASSWORD)
            case(testbed)


def main():
    if "WD_TEST_BED" not in os.environ:
        print("1..0 # SKIP there is no test bed: WD_TEST_BED is not set")
        return 0
    os.environ["WD_TEST_BACKEND"] = "mongodb:"
    cases = [case for case in CASES if not sys.argv[2:] or case.__name__[6:] in sys.argv[2:]]
    print(f"1..{len(cases)}", flush=True)
    failed = 0
    for number, case in enumerate(cases, 1):
        try:
            run_case(sys.argv[1], case)
            print(f"ok {number} {case.__name__}", flush=True)
        except Exception:
            failed += 1
            print(f"not ok {number} {case.__name__}")
            for line in traceback.format_exc().splitlines():
                print(f"# {line}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
