"""Echo testee on Autobahn and Twisted: WORKERS processes share one port.

server.py PORT WORKERS [FOLDER]: with FOLDER's certificate (bench/testees/certificate) it serves TLS.
"""

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


class Contexts:
    """What Twisted asks for an OpenSSL context, the same one for all connections."""

    def __init__(self, folder):
        from OpenSSL import SSL

        self.context = SSL.Context(SSL.TLS_SERVER_METHOD)
        self.context.set_min_proto_version(SSL.TLS1_2_VERSION)
        self.context.use_certificate_file(f"{folder}/cert.pem")
        self.context.use_privatekey_file(f"{folder}/key.pem")

    def getContext(self):
        return self.context


def over_tls(factory, contexts):
    from twisted.protocols.tls import TLSMemoryBIOFactory

    return TLSMemoryBIOFactory(contexts, isClient=False, wrappedFactory=factory)


def serve(port, contexts):
    # Imported after the fork: the reactor opens an epoll descriptor, which must not be shared.
    from autobahn.twisted.websocket import WebSocketServerFactory, WebSocketServerProtocol
    from twisted.internet import reactor

    class Echo(WebSocketServerProtocol):
        def onMessage(self, payload, isBinary):
            self.sendMessage(payload, isBinary)

    factory = WebSocketServerFactory(f"ws://127.0.0.1:{port}")
    factory.protocol = Echo
    if contexts:
        factory = over_tls(factory, contexts)
    with listener(port) as s:
        reactor.adoptStreamPort(s.fileno(), socket.AF_INET, factory)  # duplicates the descriptor
    reactor.run()


def main():
    port, workers = int(sys.argv[1]), int(sys.argv[2])
    # Made before the fork: all processes share the ticket key.
    contexts = Contexts(sys.argv[3]) if len(sys.argv) > 3 else None
    fork(workers)
    serve(port, contexts)


main()
