"""Echo testee on Autobahn and Twisted: WORKERS processes share one port."""

import ctypes
import os
import signal
import socket
import sys

BACKLOG = 4096  # the default of net.core.somaxconn


def fork(workers):
    """Forks workers - 1 processes that the kernel kills when the first one exits."""
    for _ in range(workers - 1):
        if os.fork() == 0:
            ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
            return


def listener(port):
    """A listening socket for this process. The kernel spreads connections over all."""
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    s.bind(("127.0.0.1", port))
    s.listen(BACKLOG)
    s.setblocking(False)
    return s


def serve(port):
    # Imported after the fork: the reactor opens an epoll descriptor, which must not be shared.
    from autobahn.twisted.websocket import WebSocketServerFactory, WebSocketServerProtocol
    from twisted.internet import reactor

    class Echo(WebSocketServerProtocol):
        def onMessage(self, payload, isBinary):
            self.sendMessage(payload, isBinary)

    factory = WebSocketServerFactory(f"ws://127.0.0.1:{port}")
    factory.protocol = Echo
    with listener(port) as s:
        reactor.adoptStreamPort(s.fileno(), socket.AF_INET, factory)  # duplicates the descriptor
    reactor.run()


def main():
    port, workers = int(sys.argv[1]), int(sys.argv[2])
    fork(workers)
    serve(port)


main()
