# SPDX-License-Identifier: GPL-2.0-only
"""
An iSCSI initiator that sends whatever it is told to: any PDU (RFC 7143
section 11) with any field wrong. Nothing is checked before it is sent.

    c = Conn().login(TARGET, HeaderDigest="CRC32C")
    c.request(NOP_OUT, data=b"ping", dlength=0xffffff)
    c.expect(REJECT, reason=PROTOCOL_ERROR)
    c.expect_end()

request() fills in tags and numbers, send() sends a Pdu as it is. Fields that
are not given are 0; `dlength` and `ahslen` follow the data and the AHS unless
they are given; so do the digests unless `bad_hdigest`/`bad_ddigest` is.
"""

import hashlib
import os
import select
import socket
import struct
import time

from ktap import Failed

NOP_OUT, SCSI, TMF, LOGIN, TEXT, DATA_OUT, LOGOUT = range(7)
SNACK = 0x10
NOP_IN, SCSI_RSP, TMF_RSP, LOGIN_RSP, TEXT_RSP, DATA_IN, LOGOUT_RSP = range(
    0x20, 0x27)
R2T, ASYNC, REJECT = 0x31, 0x32, 0x3f
IMMEDIATE = 0x40
FINAL, CONTINUE = 0x80, 0x40
READ, WRITE, SIMPLE = 0x40, 0x20, 1
RESERVED = 0xffffffff

# reasons of a Reject
DATA_DIGEST, SNACK_REJECT, PROTOCOL_ERROR, NOT_SUPPORTED = 2, 3, 4, 5
IMMEDIATE_REJECT, TASK_IN_PROGRESS, INVALID_FIELD = 6, 7, 9
LONG_OPERATION = 10
# types of a SNACK
DATA_SNACK, STATUS_SNACK, DATA_ACK, R_DATA_SNACK = range(4)
INVALID_DATA_ACK = 8
# task management
ABORT_TASK, ABORT_TASK_SET, CLEAR_TASK_SET = 1, 2, 4
CLEAR_ACA, LUN_RESET, WARM_RESET, COLD_RESET = 3, 5, 6, 7
QUERY_TASK, QUERY_TASK_SET, NEXUS_RESET, QUERY_ASYNC = 9, 10, 11, 12
COMPLETE, NO_TASK, NO_LUN, TMF_NOT_SUPPORTED, TMF_REJECTED = 0, 1, 2, 5, 255
TASK_REASSIGN, STILL_ALLEGIANT, NO_REASSIGN = 8, 3, 4
# reasons and responses of a logout
CLOSE_SESSION, CLOSE_CONNECTION, RECOVERY = 0, 1, 2
CID_NOT_FOUND, NO_RECOVERY = 1, 2
# status of a login
TOO_MANY, NO_SESSION = 0x0206, 0x020a
SUCCEEDED = 7
# events of asynchronous messages
SCSI_EVENT, LOGOUT_REQUEST, DROP_CONNECTION, DROP_SESSION = range(4)
NEGOTIATION_REQUEST, TASK_TERMINATION = 4, 5
# SCSI status
GOOD, CHECK_CONDITION, BUSY, TASK_SET_FULL = 0, 2, 8, 0x28

ALL = {"op": (0, 1), "flags": (1, 1), "b2": (2, 1), "b3": (3, 1),
       "ahslen": (4, 1), "dlength": (5, 3), "lun": (8, 8), "itt": (16, 4)}
ASK = {**ALL, "cmdsn": (24, 4), "expstatsn": (28, 4)}
ANSWER = {**ALL, "statsn": (24, 4), "expcmdsn": (28, 4), "maxcmdsn": (32, 4)}
FIELDS = {
    NOP_OUT: {**ASK, "ttt": (20, 4)},
    SCSI: {**ASK, "edtl": (20, 4), "cdb": (32, 16)},
    TMF: {**ASK, "ref": (20, 4), "refcmdsn": (32, 4), "expdatasn": (36, 4)},
    LOGIN: {**ASK, "vmax": (2, 1), "vmin": (3, 1), "isid": (8, 6),
            "tsih": (14, 2), "cid": (20, 2)},
    TEXT: {**ASK, "ttt": (20, 4)},
    DATA_OUT: {**ALL, "ttt": (20, 4), "expstatsn": (28, 4),
               "datasn": (36, 4), "offset": (40, 4)},
    LOGOUT: {**ASK, "cid": (20, 2)},
    SNACK: {**ASK, "ttt": (20, 4), "begrun": (40, 4), "runlength": (44, 4)},
    NOP_IN: {**ANSWER, "ttt": (20, 4)},
    SCSI_RSP: {**ANSWER, "response": (2, 1), "status": (3, 1),
               "expdatasn": (36, 4), "residual": (44, 4)},
    TMF_RSP: {**ANSWER, "response": (2, 1), "info": (8, 3)},
    LOGIN_RSP: {**ANSWER, "vmax": (2, 1), "vactive": (3, 1), "isid": (8, 6),
                "tsih": (14, 2), "status": (36, 2)},
    TEXT_RSP: {**ANSWER, "ttt": (20, 4)},
    DATA_IN: {**ANSWER, "status": (3, 1), "ttt": (20, 4), "datasn": (36, 4),
              "offset": (40, 4), "residual": (44, 4)},
    LOGOUT_RSP: {**ANSWER, "response": (2, 1), "time2wait": (40, 2),
                 "time2retain": (42, 2)},
    R2T: {**ANSWER, "ttt": (20, 4), "r2tsn": (36, 4), "offset": (40, 4),
          "length": (44, 4)},
    ASYNC: {**ANSWER, "event": (36, 1), "vcode": (37, 1), "p1": (38, 2),
            "p2": (40, 2), "p3": (42, 2)},
    REJECT: {**ANSWER, "reason": (2, 1), "datasn": (36, 4)},
}
NAMES = {v: k for k, v in globals().items() if k in (
    "NOP_OUT", "SCSI", "TMF", "LOGIN", "TEXT", "DATA_OUT", "LOGOUT", "SNACK",
    "NOP_IN", "SCSI_RSP", "TMF_RSP", "LOGIN_RSP", "TEXT_RSP", "DATA_IN",
    "LOGOUT_RSP", "R2T", "ASYNC", "REJECT")}
UNKNOWN = {**ASK, "ttt": (20, 4)}


def crc_table():
    table = []
    for n in range(256):
        for _ in range(8):
            n = n >> 1 ^ (0x82f63b78 if n & 1 else 0)
        table.append(n)
    return table


CRC_TABLE = crc_table()


def digest(data):
    """CRC32C as it goes on the wire."""
    crc = 0xffffffff
    for byte in data:
        crc = CRC_TABLE[(crc ^ byte) & 0xff] ^ crc >> 8
    return struct.pack("<I", crc ^ 0xffffffff)


def pad(data):
    return data + bytes(-len(data) % 4)


class Pdu:
    """A PDU; its fields are attributes."""

    def __init__(self, op, data=b"", ahs=b"", **fields):
        self.__dict__["bhs"] = bytearray(48)
        self.__dict__["data"] = bytes(data)
        self.__dict__["ahs"] = pad(bytes(ahs))
        self.op = op
        self.ahslen = len(self.ahs) // 4
        self.dlength = len(self.data)
        for name, value in fields.items():
            setattr(self, name, value)

    @classmethod
    def received(cls, bhs, ahs, data, padding=b""):
        pdu = cls(0)
        pdu.__dict__.update(bhs=bytearray(bhs), ahs=ahs, data=data,
                            padding=padding)
        return pdu

    @property
    def opcode(self):
        return self.bhs[0] & 0x3f

    def place(self, name):
        return FIELDS.get(self.opcode, UNKNOWN)[name]

    def __getattr__(self, name):
        try:
            offset, size = self.place(name)
        except KeyError:
            raise AttributeError(f"{self.name} has no {name}") from None
        return int.from_bytes(self.bhs[offset:offset + size], "big")

    def __setattr__(self, name, value):
        offset, size = self.place(name)
        if isinstance(value, int):
            value = value.to_bytes(size, "big")
        self.bhs[offset:offset + size] = value[:size].ljust(size, b"\0")

    @property
    def name(self):
        return NAMES.get(self.opcode, f"opcode {self.opcode:#x}")

    def __str__(self):
        fields = " ".join(
            f"{f}={getattr(self, f):#x}" for f in FIELDS.get(self.opcode, ALL)
            if f not in ("op", "cdb") and getattr(self, f))
        if self.opcode == SCSI_RSP and self.sense:
            fields += " sense=%x/%04x" % self.sense
        return f"{self.name} {fields}"

    def wire(self, hdigest=False, ddigest=False, bad_hdigest=False,
             bad_ddigest=False):
        """All of it in bytes."""
        head, data = bytes(self.bhs) + self.ahs, pad(self.data)
        if hdigest:
            crc = digest(head)
            head += bytes([crc[0] ^ 1]) + crc[1:] if bad_hdigest else crc
        if ddigest and data:
            crc = digest(data)
            data += bytes([crc[0] ^ 1]) + crc[1:] if bad_ddigest else crc
        return head + data

    @property
    def sense(self):
        """(key, ASC and ASCQ) of a SCSI Response."""
        s = self.data[2:]
        if len(s) < 4:
            return None
        if s[0] & 0x7f in (0x72, 0x73):
            return s[1] & 15, s[2] << 8 | s[3]
        return s[2] & 15, s[12] << 8 | s[13]


def text(*pairs, **keys):
    """A data segment of key=value pairs, each with its NUL."""
    words = [*pairs, *(f"{k}={v}" for k, v in keys.items())]
    return b"".join(w.encode("latin-1") + b"\0" for w in words)


def keys_of(data):
    return dict(w.decode("latin-1").split("=", 1)
                for w in data.split(b"\0") if b"=" in w)


def lun(number):
    """The eight bytes of a logical unit number, peripheral or flat."""
    return struct.pack(">H", number if number < 256 else 0x4000 | number
                       ) + bytes(6)


def rw10(opcode, lba, blocks):
    return struct.pack(">BBIBHB", opcode, 0, lba, 0, blocks, 0)


def read10(lba, blocks):
    return rw10(0x28, lba, blocks)


def write10(lba, blocks):
    return rw10(0x2a, lba, blocks)


class Refused(Failed):
    """The login was refused."""

    def __init__(self, response):
        self.status = response.status
        super().__init__(f"login refused with status {self.status:#06x}")


class Numbers:
    """What the connections of a session share."""

    def __init__(self):
        self.cmdsn = self.itt = 1
        self.maxcmdsn = None


def shared(name):
    return property(lambda conn: getattr(conn.numbers, name),
                    lambda conn, value: setattr(conn.numbers, name, value))


class Conn:
    """
    A connection. What was negotiated is in `keys`; `cmdsn` and `expstatsn`
    are what the next request gets; `patience` is how many seconds a PDU may
    take to come; `chunk` is how many bytes one TCP segment holds at most;
    without `acks` no more responses are acknowledged.
    join() makes another connection of the same session, which shares `cmdsn`
    and the tags with this one.
    """

    serial = 0
    cmdsn, itt, maxcmdsn = shared("cmdsn"), shared("itt"), shared("maxcmdsn")

    def __init__(self, host="127.0.0.1", port=3260, patience=60, chunk=None):
        self.patience, self.chunk = patience, chunk
        self.sock = socket.create_connection((host, port), timeout=patience)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.poll = select.poll()
        self.poll.register(self.sock, select.POLLIN)
        self.hdigest = self.ddigest = False
        self.numbers = Numbers()
        self.expstatsn, self.acks = 1, True
        self.cid, self.tsih = 1, 0
        self.names = {}
        self.keys = {}
        self.input = b""
        Conn.serial += 1
        self.isid = struct.pack(">BHBH", 0x80, os.getpid() & 0xffff, 0,
                                Conn.serial & 0xffff)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.sock.close()

    def finish(self):
        """Sends nothing more."""
        try:
            self.sock.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it is closed already

    # --- sending

    def send_bytes(self, data):
        step = self.chunk or len(data) or 1
        for at in range(0, len(data), step):
            self.sock.sendall(data[at:at + step])

    def send(self, pdu, **digests):
        self.send_bytes(pdu.wire(self.hdigest, self.ddigest, **digests))
        return pdu

    def make(self, op, **fields):
        """A request with tags and numbers filled in; takes its CmdSN."""
        pdu = Pdu(op)
        known = FIELDS.get(op & 0x3f, UNKNOWN)
        auto = {"flags": FINAL, "itt": self.itt, "cmdsn": self.cmdsn,
                "expstatsn": self.expstatsn, "ttt": RESERVED}
        data, ahs = fields.pop("data", b""), fields.pop("ahs", b"")
        auto = {k: v for k, v in auto.items() if k in known}
        pdu = Pdu(op, data, ahs, **{**auto, **fields})
        if "itt" not in fields:
            self.itt += 1
        if "cmdsn" in known and "cmdsn" not in fields and op in (
                NOP_OUT, SCSI, TMF, TEXT, LOGOUT):
            self.cmdsn = self.cmdsn + 1 & 0xffffffff
        return pdu

    def request(self, op, bad_hdigest=False, bad_ddigest=False, **fields):
        return self.send(self.make(op, **fields), bad_hdigest=bad_hdigest,
                         bad_ddigest=bad_ddigest)

    def nop(self, data=b"", op=NOP_OUT, **fields):
        return self.request(op, data=data, **fields)

    def scsi(self, cdb, flags=0, edtl=0, unit=0, op=SCSI, **fields):
        """flags: READ, WRITE; the F bit is set unless `final` is False."""
        final = FINAL if fields.pop("final", True) else 0
        attr = fields.pop("attr", SIMPLE)
        return self.request(op, cdb=cdb, flags=final | flags | attr,
                            edtl=edtl, lun=lun(unit), **fields)

    def data_out(self, r2t, data, **fields):
        """Data-Out that answers an R2T; all of it is in one PDU."""
        fields = {"flags": FINAL, "itt": r2t.itt, "ttt": r2t.ttt,
                  "lun": r2t.bhs[8:16], "offset": r2t.offset, **fields}
        return self.request(DATA_OUT, data=data, **fields)

    def tmf(self, function, ref=RESERVED, unit=0, op=TMF | IMMEDIATE,
            **fields):
        return self.request(op, flags=FINAL | function, ref=ref,
                            lun=lun(unit), **fields)

    def snack(self, kind, beg=0, run=0, itt=RESERVED, **fields):
        return self.request(SNACK, flags=FINAL | kind, itt=itt, begrun=beg,
                            runlength=run, **fields)

    # --- receiving

    def wait_bytes(self, count, deadline):
        while len(self.input) < count:
            left = deadline - time.monotonic()
            if left <= 0 or not self.poll.poll(left * 1000):
                raise TimeoutError(f"{count} bytes did not come in time")
            try:
                new = self.sock.recv(1 << 18)
            except (ConnectionResetError, BrokenPipeError):
                new = b""
            if not new:
                raise EOFError("the connection is closed")
            self.input += new

    def take(self, count):
        taken, self.input = self.input[:count], self.input[count:]
        return taken

    def receive(self, patience=None):
        """The next PDU; raises TimeoutError or EOFError."""
        deadline = time.monotonic() + (patience or self.patience)
        self.wait_bytes(48, deadline)
        ahs = self.input[4] * 4
        length = int.from_bytes(self.input[5:8], "big")
        head = 48 + ahs + 4 * self.hdigest
        tail = length + -length % 4 + (4 if self.ddigest and length else 0)
        self.wait_bytes(head + tail, deadline)
        head, tail = self.take(head), self.take(tail)
        if self.hdigest and digest(head[:-4]) != head[-4:]:
            raise Failed("wrong header digest")
        if self.ddigest and tail and digest(tail[:-4]) != tail[-4:]:
            raise Failed("wrong data digest")
        pdu = Pdu.received(head[:48], head[48:48 + ahs], tail[:length],
                           tail[length:length + -length % 4])
        self.count(pdu)
        return pdu

    def count(self, pdu):
        self.maxcmdsn = pdu.maxcmdsn
        has_status = (pdu.opcode not in (R2T, DATA_IN, NOP_IN)
                      or pdu.opcode == DATA_IN and pdu.flags & 1
                      or pdu.opcode == NOP_IN and pdu.itt != RESERVED)
        new = pdu.statsn + 1 & 0xffffffff
        if has_status and self.acks and new - self.expstatsn & 1 << 31 == 0:
            self.expstatsn = new

    def expect(self, op, patience=None, **fields):
        """The next PDU, which must be this one."""
        try:
            pdu = self.receive(patience)
        except (EOFError, TimeoutError) as error:
            raise Failed(f"waited for {NAMES[op]}: {error}") from None
        wrong = [f"{k} is {getattr(pdu, k):#x}, not {v:#x}"
                 for k, v in fields.items()
                 if pdu.opcode != op or getattr(pdu, k) != v]
        if pdu.opcode != op:
            raise Failed(f"waited for {NAMES[op]}, got {pdu}")
        if wrong:
            raise Failed(f"{'; '.join(wrong)} in: {pdu}")
        return pdu

    def expect_end(self, patience=None):
        """Nothing more comes; the target closes the connection."""
        try:
            pdu = self.receive(patience)
        except EOFError:
            return
        except TimeoutError:
            raise Failed("the connection stays open") from None
        raise Failed(f"waited for the end, got {pdu}")

    def expect_nothing(self, seconds=1):
        """Nothing comes, but the connection stays open."""
        try:
            pdu = self.receive(seconds)
        except TimeoutError:
            return
        except EOFError:
            raise Failed("the connection was closed") from None
        raise Failed(f"waited for nothing, got {pdu}")

    # --- whole tasks

    def login_request(self, data=b"", stage=1, next_stage=3, flags=None,
                      **fields):
        """One Login Request, and its response."""
        flags = (FINAL | stage << 2 | next_stage) if flags is None else flags
        op = fields.pop("op", LOGIN | IMMEDIATE)
        self.send(Pdu(op, data, **{
            "flags": flags, "isid": self.isid, "tsih": self.tsih,
            "cid": self.cid,
            "itt": self.itt, "cmdsn": self.cmdsn,
            "expstatsn": self.expstatsn, **fields}))
        return self.expect(LOGIN_RSP)

    def login(self, target, initiator="iqn.2001-04.com.example:raw", isid=None,
              request=None, **keys):
        """A login in one request, without authentication."""
        self.isid = isid or self.isid
        names = {"InitiatorName": initiator, "TargetName": target,
                 "SessionType": "Normal" if target else "Discovery"}
        if not target:
            del names["TargetName"]
        return self.log_in(names, keys, **(request or {}))

    def log_in(self, names, keys, **request):
        self.names = names
        rsp = self.login_request(text(**names, **keys), **request)
        if rsp.status:
            raise Refused(rsp)
        if rsp.flags & 0x83 != 0x83:
            raise Failed(f"the login did not end: {rsp}")
        return self.logged_in(rsp)

    def join(self, cid, request=None, **keys):
        """One more connection of this session, or one that reinstates."""
        other = Conn(patience=self.patience)
        other.numbers, other.keys = self.numbers, dict(self.keys)
        other.isid, other.tsih, other.cid = self.isid, self.tsih, cid
        for digest_key in ("HeaderDigest", "DataDigest"):
            other.keys.pop(digest_key, None)
        try:
            return other.log_in(self.names, keys, **(request or {}))
        except Failed:
            other.close()
            raise

    def logged_in(self, rsp):
        self.keys.update(keys_of(rsp.data))
        self.tsih = rsp.tsih
        self.hdigest = self.keys.get("HeaderDigest") == "CRC32C"
        self.ddigest = self.keys.get("DataDigest") == "CRC32C"
        self.itt += 1
        return self

    def ready(self, unit=0):
        """
        TEST UNIT READY until unit attentions are over, and what an earlier
        session has left in the backend is.
        """
        deadline = time.monotonic() + self.patience
        for _ in range(8):
            rsp = self.command(bytes(6), unit=unit)
            while rsp.status == BUSY and time.monotonic() < deadline:
                time.sleep(0.05)
                rsp = self.command(bytes(6), unit=unit)
            if rsp.status == GOOD:
                return self
            if not rsp.sense or rsp.sense[0] != 6:
                raise Failed(f"not ready: {rsp.status} {rsp.sense}")
        raise Failed("unit attentions without end")

    def command(self, cdb, **fields):
        """A command without data; its response."""
        return self.expect(SCSI_RSP, itt=self.scsi(cdb, **fields).itt)

    def read(self, lba, blocks, unit=0, block=512):
        """READ(10); the data, whatever PDUs it comes in."""
        itt = self.scsi(read10(lba, blocks), READ, blocks * block, unit).itt
        return self.data_of(itt)

    def data_of(self, itt):
        """The data of a read that has been sent."""
        data = bytearray()
        while True:
            pdu = self.receive()
            if pdu.opcode == SCSI_RSP and pdu.itt == itt:
                raise Failed(f"READ: status {pdu.status} {pdu.sense}")
            if pdu.opcode != DATA_IN or pdu.itt != itt:
                raise Failed(f"waited for Data-In, got {pdu}")
            if pdu.offset != len(data):
                raise Failed(f"Data-In out of order: {pdu}")
            data += pdu.data
            if pdu.flags & 1:
                return bytes(data)

    def write(self, lba, data, unit=0, block=512, segment=8192):
        """WRITE(10) by R2T; the SCSI Response."""
        itt = self.scsi(write10(lba, len(data) // block), WRITE, len(data),
                        unit).itt
        return self.fill(itt, data, segment)

    def fill(self, itt, data, segment=8192):
        """Answers the R2Ts of a write; its SCSI Response."""
        while (pdu := self.receive()).opcode == R2T:
            end = pdu.offset + pdu.length
            for sn, at in enumerate(range(pdu.offset, end, segment)):
                piece = data[at:min(at + segment, end)]
                self.data_out(pdu, piece, offset=at, datasn=sn,
                              flags=FINAL if at + len(piece) == end else 0)
        if pdu.opcode != SCSI_RSP or pdu.itt != itt:
            raise Failed(f"WRITE: got {pdu}")
        return pdu

    def ping(self):
        """NOP-Out and its answer: all that came before has been seen."""
        data = b"ping"
        nop = self.nop(data, op=NOP_OUT)
        rsp = self.expect(NOP_IN, itt=nop.itt)
        if rsp.data != data:
            raise Failed(f"the ping came back as {rsp.data!r}")

    def logout(self, reason=CLOSE_SESSION, cid=None):
        self.request(LOGOUT, flags=FINAL | reason,
                     cid=self.cid if cid is None else cid)
        self.expect(LOGOUT_RSP, response=0)
        if reason == CLOSE_SESSION or cid in (None, self.cid):
            self.expect_end()
            self.close()


def chap_response(identifier, secret, challenge):
    return hashlib.md5(bytes([identifier]) + secret + challenge).digest()
