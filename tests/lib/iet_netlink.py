# SPDX-License-Identifier: GPL-2.0-only
"""
A client of the netlink family "iet" for tests: it sends what it is told to,
sensible or not. The ids are those of include/iet_netlink.h.
"""

import errno
import os
import re
import socket
import struct
from pathlib import Path

NETLINK_GENERIC, SOL_NETLINK = 16, 270
NETLINK_ADD_MEMBERSHIP, NETLINK_CAP_ACK, NETLINK_EXT_ACK = 1, 10, 11
NLM_F_REQUEST, NLM_F_ACK, NLM_F_DUMP = 1, 4, 0x300
NLM_F_DUMP_INTR, NLM_F_ACK_TLVS = 0x10, 0x200
NLMSG_ERROR, NLMSG_DONE = 2, 3
NLMSGERR_ATTR_MSG, NLMSGERR_ATTR_OFFS, NLMSGERR_ATTR_MISS_TYPE = 1, 2, 5
GENL_ID_CTRL, CTRL_CMD_GETFAMILY = 16, 3
CTRL_ATTR_FAMILY_ID, CTRL_ATTR_FAMILY_NAME, CTRL_ATTR_MCAST_GROUPS = 1, 2, 7
NLA_F_NESTED = 0x8000
TOP = Path(os.environ.get("IET_TOP", "."))


def _ids():
    text = (TOP / "include/iet_netlink.h").read_text()
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    ids = {}
    for body in re.findall(r"enum\s+\w+\s*\{(.*?)\}", text, re.S):
        for number, name in enumerate(re.findall(r"(\w+)\s*,", body)):
            ids[name.removeprefix("IET_")] = number
    return ids


ID = _ids()
NAME = {p: {n: name for name, n in ID.items() if name.startswith(p)}
        for p in ("I_", "T_", "K_", "L_", "P_", "S_", "C_", "F_", "N_",
                  "ST_", "H_")}
STRINGS = {"I_VERSION", "T_NAME", "T_ALIAS", "T_REDIRECT", "L_IOTYPE",
           "L_PATH", "L_SCSI_ID", "L_SCSI_SN", "S_INITIATOR", "C_ADDR",
           "P_VENDOR", "P_PRODUCT", "P_REVISION", "P_NAA", "P_EUI64",
           "P_UUID", "F_INITIATOR", "N_INITIATOR"}
NESTS = {"T_KEYS": "K_", "S_KEYS": "K_", "S_CONN": "C_", "L_PROPS": "P_",
         "L_STATS": "ST_", "S_STATS": "ST_", "N_STATS": "ST_",
         "L_LATENCY": "H_"}


class Refused(Exception):
    """errno, the kernel's words, offset or type of the attribute"""

    def __init__(self, number, text, offset, missing):
        super().__init__(f"{os.strerror(number)}: {text}")
        self.errno, self.text = number, text
        self.offset, self.missing = offset, missing


def attr(kind, data):
    raw = struct.pack("=HH", 4 + len(data), kind) + data
    return raw + bytes(-len(raw) % 4)


def pack(name, value):
    """Attribute of a name of the header; the type follows the value."""
    kind = ID[name]
    if isinstance(value, dict):
        data = b"".join(pack(k, v) for k, v in value.items())
        return attr(kind | NLA_F_NESTED, data)
    if value is True:
        return attr(kind, b"")
    if isinstance(value, str):
        return attr(kind, value.encode() + b"\0")
    if isinstance(value, bytes):
        return attr(kind, value)
    wide = name in ("S_SID", "C_SID", "L_BLOCKS", "I_INSTANCE", "F_SID",
                    "F_LBA", "F_LBA_LAST", "F_SEEN", "F_HITS", "N_SID")
    return attr(kind, struct.pack("=Q" if wide else "=I", value))


def split(data):
    while len(data) >= 4:
        length, kind = struct.unpack_from("=HH", data)
        yield kind & 0x3fff, data[4:length]
        data = data[(length + 3) & ~3:]


def unpack(data, prefix):
    """name -> value; S_CONN is a list"""
    values = {}
    for kind, raw in split(data):
        name = NAME[prefix].get(kind, f"{prefix}{kind}")
        if name.endswith("_PAD"):
            continue
        if name in NESTS:
            value = unpack(raw, NESTS[name])
            if name == "S_CONN":
                values.setdefault(name, []).append(value)
                continue
        elif name in STRINGS:
            value = raw.rstrip(b"\0").decode()
        elif name in ("S_ISID", "S_LUN_MAP"):
            value = raw
        else:
            value = int.from_bytes(raw, "little")
        values[name] = value
    return values


class Netlink:
    def __init__(self):
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW,
                                  NETLINK_GENERIC)
        self.sock.bind((0, 0))
        self.sock.settimeout(30)
        self.sock.setsockopt(SOL_NETLINK, NETLINK_EXT_ACK, 1)
        self.sock.setsockopt(SOL_NETLINK, NETLINK_CAP_ACK, 1)
        self.seq = 0
        self.interrupted = False
        family = dict(split(self._ctrl()))
        self.family = struct.unpack("=H", family[CTRL_ATTR_FAMILY_ID])[0]
        groups = {}
        for _, group in split(family.get(CTRL_ATTR_MCAST_GROUPS, b"")):
            parts = dict(split(group))
            groups[parts[1].rstrip(b"\0").decode()] = struct.unpack(
                "=I", parts[2])[0]
        self.groups = groups

    def _ctrl(self):
        name = attr(CTRL_ATTR_FAMILY_NAME, b"iet\0")
        return self._talk(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, name, 0)[0]

    def _send(self, kind, cmd, attrs, flags):
        self.seq += 1
        body = struct.pack("=BBH", cmd, 1, 0) + attrs
        self.sock.send(struct.pack("=IHHII", 16 + len(body), kind,
                                   NLM_F_REQUEST | NLM_F_ACK | flags,
                                   self.seq, 0) + body)

    @staticmethod
    def _refused(data, flags, error, skip):
        tlvs = dict(split(data[skip:])) if flags & NLM_F_ACK_TLVS else {}
        number = {k: struct.unpack("=I", tlvs[k])[0] if k in tlvs else None
                  for k in (NLMSGERR_ATTR_OFFS, NLMSGERR_ATTR_MISS_TYPE)}
        text = tlvs.get(NLMSGERR_ATTR_MSG, b"").rstrip(b"\0").decode()
        return Refused(-error, text, number[NLMSGERR_ATTR_OFFS],
                       number[NLMSGERR_ATTR_MISS_TYPE])

    def _talk(self, kind, cmd, attrs, flags):
        """Sends a request; the payloads of the answers."""
        self._send(kind, cmd, attrs, flags)
        answers = []
        self.interrupted = False
        while True:
            data = self.sock.recv(65536)
            while len(data) >= 16:
                length, what, mflags, _, _ = struct.unpack_from("=IHHII", data)
                payload = data[16:length]
                data = data[(length + 3) & ~3:]
                self.interrupted |= bool(mflags & NLM_F_DUMP_INTR)
                if what in (NLMSG_ERROR, NLMSG_DONE):
                    error = struct.unpack_from("=i", payload)[0]
                    if error:
                        raise self._refused(payload, mflags, error,
                                            20 if what == NLMSG_ERROR else 4)
                    return answers
                answers.append(payload[4:])

    def raw(self, cmd, attrs, flags=0):
        return self._talk(self.family, ID["CMD_" + cmd], attrs, flags)

    def do(self, cmd, **values):
        """A request; the answer's attributes, None if it has none."""
        attrs = b"".join(pack(k, v) for k, v in values.items())
        answers = self.raw(cmd, attrs)
        return unpack(answers[0], cmd[0] + "_") if answers else None

    def dump(self, cmd, **values):
        attrs = b"".join(pack(k, v) for k, v in values.items())
        return [unpack(a, cmd[0] + "_")
                for a in self.raw(cmd, attrs, NLM_F_DUMP)]

    def subscribe(self):
        self.sock.setsockopt(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP,
                             self.groups["events"])

    def events(self):
        """
        What is in the queue: (command, attributes); "LOST" where the kernel
        says that there were more.
        """
        names = {n: k for k, n in ID.items() if k.startswith("CMD_")}
        found = []
        self.sock.settimeout(1)
        while True:
            try:
                data = self.sock.recv(65536)
            except TimeoutError:
                return found
            except OSError as e:
                if e.errno != errno.ENOBUFS:
                    raise
                found.append(("LOST", {}))
                continue
            name = names[data[16]].removeprefix("CMD_")
            found.append((name, unpack(data[20:], name[0] + "_")))
