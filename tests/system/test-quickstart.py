#!/usr/bin/python3
# SPDX-License-Identifier: EUPL-1.2
"""The README's first command in a fresh clone, as somebody new would run it.

usage: test-quickstart.py SOURCE_DIR
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

# Ports 1143 to 8080 moved by a number that leaves them free, most likely.
PORTS = (1143, 1993, 2424, 2525, 8080)


def free_offset():
    for offset in range(20000, 50000, 137):
        try:
            for port in PORTS:
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port + offset))
            return offset
        except OSError:
            continue
    raise RuntimeError("no free ports")


class Quickstart:
    def __init__(self, tree, dir, offset):
        self.command = [f"{tree}/quickstart", "--dir", dir, "--port-offset", str(offset)]
        self.output = ""

    def run(self, *options):
        run = subprocess.run(
            self.command + list(options), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True,
        )
        self.output = run.stdout
        return run.returncode

    def run_until_ctrl_c(self):
        """Runs it in the foreground until it says how to end it, and ends it so."""
        process = subprocess.Popen(
            self.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )
        lines = []
        for line in process.stdout:
            lines.append(line)
            if "Ctrl-C stops it" in line:
                # A terminal sends it to the whole foreground process group.
                os.killpg(process.pid, signal.SIGINT)
        self.output = "".join(lines)
        return process.wait()


def check(condition, what, quickstart):
    if not condition:
        print(f"not ok - {what}")
        print(re.sub("^", "# ", quickstart.output, flags=re.M))
        sys.exit(1)
    print(f"# {what}")


def nothing_listens(offset):
    for port in PORTS:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port + offset))
            except OSError:
                return False
    return True


def main():
    source = sys.argv[1]
    scratch = tempfile.mkdtemp(prefix="wildduck-quickstart-")
    try:
        tree = f"{scratch}/clone"
        subprocess.run(["git", "clone", "-q", source, tree], check=True)
        offset = free_offset()
        quick = Quickstart(tree, f"{scratch}/run", offset)

        status = quick.run_until_ctrl_c()
        check(status == 130, f"first run ends by Ctrl-C with status {status}", quick)
        check(re.search(r'"success"\s*:\s*true', quick.output), "the user was made", quick)
        check("MESSAGES 1" in quick.output, "the message arrived", quick)
        check("Subject: Welcome to Wild Duck" in quick.output, "the message was read", quick)
        check(str(1143 + offset) in quick.output, "it says where IMAP is", quick)
        check(nothing_listens(offset), "everything has stopped", quick)

        check(quick.run("--detach") == 0, "second run, in the background", quick)
        check("Creating" not in quick.output, "the user is still there", quick)
        check("MESSAGES 1" in quick.output, "the same mail is there", quick)
        check(quick.run("--detach") != 0, "it does not run twice", quick)
        check("--stop" in quick.output, "it says how to stop the other one", quick)
        check(quick.run("--stop") == 0, "it is stopped", quick)
        check(nothing_listens(offset), "everything has stopped again", quick)

        bad = quick.run("--set", "imap.no-such-key=1", "--detach")
        check(bad != 0 and "no-such-key" in quick.output, "an unknown key is told", quick)
        check(nothing_listens(offset), "nothing runs after an error", quick)
        check(quick.run("--port-offset", "99999") != 0, "a bad offset is refused", quick)
        check(quick.run("--what") != 0 and "--help" in quick.output, "so is a bad option", quick)
        print("ok 1 - quickstart\n1..1")
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    main()
