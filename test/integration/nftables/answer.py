"""Listens on each [kind, host, port] of argv[1] until its standard input ends; prints "ready" first.

"redirect" and "tproxy" say to whoever connects where they were going, by the two ways a gateway learns it, and whom they
look like: "port <- peer -> destination:port". "dns" echoes one datagram, and the first bytes of a connection. "names" answers
a datagram with its kind. "late" answers when the other side has closed.
"""
import json, socket, struct, sys, threading

ORIGINAL_DST = 80
IP_TRANSPARENT, IPV6_TRANSPARENT = 19, 75


def original(kind, sock):
    if kind == "tproxy":
        return sock.getsockname()[:2]
    if sock.family == socket.AF_INET6:
        raw = sock.getsockopt(socket.IPPROTO_IPV6, ORIGINAL_DST, 28)
        return socket.inet_ntop(socket.AF_INET6, raw[8:24]), struct.unpack("!H", raw[2:4])[0]
    raw = sock.getsockopt(socket.IPPROTO_IP, ORIGINAL_DST, 16)
    return socket.inet_ntop(socket.AF_INET, raw[4:8]), struct.unpack("!H", raw[2:4])[0]


def talk(kind, port, sock, peer):
    with sock:
        try:
            speak(kind, port, sock, peer)
        except OSError:
            pass  # whoever connected has gone


def speak(kind, port, sock, peer):
    if kind == "dns":
        sock.sendall(sock.recv(64))
        return
    if kind == "late":
        while sock.recv(4096):
            pass
        sock.sendall(b"late")
        return
    sock.sendall(("%d <- %s -> %s" % (port, peer[0], destination(kind, sock))).encode())
    sock.shutdown(socket.SHUT_WR)
    while sock.recv(4096):
        pass


def destination(kind, sock):
    try:
        return "%s:%d" % original(kind, sock)
    except OSError:
        return "nobody"


def accept(kind, port, server):
    while True:
        sock, peer = server.accept()
        threading.Thread(target=talk, args=(kind, port, sock, peer), daemon=True).start()


def echo(kind, sock):
    while True:
        data, peer = sock.recvfrom(64)
        sock.sendto(data if kind == "dns" else kind.encode(), peer)


def opened(host, port, kind, family, type):
    sock = socket.socket(family, type)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    if kind == "tproxy":
        level, option = (
            (socket.IPPROTO_IPV6, IPV6_TRANSPARENT)
            if family == socket.AF_INET6
            else (socket.IPPROTO_IP, IP_TRANSPARENT)
        )
        sock.setsockopt(level, option, 1)
    sock.bind((host, port))
    return sock


for kind, host, port in json.loads(sys.argv[1]):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    server = opened(host, port, kind, family, socket.SOCK_STREAM)
    server.listen()
    threading.Thread(target=accept, args=(kind, port, server), daemon=True).start()
    if kind in ("dns", "names"):
        datagrams = opened(host, port, kind, family, socket.SOCK_DGRAM)
        threading.Thread(target=echo, args=(kind, datagrams), daemon=True).start()
print("ready", flush=True)
sys.stdin.read()
