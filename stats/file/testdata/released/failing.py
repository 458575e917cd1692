# A testee that ends each of fourteen connections in another way, in turn. It prints its port.
import base64, hashlib, socket, struct, sys, threading
def accept(req):
    key = [l.split(b': ')[1] for l in req.split(b'\r\n') if l.lower().startswith(b'sec-websocket-key')][0]
    return base64.b64encode(hashlib.sha1(key + b'258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest())
def rst(c):
    c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0)); c.close()
def ok(req): return b'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ' + accept(req) + b'\r\n\r\n'
def fin(c):
    try: c.shutdown(socket.SHUT_WR); c.recv(1000)
    except OSError: pass
    c.close()
kept = []
def serve(c, n):
    req = b''
    while b'\r\n\r\n' not in req:
        d = c.recv(4096)
        if not d: return c.close()
        req += d
    k = n % 14
    if k == 0: c.sendall(b'HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n'); fin(c)
    elif k == 1: c.sendall(b'HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\n\r\n<b>"later" & \x1b[31m\xc3\xa4</b>\\'); fin(c)
    elif k == 2: c.sendall(b'HTTP/1.1 999 Odd\r\n\r\n'); fin(c)
    elif k == 3: c.sendall(b'SSH-2.0-OpenSSH_9.9\r\n'); fin(c)
    elif k == 4: c.close()
    elif k == 5: rst(c)
    elif k == 6: c.sendall(b'HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n'); fin(c)
    elif k == 7: kept.append(c)
    elif k == 8: c.sendall(ok(req)); c.recv(100); rst(c)
    elif k == 9: c.sendall(ok(req)); c.recv(100); fin(c)
    elif k == 10: c.sendall(ok(req)); c.recv(100); c.sendall(b'\xff\x00'); fin(c)
    elif k == 11: c.sendall(ok(req)); c.recv(100); kept.append(c)
    elif k == 12: c.sendall(ok(req)); c.recv(100); c.sendall(b'\x88\x02\x03\xe8'); rst(c)
    else: c.sendall(ok(req)); c.recv(100); c.sendall(b'\x88\x02\x03\xe8'); fin(c)
s = socket.create_server(('127.0.0.1', 0), backlog=200); print(s.getsockname()[1], flush=True)
n = 0
while True:
    c, _ = s.accept(); threading.Thread(target=serve, args=(c, n), daemon=True).start(); n += 1
