"""Tries one thing after another as the user and group of argv[1] ("uid:gid") and prints what came of each as JSON.

argv[2] is a list of [kind, host, port], and for ask the port to ask from if it matters; kind is tcp, mptcp, udp, icmp, or hear, say (TCP) and ask (UDP), whose outcome is the
answer. Other outcomes are "open", "sent" or the name of the error.
"""
import errno, json, os, socket, sys

uid, gid = (int(part) for part in sys.argv[1].split(":"))
os.setgroups([])
os.setgid(gid)
os.setuid(uid)


# Seconds. Refusals come at once, and what gets through is answered here.
PATIENCE = 10


def attempt(kind, host, port, own=0):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    if kind in ("tcp", "mptcp"):
        with socket.socket(family, socket.SOCK_STREAM, 262 if kind == "mptcp" else 0) as sock:
            sock.settimeout(PATIENCE)
            sock.connect((host, port))
            return "open"
    if kind in ("hear", "say"):
        with socket.create_connection((host, port), PATIENCE) as sock:
            if kind == "say":
                sock.sendall(b"question")
            return sock.recv(256).decode() or "EOF"
    if kind == "ask":
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.settimeout(PATIENCE)
            sock.bind(("", own))
            # Connected: an answer from another address than was asked is no answer.
            sock.connect((host, port))
            sock.send(b"question")
            return sock.recv(256).decode()
    if kind == "udp":
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.sendto(b"probe", (host, port))
            return "sent"
    protocol = socket.IPPROTO_ICMPV6 if family == socket.AF_INET6 else socket.IPPROTO_ICMP
    with socket.socket(family, socket.SOCK_DGRAM, protocol) as sock:
        echo = b"\x80" if family == socket.AF_INET6 else b"\x08"
        # As the program ping does: hear of refusals, instead of waiting for an echo.
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, 25, 1)
        else:
            sock.setsockopt(socket.IPPROTO_IP, 11, 1)
        sock.settimeout(PATIENCE)
        sock.sendto(echo + b"\x00" * 7 + b"probe", (host, 0))
        sock.recv(64)
        return "open"


outcomes = []
for one in json.loads(sys.argv[2]):
    try:
        outcomes.append(attempt(*one))
    except TimeoutError:
        outcomes.append("TIMEOUT")
    except OSError as error:
        outcomes.append(errno.errorcode.get(error.errno, str(error.errno)))
print(json.dumps(outcomes))
