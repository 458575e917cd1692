"""A WebSocket server with one thread: opening handshake, closing handshake (RFC 6455).

Usage: testee.py [--backlog N] [--address A] [--work MICROSECONDS] [--busy]
Its first line of output is "listening on ADDRESS:PORT". It ends at the end of its input.

--work: CPU time for each opening handshake. --busy: uses a whole CPU, and serves nobody.
"""

import argparse
import base64
import hashlib
import os
import selectors
import socket
import sys
import time

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Connection:
    def __init__(self, sock):
        self.sock = sock
        self.data = b""
        self.open = False


def answer(head):
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"sec-websocket-key":
            accept = base64.b64encode(hashlib.sha1(value.strip() + GUID).digest())
            return (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                    b"Connection: Upgrade\r\nSec-WebSocket-Accept: " + accept + b"\r\n\r\n")
    return b"HTTP/1.1 400 Bad Request\r\n\r\n"


def unmasked(frame):
    """The payload of a masked frame of less than 126 bytes."""
    mask = frame[2:6]
    return bytes(b ^ mask[i % 4] for i, b in enumerate(frame[6:6 + (frame[1] & 127)]))


def work(microseconds):
    end = time.thread_time_ns() + 1000 * microseconds
    while time.thread_time_ns() < end:
        pass


def serve(connection, microseconds):
    """Reports whether the connection goes on."""
    data = connection.sock.recv(4096)
    if not data:
        return False
    connection.data += data
    if not connection.open:
        head, found, rest = connection.data.partition(b"\r\n\r\n")
        if not found:
            return True
        work(microseconds)
        connection.sock.sendall(answer(head))
        connection.open, connection.data = True, rest
    if len(connection.data) >= 6 and len(connection.data) >= 6 + (connection.data[1] & 127):
        payload = unmasked(connection.data)
        connection.sock.sendall(bytes([0x88, len(payload)]) + payload)
        return False
    return True


def goes_on(connection, microseconds):
    try:
        return serve(connection, microseconds)
    except OSError:
        return False


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--address", default="127.0.0.1")
    parser.add_argument("--backlog", type=int, default=4096)
    parser.add_argument("--work", type=int, default=0)
    parser.add_argument("--busy", action="store_true")
    args = parser.parse_args()

    listener = socket.create_server((args.address, 0), backlog=args.backlog)
    listener.setblocking(False)
    selector = selectors.DefaultSelector()
    selector.register(listener, selectors.EVENT_READ)
    print("listening on %s:%d" % listener.getsockname(), flush=True)
    selector.register(sys.stdin, selectors.EVENT_READ)
    while True:
        for key, _ in selector.select(0 if args.busy else None):
            if key.fileobj is sys.stdin:
                if not os.read(sys.stdin.fileno(), 4096):
                    return
            elif key.data is None:
                try:
                    sock, _ = listener.accept()
                except BlockingIOError:
                    continue
                selector.register(sock, selectors.EVENT_READ, Connection(sock))
            elif not goes_on(key.data, args.work):
                selector.unregister(key.data.sock)
                key.data.sock.close()


main()
