#!/usr/bin/python3
# SPDX-License-Identifier: EUPL-1.2
"""kill -9 of an instance between any two steps of each operation, and the repair of what it leaves.

usage: test-cluster-kills.py BUILD_DIR

One instance reaches the database through a proxy, which ends it instead of passing the n-th command
of an operation: each n, until the operation is done before that. Every time is on mail of its own.
Then the other instance ends what was begun, the checker mends the rest on the store in use, and all
mail is compared.
"""

import http.client
import imaplib
import json
import os
import smtplib
import sys
import time
import traceback
import urllib.request

sys.path.insert(0, __file__.rsplit("/", 2)[0] + "/lib")
sys.path.insert(0, __file__.rsplit("/", 1)[0])
from proxy import Proxy  # noqa: E402
from testbed import Testbed  # noqa: E402

PASSWORD = "secretpass"
BROKEN = (OSError, EOFError, http.client.HTTPException, imaplib.IMAP4.error, smtplib.SMTPException)
MAX_STEPS = 40
# An instance that has seen an unended operation for so long ends it.
PENDING_SECS = 5


def make_message(number):
    # A large part, which is stored by itself and shared.
    body = "\r\n".join(f"{number % 2} {line} of the attachment" for line in range(4000))
    return (
        f"Subject: number {number}\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/mixed; boundary="x"\r\n\r\n'
        f"--x\r\n\r\ntext {number}\r\n--x\r\nContent-Type: text/csv\r\n"
        f"Content-Disposition: attachment\r\n\r\n{body}\r\n--x--\r\n"
    ).encode()


MESSAGES = [make_message(number) for number in range(4)]
FIRST = MESSAGES[:3]


def login(testbed, user, instance):
    client = imaplib.IMAP4("127.0.0.1", testbed.ports.all("imap")[instance], timeout=30)
    client.login(user, PASSWORD)
    return client


def read_all(client, mailbox):
    status, counts = client.select(mailbox, readonly=True)
    if status != "OK":
        return None
    if counts == [b"0"]:
        return []
    _, parts = client.fetch("1:*", "(UID BODY.PEEK[])")
    return [part[1] for part in parts if isinstance(part, tuple)]


def check_within(found, *allowed):
    assert found in allowed, f"{len(found)} messages, or others than expected"


def check_appended(client):
    check_within(read_all(client, "INBOX"), FIRST, MESSAGES)


def check_same(client):
    check_within(read_all(client, "INBOX"), FIRST)


def check_copied(client):
    check_same(client)
    # One operation: all of them are there, or a part of them, in their order.
    check_within(read_all(client, "Trash"), *[FIRST[:n] for n in range(4)])


def check_moved(client):
    source, target = read_all(client, "INBOX"), read_all(client, "Trash")
    check_within(target, *[FIRST[:n] for n in range(4)])
    assert all(message in FIRST for message in source)
    assert all(message in source + target for message in FIRST), "a message is lost"


def check_expunged(client):
    check_within(read_all(client, "INBOX"), FIRST, FIRST[2:])


def check_created(client):
    check_same(client)
    status, lines = client.list('""', '"one*"')
    assert status == "OK", lines
    if read_all(client, "one/two") is not None:
        assert read_all(client, "one") == []


def check_renamed(client):
    found = [read_all(client, path) for path in ("box", "new")]
    assert [box for box in found if box is not None] == [FIRST[:1]], found
    inferiors = [read_all(client, path) for path in ("box/in", "new/in")]
    assert [box for box in inferiors if box is not None] == [FIRST[1:2]], inferiors


def check_deleted(client):
    check_same(client)
    found = read_all(client, "box")
    assert found is None or found == FIRST[:1]


def prepare_boxes(client):
    for path, message in (("box", FIRST[0]), ("box/in", FIRST[1])):
        client.create(path)
        assert client.append(path, None, None, message)[0] == "OK"


def prepare_box(client):
    client.create("box")
    assert client.append("box", None, None, FIRST[0])[0] == "OK"


def deliver(testbed, user, client):
    with smtplib.LMTP("127.0.0.1", testbed.ports.all("lmtp")[0], timeout=30) as lmtp:
        lmtp.sendmail("a@example.net", [user], b"Subject: delivered\r\n\r\nx\r\n")


def check_delivered(client):
    found = read_all(client, "INBOX")
    assert found[:3] == FIRST and len(found) in (3, 4)
    assert all(message.endswith(b"Subject: delivered\r\n\r\nx\r\n") for message in found[3:])


imaplib.Commands["REPLACE"] = ("SELECTED",)


def replace(client, target):
    client.literal = MESSAGES[3]
    return client._simple_command("REPLACE", "1", target)


# Both or neither.
def check_replaced(client):
    check_within(read_all(client, "INBOX"), FIRST, FIRST[1:] + MESSAGES[3:])


def check_replaced_there(client):
    check_within((read_all(client, "INBOX"), read_all(client, "Trash")), (FIRST, []),
                 (FIRST[1:], MESSAGES[3:]))


def call(testbed, instance, method, path, body=None):
    port = testbed.ports.all("http")[instance]
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}", None if body is None else json.dumps(body).encode(),
        {"Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=30) as reply:
        return json.load(reply)


def create_other(client, instance=0):
    name = f"other-{client.user}"
    return call(client.testbed, instance, "POST", "/users", {
        "username": name.split("@")[0], "password": PASSWORD, "address": name})


def prepare_other(client):
    client.other = create_other(client, 1)["id"]
    other = login(client.testbed, f"other-{client.user.split('@')[0]}", 1)
    for message in FIRST:
        assert other.append("INBOX", None, None, message)[0] == "OK"
    other.logout()


def delete_other(client):
    return call(client.testbed, 0, "DELETE", f"/users/{client.other}")


def read_other(client):
    try:
        other = login(client.testbed, f"other-{client.user.split('@')[0]}", 1)
    except imaplib.IMAP4.error:
        return None
    mail = read_all(other, "INBOX")
    other.logout()
    return mail


# There or not; if it is not, it can be made as if nothing had happened.
def check_user_created(client):
    check_same(client)
    mail = read_other(client)
    if mail is None:
        create_other(client, 1)
        mail = read_other(client)
    assert mail == [], mail
    with smtplib.LMTP("127.0.0.1", client.testbed.ports.all("lmtp")[1], timeout=30) as lmtp:
        lmtp.sendmail("a@example.net", [f"other-{client.user}"], MESSAGES[3])


def check_user_deleted(client):
    check_same(client)
    mail = read_other(client)
    check_within(mail, None, FIRST)
    if mail is None:
        create_other(client, 1)
        assert read_other(client) == []


# Name: what is prepared, the operation, and what must be true afterwards, whatever was done of it.
OPERATIONS = {
    "append": (None, lambda c: c.append("INBOX", None, None, MESSAGES[3]), check_appended),
    "deliver": (None, deliver, check_delivered),
    "flags": (None, lambda c: c.store("1:*", "+FLAGS", "(\\Seen Work)"), check_same),
    "copy": (None, lambda c: c.copy("1:*", "Trash"), check_copied),
    "move": (None, lambda c: c.uid("MOVE", "1:*", "Trash"), check_moved),
    "expunge": (lambda c: c.store("1:2", "+FLAGS", "(\\Deleted)"), lambda c: c.expunge(),
                check_expunged),
    "replace": (None, lambda c: replace(c, "INBOX"), check_replaced),
    "replace-there": (None, lambda c: replace(c, "Trash"), check_replaced_there),
    "create": (None, lambda c: c.create("one/two"), check_created),
    "rename": (prepare_boxes, lambda c: c.rename("box", "new"), check_renamed),
    "delete": (prepare_box, lambda c: c.delete("box"), check_deleted),
    "create-user": (None, create_other, check_user_created),
    "delete-user": (prepare_other, delete_other, check_user_deleted),
}


SERVICES = {deliver: "lmtp", create_other: "http", delete_other: "http"}


class Kills:
    def __init__(self, testbed, proxy):
        self.testbed = testbed
        self.proxy = proxy
        self.left = []  # Of user and what must be true.

    def login(self, user, instance):
        client = login(self.testbed, user, instance)
        client.testbed, client.user = self.testbed, user
        return client

    def fill(self, user, prepare):
        self.testbed.create_user(user, PASSWORD)
        client = self.login(user, 1)
        for message in FIRST:
            assert client.append("INBOX", None, None, message)[0] == "OK"
        client.select("INBOX")
        if prepare is not None:
            prepare(client)
        client.logout()
        return client

    def run_once(self, name, count):
        """FALSE when the operation was done before that command."""
        prepare, operation, check = OPERATIONS[name]
        service = SERVICES.get(operation, "imap")
        user = f"{name}{count}@example.com"
        prepared = self.fill(user, prepare)
        client = self.login(user, 0)
        client.other = getattr(prepared, "other", None)
        client.select("INBOX")
        process = self.testbed.processes[service, 0]
        self.proxy.arm(count, process.kill)
        try:
            operation(self.testbed, user, client) if operation is deliver else operation(client)
            client.shutdown()
        except BROKEN:
            pass
        commands = self.proxy.disarm()
        self.left.append((user, check))
        if not self.proxy.is_fired:
            print(f"# {name}: {len(commands)} commands: {' '.join(commands)}")
            return False
        process.wait(30)
        self.testbed.processes.pop((service, 0))
        self.testbed.start(service, 0)
        return True

    def look(self):
        """As a session of the other instance does."""
        for user, _ in self.left:
            client = login(self.testbed, user, 1)
            _, lines = client.list()
            for line in lines:
                if b"\\Noselect" not in line and b"\\NonExistent" not in line:
                    client.select(line.decode().split(' "/" ')[1], readonly=True)
            client.logout()

    def verify(self):
        for user, check in self.left:
            client = self.login(user, 1)
            try:
                check(client)
                # It goes on as if nothing had happened.
                assert client.append("INBOX", None, None, MESSAGES[3])[0] == "OK"
                assert read_all(client, "INBOX")[-1] == MESSAGES[3]
            except Exception as error:
                raise AssertionError(f"{user}: {error}") from error
            client.logout()


def check_store(testbed, *options, expected=0):
    status, output = testbed.run_ctl("store", "check", *options)
    kinds = {}
    for line in output.splitlines()[1:]:
        kind = (line[26:] if line[24:26] == "  " else line).split()[0]
        kinds[kind] = kinds.get(kind, 0) + 1
    print(f"# check {' '.join(options)}: {kinds or output.strip()}")
    assert status == expected, output


def main():
    if "WD_TEST_MONGODB_URI" not in os.environ:
        print("1..0 # SKIP WD_TEST_MONGODB_URI is not set")
        return 0
    os.environ["WD_TEST_BACKEND"] = "mongodb:"
    names = sys.argv[2:] or list(OPERATIONS)
    print(f"1..{len(names) + 1}")
    failed = 0
    with Proxy(os.environ["WD_TEST_MONGODB_URI"]) as proxy, Testbed(
        sys.argv[1], mongodb=[proxy.uri, None]
    ) as testbed:
        kills = Kills(testbed, proxy)
        for number, name in enumerate(names, 1):
            count = 0
            while count < MAX_STEPS and kills.run_once(name, count):
                count += 1
            is_ok = 0 < count < MAX_STEPS
            failed += not is_ok
            print(f"{'ok' if is_ok else 'not ok'} {number} {name}: killed at {count} places")
        try:
            kills.look()
            time.sleep(PENDING_SECS + 1)
            kills.look()
            check_store(testbed, "--repair")
            check_store(testbed)
            kills.verify()
            check_store(testbed)
            print(f"ok {len(names) + 1} all is there, and whole")
        except Exception:
            failed += 1
            print(f"not ok {len(names) + 1} all is there, and whole")
            print("".join(f"# {line}\n" for line in traceback.format_exc().splitlines()))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
