"""Accepts TCP on each [host, port] of argv[1] until its standard input ends; prints "ready" first."""
import json, socket, sys, threading


def serve(server):
    while True:
        server.accept()[0].close()


for host, port in json.loads(sys.argv[1]):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    server = socket.socket(family, socket.SOCK_STREAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind((host, port))
    server.listen()
    threading.Thread(target=serve, args=(server,), daemon=True).start()
print("ready", flush=True)
sys.stdin.read()
