"""Connects as the user of argv[1] to argv[2] port argv[3], prints "ready", and sends when its standard input ends."""
import os, socket, sys

os.setgroups([])
os.setgid(int(sys.argv[1].split(":")[1]))
os.setuid(int(sys.argv[1].split(":")[0]))
sock = socket.create_connection((sys.argv[2], int(sys.argv[3])))
print("ready", flush=True)
sys.stdin.read()
try:
    sock.send(b"more")
except OSError:
    pass
os._exit(0)
