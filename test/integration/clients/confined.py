# What an agent could try without asking: each line says whether it got through.
import json, os, socket, subprocess, sys

places = json.loads(sys.argv[1])


# Who is on this host answers, however busy it is; nobody outside does.
HERE, OUTSIDE = 30, 2


def tcp(host, port, seconds=HERE):
    with socket.create_connection((host, port), seconds) as s:
        return s.recv(16).decode()


def udp(host, port, seconds=HERE):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as s:
        s.settimeout(seconds)
        s.sendto(b"hello", (host, port))
        return s.recv(16).decode()


def unix(path):
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(HERE)
        s.connect(path)
        return s.recv(16).decode()


def raw():
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)) as s:
        return str(s.fileno())


def enter(pid, *before):
    subprocess.run([*before, "nsenter", f"--net=/proc/{pid}/ns/net", "true"], check=True, stderr=subprocess.DEVNULL)
    return "entered"


def stolen(pid):
    return os.readlink(f"/proc/{pid}/fd/0")


def route():
    subprocess.run(["ip", "link", "add", "out0", "type", "dummy"], check=True, stderr=subprocess.DEVNULL, env={"PATH": "/usr/sbin:/sbin"})
    return "made"


parent = os.getppid()
tries = {
    "tcp_loopback": lambda: tcp("127.0.0.1", places["tcp"]),
    "tcp_host_address": lambda: tcp(places["address"], places["tcp"]),
    "udp_loopback": lambda: udp("127.0.0.1", places["udp"]),
    "tcp_outside": lambda: tcp("192.0.2.1", 443, OUTSIDE),
    "tcp6_outside": lambda: tcp("2001:db8::1", 443, OUTSIDE),
    "udp_outside": lambda: udp("192.0.2.1", 443, OUTSIDE),
    "udp6_outside": lambda: udp("2001:db8::1", 443, OUTSIDE),
    "metadata": lambda: tcp("169.254.169.254", 80, OUTSIDE),
    "name": lambda: str(socket.getaddrinfo("example.com", 443)),
    "abstract_socket": lambda: unix(("\0" + places["abstract"]).ljust(108, "\0")),
    "path_socket": lambda: unix(places["path"]),
    "raw_socket": raw,
    "enter_starter": lambda: enter(parent),
    "enter_init": lambda: enter(1),
    "enter_as_new_root": lambda: enter(parent, "unshare", "-Ur"),
    "descriptors_of_starter": lambda: stolen(parent),
    "new_interface": route,
}
seen = {}
for name, attempt in tries.items():
    try:
        seen[name] = {"through": True, "saw": attempt()}
    except Exception as error:
        seen[name] = {"through": False, "saw": type(error).__name__}
print(json.dumps(seen))
