#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""This server and WildDuck, the original, on one database: each reads whole what the other wrote,
and sees at once what the other does. Needs the test bed, node and npm; skips aloud without.

Usage: test-cluster-beside.py BUILD"""

import base64
import fcntl
import hashlib
import hmac
import imaplib
import json
import os
import re
import shutil
import smtplib
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import urllib.error
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../lib"))
from testbed import Testbed, free_port  # noqa: E402

VERSION = "1.46.1"
CACHE = os.path.join(os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache")),
                     "wildduck-tests", f"wildduck-{VERSION}")
PACKAGE = f"{CACHE}/node_modules/wildduck"
PASSWORD = "secretpass"
SECONDS = 10
imaplib._MAXLINE = 100_000_000


def skip(why):
    print(f"1..0 # SKIP {why}")
    sys.exit(77)


def install():
    """The package, once, with what it needs."""
    if not shutil.which("node") or not shutil.which("npm"):
        skip("there is no node with npm")
    os.makedirs(CACHE, exist_ok=True)
    with open(f"{CACHE}/lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if os.path.exists(f"{CACHE}/whole"):
            return
        with open(f"{CACHE}/package.json", "w") as file:
            json.dump({"dependencies": {"wildduck": VERSION}}, file)
        command = ["npm", "install", "--omit=dev", "--omit=optional", "--ignore-scripts"]
        done = subprocess.run(command, cwd=CACHE, capture_output=True, timeout=600)
        if done.returncode != 0:
            skip("the package wildduck cannot be installed (no network?)")
        open(f"{CACHE}/whole", "w").close()


class Original:
    """WildDuck on a database. WD_TEST_WILDDUCK names one that runs: IMAP LMTP HTTP."""

    def __init__(self, mongo, redis):
        self.process = None
        running = os.environ.get("WD_TEST_WILDDUCK", "").split()
        if running:
            self.imap, self.lmtp, self.http = map(int, running)
            return
        self.imap, self.lmtp, self.http = free_port(), free_port(), free_port()
        self.dir = tempfile.mkdtemp(prefix="wildduck-original-")
        with open(f"{self.dir}/config.toml", "w") as file:
            file.write(f"""
processes = 1
[dbs]
mongo = "{mongo}"
redis = "{redis}"
sender = "sender"
[log]
level = "error"
[imap]
enabled = true
host = "127.0.0.1"
port = {self.imap}
secure = false
ignoreSTARTTLS = true
[lmtp]
enabled = true
host = "127.0.0.1"
port = {self.lmtp}
[pop3]
enabled = false
[api]
enabled = true
host = "127.0.0.1"
port = {self.http}
""")
        with open(f"{self.dir}/log", "wb") as log:
            self.process = subprocess.Popen(
                ["node", "server.js", f"--config={self.dir}/config.toml"], cwd=PACKAGE,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        until = time.monotonic() + 240
        for port in (self.imap, self.lmtp, self.http):
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port), 5).close()
                    break
                except OSError:
                    if time.monotonic() > until or self.process.poll() is not None:
                        with open(f"{self.dir}/log") as log:
                            sys.stderr.write(log.read()[-5000:])
                        raise RuntimeError("the original does not start")
                    time.sleep(0.2)

    def close(self):
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            shutil.rmtree(self.dir, ignore_errors=True)

    def fetch(self, path, body=None, method=None):
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.http}{path}",
            None if body is None else json.dumps(body).encode(),
            {"Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=30) as reply:
            return reply.read()

    def call(self, path, body=None, method=None):
        return json.loads(self.fetch(path, body, method))


def login(port, user):
    client = imaplib.IMAP4("127.0.0.1", port, timeout=30)
    client.login(user, PASSWORD)
    return client


def deliver(port, to, octets):
    with smtplib.LMTP("127.0.0.1", port) as client:
        client.sendmail("sender@example.com", [to], octets)


def fetch(client, uids, items):
    """What each message has, by its UID."""
    status, rows = client.uid("FETCH", uids, items)
    assert status == "OK", rows
    # Of a message with literals, all its pieces.
    texts, result = [], {}
    for row in rows:
        pieces = list(row) if isinstance(row, tuple) else [row]
        first = pieces[0] or b""
        if re.match(rb"\d+ \(", first):
            texts.append([])
        texts[-1] += pieces
    for pieces in texts:
        uid = re.search(rb"UID (\d+)", pieces[0] + pieces[-1])
        # What is told beside may have no UID.
        if uid:
            result[int(uid.group(1))] = pieces
    return result


def bodies(client):
    return {uid: pieces[1] for uid, pieces in fetch(client, "1:*", "(UID BODY.PEEK[])").items()}


def sizes(client):
    rows = fetch(client, "1:*", "(UID RFC822.SIZE)")
    return {uid: int(re.search(rb"RFC822.SIZE (\d+)", p[0]).group(1)) for uid, p in rows.items()}


def flags(client):
    rows = fetch(client, "1:*", "(UID FLAGS)")
    return {uid: set(re.search(rb"FLAGS \(([^)]*)\)", p[0]).group(1).split()) - {rb"\Recent"}
            for uid, p in rows.items()}


def wait_until(condition, what):
    until = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < until, f"not within {SECONDS} s: {what}"
        time.sleep(0.02)


def text_of(lines):
    return "\r\n".join(lines.split("\n")).encode("latin-1")


BLOB = bytes((i * i + 7 * i) % 251 for i in range(150_000))


def wrapped(data, width=76):
    text = base64.b64encode(data).decode()
    return "\n".join(text[i:i + width] for i in range(0, len(text), width))


def header(subject, more=""):
    return ("From: =?utf-8?Q?J=C3=BCrgen?= <from@example.com>\nTo: Anna <anna@example.org>\n"
            f"Subject: {subject}\nDate: Tue, 01 Apr 2025 10:00:00 +0200\n"
            f"Message-ID: <{subject}@example.com>\n{more}")


MIXED = "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"mm\"\n"
MESSAGES = {
    "plain": header("plain") + "\nHello there,\n\nsecond line <b>\n",
    "folded": header("folded", "X-Long: a\n  b\n\tc\nX-Odd: caf\xe9\n") + "\nx\n",
    "empty": header("empty") + "\n",
    "html": header("html", "MIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\n")
    + "\n<p>Hello <b>bold</b> &amp; more</p>\n",
    "alternative": header("alternative", "MIME-Version: 1.0\n"
                          "Content-Type: multipart/alternative; boundary=aa\n")
    + "\n--aa\nContent-Type: text/plain; charset=utf-8\n"
    "Content-Transfer-Encoding: quoted-printable\n\nW=C3=B6rld\n\n--aa\n"
    "Content-Type: text/html; charset=utf-8\n\n<p>W&ouml;rld</p>\n\n--aa--\n",
    "small": header("small", MIXED) + "\n--mm\nContent-Type: text/plain\n\nsee attached\n--mm\n"
    "Content-Type: image/png; name=\"a.png\"\nContent-ID: <img@x>\n"
    "Content-Disposition: attachment; filename=\"a.png\"\nContent-Transfer-Encoding: base64\n\n"
    + wrapped(BLOB[:3000]) + "\n--mm--\n",
    "large": header("large", MIXED) + "\n--mm\nContent-Type: text/plain\n\nlarge one\n--mm\n"
    "Content-Type: application/pdf; name=\"b.pdf\"\n"
    "Content-Disposition: attachment; filename=\"b.pdf\"\nContent-Transfer-Encoding: base64\n\n"
    + wrapped(BLOB) + "\n--mm--\n",
    "nested": header("nested", MIXED) + "\n--mm\nContent-Type: text/plain\n\nouter\n--mm\n"
    "Content-Type: message/rfc822\n\nFrom: in@example.com\nSubject: inner\n\ninner text\n--mm--\n",
}


class Both:
    """Both servers, and a user of each test's own."""

    def __init__(self, ours, original):
        self.ours = ours
        self.original = original

    def user(self, name):
        reply = self.original.call("/users", {
            "username": name, "password": PASSWORD, "address": f"{name}@example.org"})
        assert reply["success"], reply
        return reply["id"]

    def here(self, name):
        return login(self.ours.ports["imap"], name)

    def there(self, name):
        return login(self.original.imap, name)


def compare_views(here, there):
    """All that the two say of the messages of the same mailbox."""
    mine, its = bodies(here), bodies(there)
    assert mine.keys() == its.keys(), (mine.keys(), its.keys())
    for uid in mine:
        if mine[uid].endswith(b"<empty@example.com>\r\n\r\n"):
            assert its[uid] in (mine[uid], mine[uid][:-2])
            continue
        assert mine[uid] == its[uid], f"UID {uid}:\n{mine[uid][-300:]}\n{its[uid][-300:]}"
    assert sizes(here) == sizes(there)
    assert sizes(here) == {uid: len(body) for uid, body in mine.items()}
    assert flags(here) == flags(there)
    for words in ("SUBJECT alternative", "TEXT hello", "FROM from@example.com", "UNSEEN",
                  "LARGER 2000", "SENTON 1-Apr-2025", "HEADER Message-ID plain@example.com",
                  "NOT SEEN UID 1:3"):
        found = [c.uid("SEARCH", *words.split())[1][0].split() for c in (here, there)]
        assert found[0] == found[1], (words, found)


def test_written_here(both):
    user = both.user("here")
    for text in MESSAGES.values():
        deliver(both.ours.ports["lmtp"], "here@example.org", text_of(text))
    here, there = both.here("here"), both.there("here")
    for client in (here, there):
        client.select("INBOX")
    for (name, text), body in zip(MESSAGES.items(), bodies(there).values()):
        # The original leaves out the empty line behind which there is nothing.
        wanted = text_of(text)[:-2] if name == "empty" else text_of(text)
        assert body.endswith(wanted), f"{name}: {body[-400:]}"
    compare_views(here, there)
    envelopes = fetch(there, "1:*", "(UID ENVELOPE BODYSTRUCTURE)")
    ours = fetch(here, "1:*", "(UID ENVELOPE BODYSTRUCTURE)")
    for uid, name in enumerate(MESSAGES, 1):
        for rows in (envelopes, ours):
            row = b"".join(rows[uid])
            assert f'"{name}" '.encode() in row, row
            assert b'"from" "example.com"' in row, row
            assert b"<%s@example.com>" % name.encode() in row, row
    its = b"".join(envelopes[6])
    assert b'"png"' in its.lower() and b"a.png" in its, its
    part = fetch(there, "7", "(UID BODY.PEEK[2])")[7][1]
    assert base64.b64decode(part) == BLOB


def run_check(both, mongo, *options):
    command = [f"{both.ours.build}/src/ctl/wildduckctl", "--config", both.ours.config_path(0),
               "--set", f"store.uri={mongo}", "--set", f"store.redis={both.redis}",
               "store", "check", *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout + done.stderr


def test_written_before(both):
    """Mail from before the original was started on the database, once the checker has seen it."""
    mongo = both.mongo + "before"
    settings = [f"store.uri={mongo}", f"store.redis={both.redis}"]
    with Testbed(both.ours.build, settings=settings) as ours:
        ours.call("POST", "/user/create",
                  {"username": "before@example.org", "password": PASSWORD})
        for text in MESSAGES.values():
            deliver(ours.ports["lmtp"], "before@example.org", text_of(text))
        here = login(ours.ports["imap"], "before@example.org")
        here.select("INBOX")
        mine = bodies(here)
        assert run_check(both, mongo)[0] == 0
        original = Original(mongo, both.redis[:-1] + "8")
        try:
            status, said = run_check(both, mongo)
            assert status != 0 and "view" in said, said
            status, said = run_check(both, mongo, "--repair")
            assert f"{len(MESSAGES)} messages that WildDuck cannot show" in said, said
            status, said = run_check(both, mongo)
            assert status == 0, said
            # What comes from now on needs no repair.
            wait_until(lambda: beside_by_now(both, ours, mongo), "that it is seen")
            there = login(original.imap, "before@example.org")
            there.select("INBOX")
            its = bodies(there)
            assert all(its[uid] in (mine[uid], mine[uid][:-2]) for uid in mine), "octets differ"
            assert mine == {uid: octets for uid, octets in bodies(here).items() if uid in mine}
        finally:
            original.close()


def beside_by_now(both, ours, mongo):
    deliver(ours.ports["lmtp"], "before@example.org", text_of(MESSAGES["small"]))
    status, _ = run_check(both, mongo)
    if status != 0:
        run_check(both, mongo, "--repair")
    return status == 0


def test_written_here_api(both):
    user = both.user("api")
    for text in MESSAGES.values():
        deliver(both.ours.ports["lmtp"], "api@example.org", text_of(text))
    reply = both.original.call(f"/users/{user}/mailboxes?counters=true")
    boxes = {b["path"]: b for b in reply["results"]}
    inbox = boxes["INBOX"]
    assert inbox["total"] == len(MESSAGES) and inbox["unseen"] == len(MESSAGES), inbox
    base = f"/users/{user}/mailboxes/{inbox['id']}/messages"
    listed = {m["id"]: m for m in both.original.call(f"{base}?limit=50")["results"]}
    for uid, name in enumerate(MESSAGES, 1):
        message = both.original.call(f"{base}/{uid}")
        assert listed[uid]["subject"] == message["subject"] == name, (listed[uid], message)
        assert listed[uid]["from"]["address"] == message["from"]["address"] == "from@example.com"
        assert message["from"]["name"] == "J\xfcrgen", message["from"]
        assert message["messageId"] == f"<{name}@example.com>", message
        source = both.original.fetch(f"{base}/{uid}/message.eml")
        assert text_of(MESSAGES[name]) in source, source[-300:]
    message = both.original.call(f"{base}/1")
    assert message["text"].startswith("Hello there"), message["text"]
    assert "Hello there" in message["html"][0] and listed[1]["intro"].startswith("Hello there")
    message = both.original.call(f"{base}/5")
    assert "W\xf6rld" in message["text"] and "<p>W&ouml;rld</p>" in message["html"][0], message
    for uid, data in ((6, BLOB[:3000]), (7, BLOB)):
        message = both.original.call(f"{base}/{uid}")
        attachment = message["attachments"][0]
        assert attachment["filename"] == ("a.png" if uid == 6 else "b.pdf"), attachment
        got = both.original.fetch(f"{base}/{uid}/attachments/{attachment['id']}")
        assert got == data, (uid, len(got), len(data))
    found = both.original.call(f"/users/{user}/search?query=attached")["results"]
    assert [m["id"] for m in found] == [6], found
    used = both.original.call(f"/users/{user}")["limits"]["quota"]["used"]
    there = both.there("api")
    there.select("INBOX")
    assert used == sum(sizes(there).values()), used


def test_written_there(both):
    both.user("there")
    for text in MESSAGES.values():
        deliver(both.original.lmtp, "there@example.org", text_of(text))
    here, there = both.here("there"), both.there("there")
    for client in (here, there):
        client.select("INBOX")
    for flag in (r"\Seen", r"\Flagged", "$Label"):
        there.uid("STORE", "1:3", "+FLAGS", f"({flag})")
    here.noop()
    for (name, text), body in zip(MESSAGES.items(), bodies(here).values()):
        # The original leaves out the empty line behind which there is nothing.
        wanted = text_of(text)[:-2] if name == "empty" else text_of(text)
        assert body.endswith(wanted), f"{name}: {body[-400:]}"
    compare_views(here, there)
    for uid, name in enumerate(MESSAGES, 1):
        row = b"".join(fetch(here, str(uid), "(UID ENVELOPE BODYSTRUCTURE)")[uid])
        assert f'"{name}" '.encode() in row and b'"from" "example.com"' in row, row
    assert base64.b64decode(fetch(here, "7", "(UID BODY.PEEK[2])")[7][1]) == BLOB
    # Copies by either, of the other's; and what is left when both are gone.
    here.uid("COPY", "6:7", "Drafts")
    there.uid("COPY", "6:7", "Trash")
    for path in ("Drafts", "Trash"):
        here.select(path)
        there.select(path)
        compare_views(here, there)


def refused(port, user, password):
    client = imaplib.IMAP4("127.0.0.1", port, timeout=30)
    try:
        client.login(user, password)
        return False
    except imaplib.IMAP4.error:
        return True


def totp(seed):
    """RFC 6238."""
    key = base64.b32decode(seed + "=" * (-len(seed) % 8), casefold=True)
    digest = hmac.new(key, (int(time.time()) // 30).to_bytes(8, "big"), hashlib.sha1).digest()
    at = digest[-1] & 15
    number = int.from_bytes(digest[at:at + 4], "big") & 0x7FFFFFFF
    return f"{number % 1000000:06d}"


def test_threads(both):
    user = both.user("threads")
    reply = MESSAGES["plain"].replace("Subject: ", "Subject: Re: ").replace(
        "Message-ID: <plain", "In-Reply-To: <plain@example.com>\nMessage-ID: <reply")
    inbox = both.original.call(f"/users/{user}/mailboxes")["results"][0]["id"]
    for first, second in ((both.original.lmtp, both.ours.ports["lmtp"]),
                          (both.ours.ports["lmtp"], both.original.lmtp)):
        deliver(first, "threads@example.org", text_of(MESSAGES["html"]))
        deliver(first, "threads@example.org", text_of(MESSAGES["plain"]))
        deliver(second, "threads@example.org", text_of(reply))
    listed = both.original.call(f"/users/{user}/mailboxes/{inbox}/messages?limit=50")["results"]
    threads = {m["id"]: m["thread"] for m in listed}
    assert threads[1] == threads[4] != threads[2], threads
    assert threads[2] == threads[3] == threads[5] == threads[6], threads


def test_users(both):
    user = both.user("users")
    imap = both.ours.ports["imap"]
    both.here("users").logout()
    assert refused(imap, "users", "wrong")
    both.original.call(f"/users/{user}", {"password": "another one"}, "PUT")
    assert refused(imap, "users", PASSWORD) and not refused(imap, "users", "another one")
    both.original.call(f"/users/{user}", {"disabled": True}, "PUT")
    assert refused(imap, "users", "another one")
    hashed = "$2b$08$R8wsmg820TTQMe9ylovb9eDqtfQtfwAiFTraAKFEgJF2snDjDXpdK"
    both.original.call("/users", {"username": "bcrypt", "password": hashed, "hashedPassword": True})
    assert refused(imap, "bcrypt", "wrong") and not refused(imap, "bcrypt", PASSWORD)
    both.there("bcrypt").logout()
    # With a second factor, the password alone is taken by neither.
    user = both.user("second")
    setup = both.original.call(f"/users/{user}/2fa/totp/setup", {"issuer": "test"})
    both.original.call(f"/users/{user}/2fa/totp/enable", {"token": totp(setup["seed"])})
    assert refused(both.original.imap, "second", PASSWORD) and refused(imap, "second", PASSWORD)
    # But one that is for applications is, by both, until it is taken away.
    base = f"/users/{user}/asps"
    asp = both.original.call(base, {"description": "one", "scopes": ["imap"]})
    other = both.original.call(base, {"description": "two", "scopes": ["smtp"]})
    brief = both.original.call(base, {"description": "three", "scopes": ["*"], "ttl": 3600})
    for port in (both.original.imap, imap):
        assert not refused(port, "second", asp["password"])
        assert not refused(port, "second", brief["password"])
        assert refused(port, "second", other["password"])
    listed = {a["id"]: a for a in both.original.call(base)["results"]}
    assert listed[asp["id"]]["lastUse"]["time"]
    assert not listed[other["id"]]["lastUse"].get("time")
    assert not refused(imap, "second", " ".join(re.findall("....", asp["password"])).upper())
    both.original.call(f"{base}/{asp['id']}", method="DELETE")
    assert refused(imap, "second", asp["password"])
    assert not refused(imap, "second", brief["password"])
    both.original.call(f"/users/{user}", {"disabledScopes": ["imap"]}, "PUT")
    assert refused(imap, "second", brief["password"])
    # And the other way.
    status, reply = both.ours.call("POST", "/user/create",
                                   {"username": "born@example.org", "password": PASSWORD})
    assert status == 200, reply
    client = both.there("born@example.org")
    assert client.select("INBOX")[0] == "OK"
    assert both.original.call(f"/users/{reply['id']}")["username"] == "born@example.org"


def idle_until(client, pattern, act):
    """Starts IDLE, does something elsewhere, and waits for an untagged response."""
    client.send(b"i1 IDLE\r\n")
    assert client.readline().startswith(b"+")
    act()
    seen = b""
    client.sock.settimeout(SECONDS)
    while not re.search(pattern, seen):
        line = client.readline()
        assert line, seen
        seen += line
    client.send(b"DONE\r\n")
    while not client.readline().startswith(b"i1 "):
        pass
    return seen


def watch(both, name, watcher, actor, lmtp, other_lmtp):
    deliver(lmtp, f"{name}@example.org", text_of(MESSAGES["plain"]))
    deliver(other_lmtp, f"{name}@example.org", text_of(MESSAGES["html"]))
    assert watcher.select("INBOX")[1] == [b"2"]
    assert actor.select("INBOX")[1] == [b"2"]
    idle_until(watcher, rb"\* 3 EXISTS",
               lambda: deliver(lmtp, f"{name}@example.org", text_of(MESSAGES["small"])))
    wait_until(lambda: actor.noop() and sorted(flags(actor)) == [1, 2, 3], "the third there")
    idle_until(watcher, rb"\* 2 FETCH .*Flagged",
               lambda: actor.uid("STORE", "2", "+FLAGS", r"(\Flagged)"))
    actor.noop()
    idle_until(watcher, rb"\* 4 EXISTS",
               lambda: actor.append("INBOX", None, None, text_of("a: b\n\nc\n")))
    actor.uid("STORE", "2", "+FLAGS", r"(\Deleted)")
    idle_until(watcher, rb"\* 2 EXPUNGE", actor.expunge)
    idle_until(watcher, rb"\* 1 EXPUNGE", lambda: actor.uid("MOVE", "1", "Trash"))
    seen = [sorted(flags(watcher)), sorted(flags(actor))]
    assert seen == [[3, 4], [3, 4]], seen
    deliver(other_lmtp, f"{name}@example.org", text_of(MESSAGES["plain"]))
    wait_until(lambda: actor.noop() and sorted(flags(actor)) == [3, 4, 5], "its own delivery")


def test_watch_here(both):
    both.user("watchhere")
    watch(both, "watchhere", both.here("watchhere"), both.there("watchhere"),
          both.original.lmtp, both.ours.ports["lmtp"])


def test_watch_there(both):
    both.user("watchthere")
    watch(both, "watchthere", both.there("watchthere"), both.here("watchthere"),
          both.ours.ports["lmtp"], both.original.lmtp)


def test_first(both):
    """The first message of a mailbox that the original has made."""
    for name, lmtp in (("first", both.ours.ports["lmtp"]), ("firstthere", both.original.lmtp)):
        both.user(name)
        here = both.here(name)
        here.select("INBOX")
        deliver(lmtp, f"{name}@example.org", text_of(MESSAGES["plain"]))
        wait_until(lambda c=here: c.noop() and c.response("EXISTS")[1][-1] == b"1", "a first one")
        assert sorted(flags(here)) == [1]


def names(client):
    return {re.search(rb'"([^"]*)"$|(\S+)$', row).group(0).strip(b'"') for row in client.list()[1]}


def test_tree(both):
    both.user("boxes")
    here, there = both.here("boxes"), both.there("boxes")
    for a, b in ((here, there), (there, here)):
        assert a.create("One")[0] == "OK"
        assert a.create("One/Two")[0] == "OK"
        wait_until(lambda: {b"One", b"One/Two"} <= names(b), "new mailboxes")
        # The original renames no mailboxes below the one that is named.
        assert b.rename("One/Two", "One/Dos")[0] == "OK"
        wait_until(lambda: {b"One", b"One/Dos"} <= names(a), "a renamed mailbox")
        assert b.append("One/Dos", None, None, text_of(MESSAGES["plain"]))[0] == "OK"
        assert a.select("One/Dos")[1] == [b"1"]
        a.select("INBOX")
        assert a.delete("One/Dos")[0] == "OK"
        assert b.delete("One")[0] == "OK"
        left = lambda: {n for n in names(a) | names(b) if n.startswith(b"One")}  # noqa: E731
        wait_until(lambda: not left(), "their end")


class Events:
    """What the original tells a webmail of a user: its stream of events."""

    def __init__(self, both, user):
        self.socket = socket.create_connection(("127.0.0.1", both.original.http), SECONDS)
        self.socket.sendall(f"GET /users/{user}/updates HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        self.lines = self.socket.makefile("rb")
        while not self.next().startswith(b": idling"):
            pass

    def next(self):
        line = self.lines.readline()
        assert line, "the stream has ended"
        return line

    def read(self):
        text = b""
        while not (line := self.next()).startswith(b"data: "):
            pass
        while line.startswith(b"data: "):
            text += line[6:]
            line = self.next()
        return json.loads(text)

    def until(self, **fields):
        """Waits for an event with all of these."""
        while True:
            event = self.read()
            if all(event.get(field) == value for field, value in fields.items()):
                return event

    def close(self):
        self.socket.close()


def test_events(both):
    user = both.user("events")
    here = both.here("events")
    events = Events(both, user)
    here.create("Above/Below")
    above = events.until(command="CREATE", path="Above")
    below = events.until(command="CREATE", path="Above/Below")
    assert above["mailbox"] != below["mailbox"], (above, below)
    here.rename("Above", "Over")
    renamed = events.until(command="RENAME", path="Over")
    assert renamed["mailbox"] == above["mailbox"], renamed
    renamed = events.until(command="RENAME", path="Over/Below")
    assert renamed["mailbox"] == below["mailbox"], renamed
    # In one second, and none is left out.
    for uid in range(1, 11):
        here.append("Over/Below", None, None, text_of(MESSAGES["plain"]))
        events.until(command="EXISTS", uid=uid)
    here.select("Over/Below")
    for uid in range(1, 6):
        here.uid("STORE", str(uid), "+FLAGS", r"(\Seen \Deleted)")
        events.until(command="FETCH", uid=uid)
    here.expunge()
    for uid in range(1, 6):
        events.until(command="EXPUNGE", uid=uid)
    here.select("INBOX")
    here.delete("Over/Below")
    events.until(command="DELETE", mailbox=below["mailbox"])
    events.close()


def counters(both, user):
    listed = both.original.call(f"/users/{user}/mailboxes?counters=true")["results"]
    return [(b["total"], b["unseen"]) for b in listed if b["path"] == "INBOX"][0]


def test_counters(both):
    """The original remembers how many messages there are, and has to forget it."""
    user = both.user("counters")
    here = both.here("counters")
    here.select("INBOX")
    steps = ((lambda: None, (0, 0)),
             (lambda: deliver(both.ours.ports["lmtp"], "counters@example.org",
                              text_of(MESSAGES["plain"])), (1, 1)),
             (lambda: here.append("INBOX", None, None, text_of(MESSAGES["html"])), (2, 2)),
             (lambda: here.uid("STORE", "1", "+FLAGS", r"(\Seen)"), (2, 1)),
             (lambda: here.uid("COPY", "2", "INBOX"), (3, 2)),
             (lambda: here.uid("MOVE", "2", "Trash"), (2, 1)),
             (lambda: (here.uid("STORE", "1", "+FLAGS", r"(\Deleted)"), here.expunge()), (1, 1)))
    for i, (act, wanted) in enumerate(steps):
        act()
        wait_until(lambda w=wanted: counters(both, user) == w, f"counters of step {i}: {wanted}")


def is_told_gone(client):
    """Whether a session that has a mailbox open is told that it is gone."""
    try:
        return client.noop()[0] != "OK" or not client.uid("SEARCH", "ALL")[1][0]
    except (imaplib.IMAP4.error, OSError):
        return True


def test_torn_down(both):
    both.user("dropped")
    for a_login, b_login in ((both.here, both.there), (both.there, both.here)):
        a, b = a_login("dropped"), b_login("dropped")
        assert a.create("Gone")[0] == "OK"
        assert a.append("Gone", None, None, text_of(MESSAGES["plain"]))[0] == "OK"
        assert b.select("Gone")[1] == [b"1"]
        assert a.delete("Gone")[0] == "OK"
        wait_until(lambda: is_told_gone(b), "the end of a mailbox")


def storm(both, name, side, n, failures):
    try:
        lmtp = both.ours.ports["lmtp"] if side == "here" else both.original.lmtp
        client = both.here(name) if side == "here" else both.there(name)
        client.select("INBOX")
        for i in range(n):
            text = list(MESSAGES.values())[i % len(MESSAGES)]
            deliver(lmtp, f"{name}@example.org", text_of(text))
            client.noop()
            # Two that move the same message away at once leave the original's reference counts
            # too high.
            uids = [u for u in client.uid("SEARCH", "ALL")[1][0].split()
                    if int(u) % 2 == (side == "here")]
            if not uids:
                continue
            uid = uids[i * 7 % len(uids)].decode()
            if i % 4 == 0:
                client.uid("STORE", uid, "+FLAGS", r"(\Seen)")
            elif i % 4 == 1:
                client.uid("COPY", uid, "Drafts")
            elif i % 4 == 2:
                client.uid("STORE", uid, "+FLAGS", r"(\Deleted)")
                client.uid("EXPUNGE", uid)
            else:
                client.uid("MOVE", uid, "Trash")
    except Exception:
        failures.append(f"{side}: {traceback.format_exc()}")


def test_storm(both):
    user = both.user("storm")
    failures = []
    for text in MESSAGES.values():
        deliver(both.ours.ports["lmtp"], "storm@example.org", text_of(text))
    threads = [threading.Thread(target=storm, args=(both, "storm", side, 24, failures))
               for side in ("here", "there")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, "\n".join(failures)
    here, there = both.here("storm"), both.there("storm")
    total = 0
    for path in ("INBOX", "Drafts", "Trash"):
        here.select(path)
        there.select(path)
        mine = sizes(here) if here.uid("SEARCH", "ALL")[1][0] else {}
        if mine:
            compare_views(here, there)
        total += sum(mine.values())
        texts = [c.status(path, "(MESSAGES UNSEEN UIDNEXT)")[1][0] for c in (here, there)]
        status = [sorted(re.findall(rb"[A-Z]+ \d+", text)) for text in texts]
        assert status[0] == status[1], (path, status)
    used = both.original.call(f"/users/{user}")["limits"]["quota"]["used"]
    assert used == total, (used, total)
    check(both)


def check(both):
    command = [f"{both.ours.build}/src/ctl/wildduckctl", "--config", both.ours.config_path(0),
               "--set", f"store.uri={both.mongo}", "--set", f"store.redis={both.redis}",
               "store", "check"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, (done.returncode, done.stdout, done.stderr)


def main():
    if "WD_TEST_MONGODB_URI" not in os.environ or "WD_TEST_REDIS_URI" not in os.environ:
        skip("WD_TEST_MONGODB_URI and WD_TEST_REDIS_URI are not set")
    install()
    database = os.environ.get("WD_TEST_WILDDUCK_DATABASE") or f"beside{os.getpid()}"
    mongo = os.environ["WD_TEST_MONGODB_URI"].rstrip("/") + f"/{database}"
    redis = os.environ["WD_TEST_REDIS_URI"].rsplit("/", 1)[0] + "/7"
    tests = [(n, f) for n, f in sorted(globals().items()) if n.startswith("test_")
             and (len(sys.argv) < 3 or n in sys.argv[2:])]
    n_failed = 0
    original = Original(mongo, redis)
    try:
        settings = [f"store.uri={mongo}", f"store.redis={redis}"]
        with Testbed(sys.argv[1], settings=settings) as ours:
            both = Both(ours, original)
            both.mongo, both.redis = mongo, redis
            for i, (name, func) in enumerate(tests, 1):
                try:
                    func(both)
                    print(f"ok {i} - {name}", flush=True)
                except Exception:
                    n_failed += 1
                    print(f"not ok {i} - {name}", flush=True)
                    sys.stderr.write(traceback.format_exc()[-3000:])
            print(f"1..{len(tests)}")
    finally:
        original.close()
    return 1 if n_failed else 0


if __name__ == "__main__":
    sys.exit(main())
