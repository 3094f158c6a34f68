# SPDX-License-Identifier: EUPL-1.2
"""Faults of the disk and of the system, switched on and off in services that run.

tests/lib/fault-shim.c does it, preloaded into each service of a test bed.
"""

import mmap
import os
import re
import subprocess

CONTROL_BYTES = 4096


class Faults:
    """Rules for services that are started with the environment in `env`."""

    def __init__(self, build, dir, root, log=False):
        self.control_path = f"{dir}/faults"
        self.log_path = f"{dir}/disk-log"
        with open(self.control_path, "wb") as file:
            file.truncate(2 * CONTROL_BYTES)
        with open(self.control_path, "r+b") as file:
            self.control = mmap.mmap(file.fileno(), CONTROL_BYTES)
        shim = f"{build}/tests/lib/libfault-shim.so"
        self.env = {
            "LD_PRELOAD": " ".join(find_runtimes(build) + [shim]),
            "WD_FAULT_CONTROL": self.control_path,
        }
        if log:
            self.env["WD_FAULT_LOG"] = self.log_path
            self.env["WD_FAULT_ROOT"] = root
        self.root = root

    def set(self, *rules):
        """Rules are (operation, error, pattern[, percent]); none at all ends all faults."""
        text = "".join(
            f"{op} {error} {pattern} {percent[0] if percent else 100}\n"
            for op, error, pattern, *percent in rules
        ).encode()
        assert len(text) < CONTROL_BYTES
        # The first octet is looked at first, so that nobody sees half a rule.
        self.control[0:1] = b"\0"
        self.control[1:] = text[1:].ljust(CONTROL_BYTES - 1, b"\0")
        self.control[0:1] = text[:1] or b"\0"

    def log_position(self):
        return os.stat(self.log_path).st_size


def find_runtimes(build):
    """gcc's AddressSanitizer has to be the first library; clang's is in the program."""
    libraries = subprocess.run(
        ["ldd", f"{build}/src/imap/wildduck-imap"], capture_output=True, text=True, check=True
    ).stdout
    return re.findall(r"libasan\S* => (\S+)", libraries)
