"""Echo testee on Autobahn and Twisted: WORKERS processes share one port."""

import ctypes
import os
import signal
import socket
import sys

BACKLOG = 4096  # the default of net.core.somaxconn


def fork(workers):
    """The first process is the one that is killed: the others end with it."""
    for _ in range(workers - 1):
        if os.fork() == 0:
            ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
            return


def listener(port):
    """A listening socket of this process's own: the kernel spreads the connections."""
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    s.bind(("127.0.0.1", port))
    s.listen(BACKLOG)
    s.setblocking(False)
    return s


def serve(port):
    # Imported here, for the reactor's epoll descriptor must not be shared by a fork.
    from autobahn.twisted.websocket import WebSocketServerFactory, WebSocketServerProtocol
    from twisted.internet import reactor

    class Echo(WebSocketServerProtocol):
        def onMessage(self, payload, isBinary):
            self.sendMessage(payload, isBinary)

    factory = WebSocketServerFactory(f"ws://127.0.0.1:{port}")
    factory.protocol = Echo
    with listener(port) as s:
        reactor.adoptStreamPort(s.fileno(), socket.AF_INET, factory)  # which duplicates it
    reactor.run()


def main():
    port, workers = int(sys.argv[1]), int(sys.argv[2])
    fork(workers)
    serve(port)


main()
