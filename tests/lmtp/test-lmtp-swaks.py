#!/usr/bin/python3
# SPDX-License-Identifier: EUPL-1.2
"""swaks against the running service: LMTP and the drop, and the mail read back over IMAP.

usage: test-lmtp-swaks.py BUILD_DIR
"""

import email
import imaplib
import os
import shutil
import subprocess
import sys

sys.path.insert(0, __file__.rsplit("/", 2)[0] + "/lib")
from testbed import Testbed  # noqa: E402

ANNA, BERT = "anna@example.com", "bert@example.com"


def swaks(testbed, protocol, recipients, *arguments):
    """Sends one message. Returns swaks' exit status and its transcript."""
    port = testbed.ports["lmtp" if protocol == "LMTP" else "smtp"]
    command = ["swaks", "--protocol", protocol, "--server", "127.0.0.1", "--port", str(port)]
    command += ["--helo", "client.example", "--from", "sender@example.org"]
    command += ["--to", ",".join(recipients), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


def read_all(testbed, user, mailbox="INBOX"):
    """All messages of a mailbox, as octets."""
    with imaplib.IMAP4("127.0.0.1", testbed.ports["imap"]) as client:
        client.login(user, "secretpass")
        status, counts = client.select(mailbox, readonly=True)
        assert status == "OK", counts
        if counts == [b"0"]:
            return []
        _, parts = client.fetch("1:*", "(BODY.PEEK[])")
        return [part[1] for part in parts if isinstance(part, tuple)]


def check_plain(testbed, protocol):
    body = f"first by {protocol}\n.\n..two dots\nlast"
    arguments = ["--header", "Subject: plain", "--body", body]
    status, transcript = swaks(testbed, protocol, [ANNA], *arguments)
    assert status == 0, transcript
    message = read_all(testbed, ANNA)[-1]
    lines = f"Return-Path: <sender@example.org>\r\nDelivered-To: {ANNA}\r\n"
    assert message.startswith(lines.encode())
    assert b"Received: from client.example ([127.0.0.1])\r\n" in message
    assert body.replace("\n", "\r\n").encode() in message, message


def check_several(testbed, protocol):
    before = len(read_all(testbed, BERT))
    status, transcript = swaks(testbed, protocol, [ANNA, BERT], "--pipeline")
    assert status == 0, transcript
    assert len(read_all(testbed, BERT)) == before + 1


def check_unknown(testbed, protocol):
    status, transcript = swaks(testbed, protocol, ["nobody@example.com"])
    assert status != 0
    assert "550 5.1.1 " in transcript, transcript


def check_some_unknown(testbed, protocol):
    before = len(read_all(testbed, BERT))
    status, transcript = swaks(testbed, protocol, ["nobody@example.com", BERT])
    assert status == 0, transcript
    assert "550 5.1.1 " in transcript, transcript
    assert len(read_all(testbed, BERT)) == before + 1


def check_detail(testbed, protocol):
    before = len(read_all(testbed, ANNA, "Junk"))
    status, transcript = swaks(testbed, protocol, ["anna+Junk@example.com"])
    assert status == 0, transcript
    assert len(read_all(testbed, ANNA, "Junk")) == before + 1


def check_attachment(testbed, protocol):
    path = f"{testbed.dir}/attachment-{protocol}"
    octets = os.urandom(300000)
    with open(path, "wb") as file:
        file.write(octets)
    status, transcript = swaks(testbed, protocol, [ANNA], "--attach", f"@{path}", "--suppress-data")
    assert status == 0, transcript
    parts = [part for part in email.message_from_bytes(read_all(testbed, ANNA)[-1]).walk()]
    assert any(part.get_payload(decode=True) == octets for part in parts if not part.is_multipart())


def check_too_large(testbed, protocol):
    path = f"{testbed.dir}/large-{protocol}"
    with open(path, "wb") as file:
        file.write(b"x" * 2000000)
    before = len(read_all(testbed, ANNA))
    status, transcript = swaks(testbed, protocol, [ANNA], "--attach", f"@{path}", "--suppress-data")
    assert status != 0
    assert "552 5.3.4 " in transcript, transcript
    assert len(read_all(testbed, ANNA)) == before


CHECKS = [
    check_plain,
    check_several,
    check_unknown,
    check_some_unknown,
    check_detail,
    check_attachment,
    check_too_large,
]


def main():
    print(f"1..{2 * len(CHECKS)}")
    if shutil.which("swaks") is None:
        for number in range(2 * len(CHECKS)):
            print(f"ok {number + 1} # SKIP swaks is not installed")
        return 0
    version = subprocess.run(["swaks", "--version"], capture_output=True, text=True).stdout
    print("# " + version.splitlines()[0])

    failed = 0
    number = 0
    with Testbed(sys.argv[1], settings=["store.max-message-size=1M"]) as testbed:
        testbed.create_user(ANNA)
        testbed.create_user(BERT)
        for protocol in ("LMTP", "ESMTP"):
            for check in CHECKS:
                number += 1
                try:
                    check(testbed, protocol)
                    print(f"ok {number} {check.__name__} {protocol}")
                except AssertionError as error:
                    failed += 1
                    print(f"not ok {number} {check.__name__} {protocol}")
                    print("# " + repr(error)[:2000])
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
