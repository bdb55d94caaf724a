"""One raw connection. Arguments: host, port, hex of what is sent, `half` or `open`, seconds.

Prints JSON: what came back (latin-1), how it ended (`eof`, `reset`, `refused`, `open` when it still stands after the
seconds), and the address that it came from.
"""

import json
import socket
import sys

host, port, data, half, seconds = sys.argv[1:6]
# Its side ends when what it said has come back: earlier, an end means that nobody is interested in an answer.
ended = bytes.fromhex(data)
family = socket.AF_INET6 if ":" in host else socket.AF_INET
sock = socket.socket(family, socket.SOCK_STREAM)
sock.settimeout(float(seconds))
got = b""
source = ""
try:
    sock.connect((host, int(port)))
    source = sock.getsockname()[0]
    if data:
        sock.sendall(bytes.fromhex(data))
    while True:
        part = sock.recv(65536)
        if not part:
            end = "eof"
            break
        got += part
        if half == "half" and ended in got:
            sock.shutdown(socket.SHUT_WR)
            half = "done"
except ConnectionRefusedError:
    end = "refused"
except (ConnectionResetError, BrokenPipeError):
    end = "reset"
except (TimeoutError, socket.timeout):
    end = "open"
print(json.dumps({"got": got.decode("latin-1"), "end": end, "source": source}))
