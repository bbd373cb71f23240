#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""
Records what an initiator sends after its login, for pdu_fuzz: stands between
it, at port 3261, and the target.

    tests/fuzz/capture.py FILE [MOST-BYTES] -- COMMAND [ARGUMENT...]

The command is one that talks to 127.0.0.1:3261. PDUs with large data segments
are left out, and what is beyond the limit (16384). It is to be negotiated
without digests.
"""

import socket
import subprocess
import sys
import threading

LOGIN, BHS, DATA_MOST = 3, 48, 1024


class Recorder:
    def __init__(self, limit):
        self.limit, self.pdus, self.size = limit, [], 0
        self.lock = threading.Lock()

    def take(self, pdu):
        with self.lock:
            if (pdu[0] & 0x3f == LOGIN or len(pdu) > BHS + DATA_MOST
                    or self.size + len(pdu) > self.limit):
                return
            self.pdus.append(pdu)
            self.size += len(pdu)

    def split(self, stream):
        """Takes whole PDUs from the beginning of a stream; the rest of it."""
        while len(stream) >= BHS:
            data = int.from_bytes(stream[5:8], "big")
            length = BHS + 4 * stream[4] + data + -data % 4
            if len(stream) < length:
                break
            self.take(stream[:length])
            stream = stream[length:]
        return stream


def pump(source, dest, recorder=None):
    rest = b""
    try:
        while data := source.recv(65536):
            dest.sendall(data)
            if recorder:
                rest = recorder.split(rest + data)
    except OSError:
        pass
    for end in (source, dest):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def serve(listener, recorder):
    while True:
        peer, _ = listener.accept()
        target = socket.create_connection(("127.0.0.1", 3260))
        for end in (peer, target):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for args in ((peer, target, recorder), (target, peer)):
            threading.Thread(target=pump, args=args, daemon=True).start()


def main():
    at = sys.argv.index("--")
    name, *limit = sys.argv[1:at]
    recorder = Recorder(int(limit[0]) if limit else 16384)
    listener = socket.create_server(("127.0.0.1", 3261))
    threading.Thread(target=serve, args=(listener, recorder),
                     daemon=True).start()
    subprocess.run(sys.argv[at + 1:], check=False)
    with open(name, "wb") as out:
        out.write(b"".join(recorder.pdus))
    print(f"{name}: {len(recorder.pdus)} PDUs, {recorder.size} bytes")


if __name__ == "__main__":
    main()
