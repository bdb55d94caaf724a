"""WebSockets or gRPC calls, one after the other. Argument: a JSON list of {kind, url, at, path, headers, ca, many, authority}.

Prints a JSON list: `open` (did it begin), `status` (HTTP or gRPC), `text` (of a refusal), `got` (payload bytes that came back),
`echo` (the first answer). `many`: messages of 50 bytes until it ends.
"""

import json
import queue
import socket
import sys

MESSAGE = b"x" * 50
MANY_MAX = 200
WAIT_S = 60


def websocket(asked, told):
    from websockets.exceptions import ConnectionClosed, InvalidProxyStatus, InvalidStatus
    from websockets.sync.client import connect

    try:
        there = {"sock": socket.create_connection(asked["at"])} if asked["at"] else {}
        with connect(asked["url"], additional_headers=asked["headers"], open_timeout=WAIT_S, **there) as opened:
            told.update(open=True, status=opened.response.status_code)
            for _ in range(MANY_MAX if asked["many"] else 1):
                opened.send("hello" if not asked["many"] else MESSAGE.decode())
                answer = opened.recv()
                told["got"] += len(answer)
                told["echo"] = told["echo"] or answer[:5]
    except (InvalidStatus, InvalidProxyStatus) as refused:
        told.update(status=refused.response.status_code, text=(refused.response.body or b"").decode())
    except ConnectionClosed as closed:
        told["text"] = str(closed)


def grpc_call(asked, told):
    import grpc

    options = [("grpc.default_authority", asked["authority"])] if asked["authority"] else []
    if asked["ca"]:
        with open(asked["ca"], "rb") as file:
            trust = grpc.ssl_channel_credentials(root_certificates=file.read())
        channel = grpc.secure_channel(asked["url"], trust, options)
    else:
        channel = grpc.insecure_channel(asked["url"], options)
    same = lambda raw: raw
    metadata = list(asked["headers"].items())
    message = MESSAGE if asked["many"] else b"hello"
    # Each message waits for the answer to the one before.
    wanted = queue.Queue()
    wanted.put(message)
    left = MANY_MAX if asked["many"] else 1
    try:
        with channel:
            call = channel.stream_stream(asked["path"], same, same)
            for answer in call(iter(wanted.get, None), metadata=metadata, timeout=WAIT_S):
                left -= 1
                wanted.put(message if left > 0 else None)
                told["open"] = True
                told["got"] += len(answer)
                told["echo"] = told["echo"] or answer[:5].decode()
    except grpc.RpcError as error:
        told.update(status=error.code().value[0], text=error.details() or "")
    finally:
        wanted.put(None)


def one(asked):
    told = {"open": False, "status": 0, "text": "", "got": 0, "echo": ""}
    (grpc_call if asked["kind"] == "grpc" else websocket)(asked, told)
    return told


print(json.dumps([one(asked) for asked in json.loads(sys.argv[1])]))
