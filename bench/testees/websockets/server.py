"""Echo testee on python3-websockets: WORKERS processes share one port."""

import asyncio
import ctypes
import os
import signal
import socket
import sys

import websockets


async def echo(connection, path):
    async for message in connection:
        await connection.send(message)


async def serve(port):
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind(("127.0.0.1", port))
    async with websockets.serve(echo, sock=listener, backlog=4096, compression=None):
        await asyncio.Future()


def main():
    port, workers = int(sys.argv[1]), int(sys.argv[2])
    # The kernel kills the forked processes when the first one exits.
    for _ in range(workers - 1):
        if os.fork() == 0:
            ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
            break
    asyncio.run(serve(port))


main()
