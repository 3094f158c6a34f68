# SPDX-License-Identifier: EUPL-1.2
"""A proxy between a service and the database: it can stall, and it can end the service in the
middle of an operation."""

import socket
import struct
import threading

OP_MSG = 2013
# What libmongoc asks by itself.
OWN_COMMANDS = {b"hello", b"isMaster", b"ismaster", b"ping", b"endSessions"}


def read_exactly(sock, count):
    octets = bytearray()
    while len(octets) < count:
        piece = sock.recv(count - len(octets))
        if not piece:
            raise OSError("closed")
        octets += piece
    return bytes(octets)


def read_message(sock):
    header = read_exactly(sock, 16)
    return header + read_exactly(sock, struct.unpack("<i", header[:4])[0] - 16)


def get_command(message):
    """The command of a message, or None for what libmongoc asks by itself."""
    if struct.unpack("<i", message[12:16])[0] != OP_MSG:
        return None
    # Flags, the kind of the section, the document's length, the type of its first field, its name.
    name = message[26 : message.index(b"\0", 26)]
    return None if name in OWN_COMMANDS else name.decode()


class Proxy:
    """Use it in a with statement. `port` is where it listens."""

    def __init__(self, uri):
        host, port = uri.removeprefix("mongodb://").split("/")[0].rsplit(":", 1)
        self.server = (host, int(port))
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.uri = f"mongodb://127.0.0.1:{self.port}/"
        self.flows = threading.Event()
        self.flows.set()
        self.lock = threading.Lock()
        self.countdown = 0
        self.action = None
        self.is_fired = False
        self.commands = []
        self.sockets = []
        threading.Thread(target=self.accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.flows.set()
        self.listener.close()
        for sock in self.sockets:
            sock.close()

    def stall(self):
        """Passes no octet any more, and closes nothing."""
        self.flows.clear()

    def go_on(self):
        self.flows.set()

    def arm(self, count, action):
        """Calls `action` instead of passing the command after `count` more of them."""
        with self.lock:
            self.countdown, self.action, self.commands = count + 1, action, []
            self.is_fired = False

    def disarm(self):
        """Returns the commands that were passed since."""
        with self.lock:
            self.action = None
            return self.commands

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
                server = socket.create_connection(self.server)
            except OSError:
                return
            self.sockets += [client, server]
            threading.Thread(target=self.pass_commands, args=(client, server), daemon=True).start()
            threading.Thread(target=self.pass_answers, args=(server, client), daemon=True).start()

    def check(self, message):
        """FALSE when this command is not to reach the database."""
        command = get_command(message)
        with self.lock:
            if command is None or self.action is None:
                return True
            self.countdown -= 1
            if self.countdown > 0:
                self.commands.append(command)
                return True
            if self.countdown == 0:
                self.is_fired = True
                self.action()
            return False

    def pass_commands(self, client, server):
        try:
            while True:
                message = read_message(client)
                self.flows.wait()
                if self.check(message):
                    server.sendall(message)
        except OSError:
            self.close(client, server)

    def pass_answers(self, server, client):
        try:
            while octets := server.recv(65536):
                self.flows.wait()
                client.sendall(octets)
        except OSError:
            pass
        self.close(client, server)

    @staticmethod
    def close(*sockets):
        for sock in sockets:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
