"""One raw connection. Arguments: host, port, hex of what is sent, how often, `half` or `open`, seconds, own address or -.

Prints JSON: what came back (latin-1, only both ends of much), its size, how it ended (`eof`, `reset`, `refused`, `open` when it still stands after the
seconds), and the address that it came from.
"""

import json
import socket
import sys
import threading

host, port, data, times, half, seconds, own = sys.argv[1:8]
said = bytes.fromhex(data) * int(times)
family = socket.AF_INET6 if ":" in host else socket.AF_INET
sock = socket.socket(family, socket.SOCK_STREAM)
sock.settimeout(float(seconds))
got = b""
source = ""
try:
    if own != "-":
        sock.bind((own, 0))
    sock.connect((host, int(port)))
    source = sock.getsockname()[0]
    if said:
        threading.Thread(target=sock.sendall, args=(said,), daemon=True).start()
    while True:
        part = sock.recv(65536)
        if not part:
            end = "eof"
            break
        got += part
        # Its side ends when what it said has come back: earlier, that would mean that nobody waits for an answer.
        if half == "half" and len(got) > len(said):
            sock.shutdown(socket.SHUT_WR)
            half = "done"
except ConnectionRefusedError:
    end = "refused"
except (ConnectionResetError, BrokenPipeError):
    end = "reset"
except (TimeoutError, socket.timeout):
    end = "open"
whole = got.decode("latin-1")
text = whole if len(whole) <= 4096 else whole[:64] + whole[-64:]
print(json.dumps({"got": text, "bytes": len(whole), "end": end, "source": source}))
