#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""Real clients against the running service: imaplib, IMAPClient, curl, mbsync, mutt, imapflow.

usage: test-imap-clients.py BUILD_DIR
"""

import email
import imaplib
import json
import os
import shutil
import smtplib
import subprocess
import sys
import threading
import traceback

sys.path.insert(0, __file__.rsplit("/", 2)[0] + "/lib")
from testbed import Testbed  # noqa: E402

try:
    import imapclient
except ImportError:
    imapclient = None

PASSWORD = "secretpass"
MESSAGE = (
    b"From: Alice <alice@example.com>\r\nTo: Bob <bob@example.org>\r\nSubject: number %d\r\n"
    b"Date: Wed, 25 Nov 2026 12:00:00 +0100\r\nMessage-ID: <%d@example.com>\r\n\r\n"
    b"body of %d\r\n"
)


class Skip(Exception):
    pass


def need(tool):
    if shutil.which(tool) is None:
        raise Skip(f"{tool} is not installed")


def message(number):
    return MESSAGE % (number, number, number)


def deliver(testbed, user, number):
    with smtplib.SMTP("127.0.0.1", testbed.ports["smtp"], "client.example") as client:
        client.sendmail("alice@example.com", [user], message(number))


def run(arguments, **options):
    done = subprocess.run(
        arguments, capture_output=True, text=True, timeout=120, errors="replace", **options
    )
    assert done.returncode == 0, f"{arguments[0]}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout


def login(testbed, user):
    client = imaplib.IMAP4("127.0.0.1", testbed.ports["imap"])
    client.login(user, PASSWORD)
    return client


def ok(reply):
    assert reply[0] == "OK", reply
    return reply[1]


def fill(testbed, user, mailbox, numbers):
    with login(testbed, user) as client:
        for number in numbers:
            ok(client.append(mailbox, None, None, message(number)))


def subjects(testbed, user, mailbox):
    """The subjects of a mailbox, in order."""
    with login(testbed, user) as client:
        count = int(ok(client.select(mailbox, readonly=True))[0])
        if count == 0:
            return []
        parts = ok(client.fetch("1:*", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])"))
        return [part[1].decode().strip()[9:] for part in parts if isinstance(part, tuple)]


def check_imaplib(testbed, user):
    client = imaplib.IMAP4("127.0.0.1", testbed.ports["imap"])
    assert "IDLE" in client.capabilities
    client.authenticate("PLAIN", lambda _: f"\0{user}\0{PASSWORD}".encode())
    ok(client.create("one/two"))
    assert any(b'"one/two"' in line for line in ok(client.list()))
    ok(client.subscribe("one/two"))
    assert any(b'"one/two"' in line for line in ok(client.lsub()))
    for number in range(3):
        ok(client.append("one/two", "(\\Seen)", '"25-Nov-2026 12:00:00 +0100"', message(number)))
    assert ok(client.status("one/two", "(MESSAGES UNSEEN UIDNEXT)")) == [
        b'"one/two" (MESSAGES 3 UIDNEXT 4 UNSEEN 0)'
    ]
    assert ok(client.select("one/two")) == [b"3"]
    assert ok(client.search(None, "SUBJECT", '"number 1"')) == [b"2"]
    assert ok(client.uid("SEARCH", "BODY", '"body of 2"')) == [b"3"]
    data = ok(client.fetch("2", "(FLAGS BODY[])"))
    assert data[0][1] == message(1)
    ok(client.store("2", "+FLAGS", "(\\Deleted Work)"))
    ok(client.copy("1", "Trash"))
    ok(client.uid("MOVE", "3", "Trash"))
    assert ok(client.expunge())[-1] == b"2"
    ok(client.noop())
    ok(client.check())
    ok(client.rename("one/two", "three"))
    ok(client.getquotaroot("INBOX"))
    ok(client.namespace())
    ok(client.unselect())
    ok(client.delete("three"))
    client.logout()


def check_imaplib_errors(testbed, user):
    client = imaplib.IMAP4("127.0.0.1", testbed.ports["imap"])
    try:
        client.login(user, "wrong")
        raise AssertionError("a wrong password works")
    except imaplib.IMAP4.error as error:
        assert "AUTHENTICATIONFAILED" in str(error)
    client.login(user, PASSWORD)
    assert client.select("nothing")[0] == "NO"
    assert client.append("nothing", None, None, message(1))[0] == "NO"
    client.logout()


def new_imapclient(testbed, user):
    if imapclient is None:
        raise Skip("IMAPClient is not installed")
    client = imapclient.IMAPClient("127.0.0.1", testbed.ports["imap"], ssl=False, timeout=30)
    client.login(user, PASSWORD)
    return client


def check_imapclient(testbed, user):
    client = new_imapclient(testbed, user)
    folder = "Entwürfe & 日本"
    client.create_folder(folder)
    assert folder in [name for _, _, name in client.list_folders()]
    assert client.find_special_folder(b"\\Sent") == "Sent Mail"
    client.append(folder, message(7), flags=[imapclient.FLAGGED])
    selected = client.select_folder(folder)
    assert selected[b"EXISTS"] == 1 and selected[b"UIDNEXT"] == 2
    uids = client.search(["FLAGGED", "SUBJECT", "number"])
    assert uids == [1]
    row = client.fetch(uids, ["ENVELOPE", "BODYSTRUCTURE", "INTERNALDATE", "RFC822.SIZE", "BODY[]"])
    assert row[1][b"ENVELOPE"].subject == b"number 7"
    assert row[1][b"BODY[]"] == message(7)
    assert row[1][b"RFC822.SIZE"] == len(message(7))
    flags = client.add_flags(uids, ["$Label1"])[1]
    assert flags == (b"\\Flagged", b"\\Seen", b"\\Recent", b"$Label1"), flags
    client.copy(uids, "INBOX")
    client.move(uids, "Trash")
    assert client.search() == []
    client.close_folder()
    assert client.folder_status("Trash", ["MESSAGES"])[b"MESSAGES"] == 1
    assert client.get_quota_root("INBOX") is not None
    client.id_({"name": "test"})
    client.rename_folder(folder, "a/b")
    client.delete_folder("a/b")
    client.logout()


def check_imapclient_idle(testbed, user):
    client = new_imapclient(testbed, user)
    client.select_folder("INBOX")
    client.idle()
    threading.Thread(target=deliver, args=(testbed, user, 1)).start()
    seen = client.idle_check(timeout=20)
    assert (1, b"EXISTS") in seen, seen
    client.idle_done()
    assert client.fetch([1], ["UID"])[1][b"SEQ"] == 1
    client.logout()


def curl(testbed, user, path, *arguments):
    need("curl")
    url = f"imap://127.0.0.1:{testbed.ports['imap']}/{path}"
    command = ["curl", "--silent", "--show-error", "--user", f"{user}:{PASSWORD}", url]
    return run([*command, *arguments])


def expect_bye(client, what):
    """The server's goodbye comes by itself, in the middle of nothing, and then the end."""
    client.sock.settimeout(20)
    line = client.readline()
    assert line.startswith(b"* BYE"), f"{line} after {what}"
    assert client.readline() == b"", f"the session goes on after {what}"


def check_logout(testbed, user):
    """Another service ends the sessions here: all of them, and each way to do it."""
    _, reply = testbed.call("GET", f"/users/resolve/{user}")
    path = f"/users/{reply['id']}"
    ways = (
        (f"{path}/logout", {"reason": "test"}, PASSWORD),
        (path, {"password": "another pass"}, "another pass"),
        (path, {"disabled": True}, None),
    )
    password = PASSWORD
    for route, body, next_password in ways:
        # As many as instances twice over, so that each has one.
        clients = [imaplib.IMAP4("127.0.0.1", testbed.ports["imap"]) for _ in range(4)]
        for client in clients:
            client.login(user, password)
        assert testbed.call("PUT", route, body) == (200, {"success": True})
        for client in clients:
            expect_bye(client, f"{route} {body}")
        password = next_password
    client = imaplib.IMAP4("127.0.0.1", testbed.ports["imap"])
    try:
        client.login(user, "another pass")
        raise AssertionError("a disabled user logs in")
    except client.error:
        client.shutdown()


def check_curl(testbed, user):
    path = f"{testbed.dir}/message"
    with open(path, "wb") as file:
        file.write(message(3))
    curl(testbed, user, "INBOX", "--upload-file", path)
    assert '"INBOX"' in curl(testbed, user, "")
    assert "body of 3" in curl(testbed, user, "INBOX;MAILINDEX=1")
    assert "number 3" in curl(testbed, user, "INBOX;UID=1;SECTION=HEADER.FIELDS%20(SUBJECT)")
    assert "* SEARCH 1" in curl(testbed, user, "INBOX?ALL")


def mbsync(testbed, user, folder):
    config = f"{folder}.rc"
    os.makedirs(f"{folder}.state", exist_ok=True)
    with open(config, "w") as file:
        file.write(
            f"IMAPAccount duck\nHost 127.0.0.1\nPort {testbed.ports['imap']}\nUser {user}\n"
            f"Pass {PASSWORD}\nSSLType None\nAuthMechs *\n\n"
            "IMAPStore far\nAccount duck\n\n"
            f"MaildirStore near\nPath {folder}/\nInbox {folder}/INBOX\nSubFolders Verbatim\n\n"
            "Channel all\nFar :far:\nNear :near:\nPatterns *\nCreate Both\nExpunge Both\n"
            f"SyncState {folder}.state/\n"
        )
    run(["mbsync", "--config", config, "--all"])


def maildir_files(folder):
    found = []
    for kind in ("new", "cur"):
        path = f"{folder}/{kind}"
        if os.path.isdir(path):
            found += [f"{path}/{name}" for name in os.listdir(path)]
    return sorted(found)


def check_mbsync(testbed, user):
    need("mbsync")
    folder = f"{testbed.dir}/maildir"
    os.mkdir(folder)
    fill(testbed, user, "INBOX", range(20))
    mbsync(testbed, user, folder)
    files = maildir_files(f"{folder}/INBOX")
    assert len(files) == 20, files
    # Near to far: a new message, a flag, a removal; far to near: another message.
    with open(f"{folder}/INBOX/cur/1.new:2,F", "wb") as file:
        file.write(message(99).replace(b"\r\n", b"\n"))
    os.remove(files[0])
    os.rename(files[1], f"{folder}/INBOX/cur/" + os.path.basename(files[1]).split(":")[0] + ":2,S")
    fill(testbed, user, "INBOX", [50])
    mbsync(testbed, user, folder)
    far = subjects(testbed, user, "INBOX")
    assert len(far) == 21 and "number 99" in far, far
    assert len(maildir_files(f"{folder}/INBOX")) == 21
    with login(testbed, user) as client:
        client.select("INBOX", readonly=True)
        assert len(ok(client.search(None, "FLAGGED"))[0].split()) == 1
        assert len(ok(client.search(None, "SEEN"))[0].split()) == 1
    # And nothing more to do.
    before = maildir_files(f"{folder}/INBOX")
    mbsync(testbed, user, folder)
    assert maildir_files(f"{folder}/INBOX") == before
    assert subjects(testbed, user, "INBOX") == far


def check_mbsync_many(testbed, user):
    """Two clones of one account stay the same."""
    need("mbsync")
    clones = [f"{testbed.dir}/clone{number}" for number in range(2)]
    for clone in clones:
        os.mkdir(clone)
    fill(testbed, user, "INBOX", range(5))
    fill(testbed, user, "Trash", range(5, 8))
    for _ in range(2):
        for clone in clones:
            mbsync(testbed, user, clone)
    contents = [
        sorted(
            email.message_from_bytes(open(path, "rb").read())["Subject"]
            for box in ("INBOX", "Trash")
            for path in maildir_files(f"{clone}/{box}")
        )
        for clone in clones
    ]
    assert contents[0] == contents[1] == [f"number {number}" for number in range(8)], contents


def check_mutt(testbed, user):
    need("mutt")
    fill(testbed, user, "INBOX", range(3))
    config = f"{testbed.dir}/muttrc"
    url = f"imap://127.0.0.1:{testbed.ports['imap']}"
    with open(config, "w") as file:
        file.write(
            f'set imap_user="{user}"\nset imap_pass="{PASSWORD}"\nset ssl_starttls=no\n'
            f'set ssl_force_tls=no\nset folder="{url}"\nset spoolfile="{url}/INBOX"\n'
            "set quit=yes\nset delete=yes\nset move=no\nset confirmappend=no\n"
            "set confirmcreate=no\nunset wait_key\nset sleep_time=0\nset header_cache=\n"
        )
    # All but the second are saved to a new mailbox and deleted from this one.
    keys = 'push "<delete-pattern>~s number.1<enter><tag-pattern>~s number.0<enter>' \
           '<tag-prefix><copy-message>=saved<enter><sync-mailbox><quit>"'
    with open(config, "a") as file:
        file.write(keys + "\n")
    command = f"mutt -F {config} -n"
    environment = dict(os.environ, TERM="xterm", HOME=testbed.dir)
    need("script")
    run(["script", "--quiet", "--command", command, "/dev/null"], env=environment,
        stdin=subprocess.DEVNULL)
    assert subjects(testbed, user, "INBOX") == ["number 0", "number 2"]
    assert subjects(testbed, user, "saved") == ["number 0"]


def find_imapflow():
    """The folder where imapflow is: kept between runs, outside of the tree."""
    need("node")
    need("npm")
    cache = os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache"))
    folder = os.path.join(cache, "wildduck-tests", "imapflow")
    os.makedirs(folder, exist_ok=True)
    if not os.path.isdir(f"{folder}/node_modules/imapflow"):
        with open(f"{folder}/package.json", "w") as file:
            file.write('{"private": true}\n')
        done = subprocess.run(
            ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "imapflow@1"],
            cwd=folder, capture_output=True, text=True, timeout=120,
        )
        if done.returncode != 0:
            raise Skip("imapflow cannot be installed: npm gives up")
    with open(f"{folder}/node_modules/imapflow/package.json") as file:
        print(f"# imapflow {json.load(file)['version']}")
    return folder


def check_imapflow(testbed, user):
    folder = find_imapflow()
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "imapflow-session.mjs")
    run(["node", script, folder, str(testbed.ports["imap"]), user, PASSWORD])


CHECKS = [
    check_imaplib,
    check_imaplib_errors,
    check_imapclient,
    check_imapclient_idle,
    check_logout,
    check_curl,
    check_mbsync,
    check_mbsync_many,
    check_mutt,
    check_imapflow,
]


def show_versions():
    print(f"# imaplib of Python {sys.version.split()[0]}")
    print(f"# IMAPClient {imapclient.__version__ if imapclient else 'is not installed'}")
    for tool, flag in (("curl", "--version"), ("mbsync", "--version"), ("mutt", "-v")):
        if shutil.which(tool) is not None:
            done = subprocess.run([tool, flag], capture_output=True, text=True)
            print("# " + (done.stdout or done.stderr).splitlines()[0])


def main():
    print(f"1..{len(CHECKS)}")
    show_versions()
    failed = 0
    with Testbed(sys.argv[1]) as testbed:
        for number, check in enumerate(CHECKS, 1):
            user = f"user{number}@example.com"
            testbed.create_user(user)
            try:
                check(testbed, user)
                print(f"ok {number} {check.__name__}")
            except Skip as reason:
                print(f"ok {number} {check.__name__} # SKIP {reason}")
            except Exception:  # A client that gives up raises what it likes.
                failed += 1
                print(f"not ok {number} {check.__name__}")
                for line in traceback.format_exc().splitlines()[-20:]:
                    print("# " + line)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
