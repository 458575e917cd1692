"""Echo testee on python3-websockets: WORKERS processes share one port.

server.py PORT WORKERS [FOLDER]: with FOLDER's certificate (bench/testees/certificate) it serves TLS.
"""

import asyncio
import ctypes
import os
import signal
import socket
import ssl
import sys

import websockets


async def echo(connection, path):
    async for message in connection:
        await connection.send(message)


def tls(folder):
    """OpenSSL's default groups: the module ssl can set one only."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(f"{folder}/cert.pem", f"{folder}/key.pem")
    return context


async def serve(port, context):
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind(("127.0.0.1", port))
    async with websockets.serve(echo, sock=listener, ssl=context, backlog=4096, compression=None):
        await asyncio.Future()


def main():
    port, workers = int(sys.argv[1]), int(sys.argv[2])
    # Made before the fork: all processes share the ticket key.
    context = tls(sys.argv[3]) if len(sys.argv) > 3 else None
    # The kernel kills the forked processes when the first one exits.
    for _ in range(workers - 1):
        if os.fork() == 0:
            ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
            break
    asyncio.run(serve(port, context))


main()
