# SPDX-License-Identifier: GPL-2.0-only
"""
What a target is to be: an exact model of targets, LUNs, sessions, accounts and
rules, from ietd.conf(5) and ietadm(8) alone. It says what /proc/net/iet and
ietadm show, who gets in, and which unit attentions a session has.
"""

import hashlib
import re

POWER_ON, LUNS_CHANGED, INQUIRY_CHANGED = 0x2900, 0x3f0e, 0x3f03
CAPACITY_CHANGED, MODE_CHANGED, ACCESS_CHANGED = 0x2a09, 0x2a01, 0x2a06
CONFIG, RUNTIME = "config", "runtime"
NOT_FOUND, FORBIDDEN, NO_PROOF, FULL = 0x203, 0x202, 0x201, 0x302
MOVED, MOVED_FOR_GOOD = 0x101, 0x102
DIGESTS = ("None", "CRC32C", "CRC32C,None")
STATES = ("active-optimized", "active-nonoptimized", "standby", "unavailable",
          "transitioning")
ACTIVE = STATES[:2]


class Param:
    """
    A word of ietd.conf: which values it takes, its default, whether one above
    the maximum is lowered, and to what at most.
    """

    def __init__(self, name, low, high, default, lowered=False, limit=None):
        self.name, self.low, self.high = name, low, high
        self.default, self.lowered = default, lowered
        self.limit = high if limit is None else limit

    def take(self, text):
        """The value that a text stands for, None if it is refused."""
        if isinstance(self.low, tuple):
            fit = [v for v in self.low if v.lower() == text.lower()]
            return fit[0] if fit else None
        if not re.fullmatch("0[0-7]*|[1-9][0-9]*|0[xX][0-9a-fA-F]+", text):
            return None
        value = int(text, 8 if re.fullmatch("0[0-7]+", text) else 0)
        if value < self.low or value > self.high and not self.lowered:
            return None
        return min(value, self.limit)


def yes_no(name, default, only=None):
    return Param(name, (only,) if only else ("Yes", "No"), None, default)


# those of the target, as --op show --tid prints them, then those of sessions
TARGET_PARAMS = (
    Param("Wthreads", 1, 128, 8),
    Param("Type", 0, 0, 0),
    Param("QueuedCommands", 1, 256, 128),
    Param("NOPInterval", 0, 90, 0),
    Param("NOPTimeout", 0, 90, 0),
    Param("MaxSessions", 0, 65535, 0),
    Param("AluaState", STATES, None, STATES[0]),
    yes_no("AluaPreferred", "No"),
    yes_no("AluaExplicit", "No"),
)
KEYS = (
    yes_no("InitialR2T", "No"),
    yes_no("ImmediateData", "Yes"),
    Param("MaxConnections", 1, 65535, 1, True, 16),
    Param("MaxRecvDataSegmentLength", 512, 16777215, 262144, True, 262144),
    Param("MaxXmitDataSegmentLength", 512, 16777215, 262144, True),
    Param("MaxBurstLength", 512, 16777215, 1048576, True),
    Param("FirstBurstLength", 512, 16777215, 262144, True),
    Param("DefaultTime2Wait", 0, 3600, 2),
    Param("DefaultTime2Retain", 0, 3600, 20),
    Param("MaxOutstandingR2T", 1, 65535, 8, True, 64),
    yes_no("DataPDUInOrder", "Yes", "Yes"),
    yes_no("DataSequenceInOrder", "Yes", "Yes"),
    Param("ErrorRecoveryLevel", 0, 2, 0, True),
    Param("HeaderDigest", DIGESTS, None, DIGESTS[2]),
    Param("DataDigest", DIGESTS, None, DIGESTS[2]),
    yes_no("OFMarker", "No", "No"),
    yes_no("IFMarker", "No", "No"),
    Param("OFMarkInt", 1, 65535, 2048),
    Param("IFMarkInt", 1, 65535, 2048),
)
PARAMS = {p.name: p for p in TARGET_PARAMS + KEYS}
ALUA = ("AluaState", "AluaPreferred", "AluaExplicit")
# what a disk says of itself, in the order of --op show --lun
PROPS = ("VendorId", "ProductId", "ProductRev", "NAA", "EUI64", "UUID",
         "ScsiVersion", "PhysicalBlockSize", "RotationRate", "OptimalIO")
FIXED_PROPS = ("NAA", "EUI64", "UUID")


def default_id(target, lun):
    return hashlib.md5(f"{target}:{lun}".encode()).hexdigest()[:16]


class Medium:
    """A file or device; `size` in bytes."""

    def __init__(self, size):
        self.size = size


class Volume:
    """A disk; `args` as on a Lun line, but Path."""

    def __init__(self, path, medium, args, scsi_id):
        self.path, self.medium = path, medium
        self.type = args.get("Type", "fileio")
        self.iomode = args.get("IOMode", "wt")
        self.block = int(args.get("BlockSize", 512))
        self.scsi_id = args.get("ScsiId", scsi_id)
        self.scsi_sn = args.get("ScsiSN", self.scsi_id.encode().hex())
        self.thin = args.get("ThinProvisioned", "No")
        self.removable = args.get("Removable", "No")
        self.props = {k: args[k] for k in PROPS if k in args}
        self.blocks = (int(args.get("Blocks", (64 << 30) // self.block))
                       if medium is None else medium.size // self.block)

    def conflict(self, args):
        """What of these arguments of one more LUN it is not, or None."""
        have = {"Type": self.type, "IOMode": self.iomode,
                "BlockSize": str(self.block),
                "ThinProvisioned": self.thin, "Removable": self.removable,
                "ScsiId": self.scsi_id, "ScsiSN": self.scsi_sn}
        given = {"Type": "fileio", **args}
        for key, value in have.items():
            if given.get(key, value) != value:
                return key
        props = {k: args[k] for k in PROPS if k in args}
        return "properties" if props and props != self.props else None

    def proc(self, number):
        path = f" path:{self.path}" if self.path else ""
        return (f"\tlun:{number} state:0 iotype:{self.type} "
                f"iomode:{self.iomode} blocks:{self.blocks} "
                f"blocksize:{self.block}{path}\n")

    def show(self):
        path = f"Path={self.path}\n" if self.path else ""
        props = "".join(f"{k}={self.props[k]}\n" for k in PROPS
                        if k in self.props)
        return (f"Type={self.type}\n{path}IOMode={self.iomode}\n"
                f"BlockSize={self.block}\nBlocks={self.blocks}\n"
                f"ScsiId={self.scsi_id}\nScsiSN={self.scsi_sn}\n"
                f"ThinProvisioned={self.thin}\nRemovable={self.removable}\n"
                f"Encrypted=No\n{props}")


class Lun:
    def __init__(self, volume, origin):
        self.volume, self.origin = volume, origin


class Target:
    def __init__(self, tid, name, origin):
        self.tid, self.name, self.origin = tid, name, origin
        self.params = {p.name: p.default for p in PARAMS.values()}
        self.alias, self.redirect, self.permanent = "", "", False
        self.redirect_of_config = False
        self.luns, self.faults = {}, []

    def show(self):
        """--op show --tid"""
        return "".join(
            f"{p.name}={self.params[p.name]}\n" for p in TARGET_PARAMS
            if p.name != "MaxSessions"
            and not (p.name in ALUA and self.params[p.name] == p.default))

    def show_keys(self):
        return "".join(f"{p.name}={self.params[p.name]}\n" for p in KEYS)


class Session:
    """`pending`: the unit attentions of each LUN that it sees."""

    def __init__(self, target, initiator, address, sid, rules):
        self.target, self.initiator = target, initiator
        self.address, self.sid = address, sid
        self.rules, self.pending, self.gone = rules, {}, False
        for number in target.luns:
            self.add(number, False)

    def access(self, number):
        """ "rw", "ro" or None """
        if self.rules is None:
            return "rw"
        for luns, how in self.rules:
            if luns == "all" or luns != "none" and number in luns:
                return how
            if luns == "none":
                return None
        return None

    def tell(self, asc):
        for told in self.pending.values():
            told.add(asc)

    def add(self, number, tell=True):
        if self.access(number):
            self.pending[number] = {POWER_ON}
            if tell:
                self.tell(LUNS_CHANGED)

    def drop(self, number):
        if self.pending.pop(number, None) is not None:
            self.tell(LUNS_CHANGED)

    def change_rules(self, rules):
        before = {n: self.access(n) for n in self.target.luns}
        self.rules = rules
        changed = False
        for number, old in before.items():
            new = self.access(number)
            changed |= (old is None) != (new is None)
            if new is None:
                self.pending.pop(number, None)
            elif old is None:
                self.pending[number] = {POWER_ON}
            elif old != new:
                self.pending[number].add(MODE_CHANGED)
        if changed:
            self.tell(LUNS_CHANGED)


class Account:
    def __init__(self, target, incoming, name, secret, who, origin):
        self.target, self.incoming, self.name = target, incoming, name
        self.secret, self.who, self.origin = secret, who, origin

    def show(self, secret=False):
        words = ["IncomingUser" if self.incoming else "OutgoingUser",
                 self.name]
        if secret:
            words.append(self.secret)
        if self.who:
            words.append(f"initiator={self.who}")
        return " ".join(words) + "\n"


def matches(item, initiator, address):
    """An item as in initiators.allow; patterns are whole names here."""
    return item == "ALL" or item in (initiator, address)


class ConfTarget:
    """A stanza of ietd.conf; `access`: (initiator, luns, "rw" or "ro")."""

    def __init__(self, name):
        self.name, self.luns, self.params = name, {}, {}
        self.alias = self.redirect = None
        self.permanent = False
        self.portals, self.access, self.accounts = [], [], []


class Conf:
    """
    An ietd.conf; `disks` has the arguments of each path, the same wherever it
    appears, and () stands for the path of a nullio disk.
    """

    def __init__(self):
        self.targets, self.accounts, self.disks = [], [], {}

    def args(self, lun):
        path, own = lun
        return {**self.disks[path], **own} if path else own

    @staticmethod
    def lun_line(number, path, args):
        words = [f"Path={path}"] if path else []
        words += [f"{k}={v}" for k, v in args.items()]
        return f"    Lun {number} {','.join(words)}"

    def text(self):
        """The file, and the line that each LUN is in."""
        lines, at = ["# made by admin_model.py", "LoginRate 0"], {}
        lines += [a.line() for a in self.accounts]
        for t in self.targets:
            lines.append(f"Target {t.name}")
            lines += ["    " + a.line() for a in t.accounts]
            lines += [f"    {k} {v}" for k, v in t.params.items()]
            if t.alias:
                lines.append(f"    Alias {t.alias}")
            if t.redirect:
                lines.append(f"    Redirect {t.redirect}"
                             + " permanent" * t.permanent)
            lines += [f"    Portal {p}" for p in t.portals]
            for who, luns, how in t.access:
                luns = luns if isinstance(luns, str) else \
                    ",".join(map(str, luns))
                lines.append(f"    LunAccess {who} {luns}"
                             + ("" if luns == "none" else f" {how}"))
            for number, lun in t.luns.items():
                lines.append(self.lun_line(number, lun[0], self.args(lun)))
                at[t.name, number] = len(lines)
        return "\n".join(lines) + "\n", at


class ConfAccount:
    def __init__(self, incoming, name, secret, who=""):
        self.incoming, self.name = incoming, name
        self.secret, self.who = secret, who

    def line(self):
        return (f"{'Incoming' if self.incoming else 'Outgoing'}User "
                f"{self.name} {self.secret}"
                + (f" initiator={self.who}" if self.who else ""))


class State:
    def __init__(self, media):
        self.media = media  # by path, as a host would find them now
        self.targets, self.sessions, self.accounts = [], [], []
        self.portals, self.access = {}, {}
        self.faults = []  # of discovery
        self.login_faults = {}  # of targets, by name
        self.initiators_allow = self.targets_allow = None

    # --- finding

    def target(self, tid):
        return next((t for t in self.targets if t.tid == tid), None)

    def by_name(self, name):
        return next((t for t in self.targets if t.name == name), None)

    def sorted(self):
        return sorted(self.targets, key=lambda t: t.tid)

    def sessions_of(self, target):
        return [s for s in self.sessions if s.target is target]

    def volumes(self):
        return {id(lun.volume): lun.volume for t in self.targets
                for lun in t.luns.values()}.values()

    def find_path(self, path, read_only):
        """The volume that ietadm finds by a path."""
        for t in self.sorted():
            for number in sorted(t.luns):
                volume = t.luns[number].volume
                if volume.path == path and \
                        (volume.iomode == "ro") == read_only:
                    return volume
        return None

    # --- changing

    def new_target(self, name, origin, tid=0):
        used = {t.tid for t in self.targets}
        tid = tid or next(n for n in range(1, 1 << 16) if n not in used)
        target = Target(tid, name, origin)
        self.targets.insert(0, target)
        return target

    def end_session(self, session):
        session.gone = True
        self.sessions.remove(session)

    def del_target(self, target):
        for session in self.sessions_of(target):
            self.end_session(session)
        self.targets.remove(target)
        self.accounts = [a for a in self.accounts if a.target != target.name
                         or a.origin == CONFIG]
        self.login_faults.pop(target.name, None)

    def add_lun(self, target, number, volume, origin):
        target.luns[number] = Lun(volume, origin)
        for session in self.sessions_of(target):
            session.add(number)

    def del_lun(self, target, number):
        del target.luns[number]
        for session in self.sessions_of(target):
            session.drop(number)

    def tell_volume(self, volume, asc):
        for session in self.sessions:
            for number, told in session.pending.items():
                if session.target.luns[number].volume is volume:
                    told.add(asc)

    def set_params(self, target, params):
        """Values as they are taken, of some of the words."""
        old = {k: target.params[k] for k in ALUA}
        target.params.update(params)
        target.params["FirstBurstLength"] = min(
            target.params["FirstBurstLength"], target.params["MaxBurstLength"])
        volumes = {id(lun.volume): lun.volume
                   for lun in target.luns.values()}.values()
        new = target.params
        for volume in volumes:
            if (old["AluaState"], old["AluaPreferred"]) != (
                    new["AluaState"], new["AluaPreferred"]):
                self.tell_volume(volume, ACCESS_CHANGED)
            if old["AluaExplicit"] != new["AluaExplicit"]:
                self.tell_volume(volume, INQUIRY_CHANGED)

    def set_props(self, volume, props):
        before = self.physical(volume), dict(volume.props)
        volume.props = dict(props)
        if before[1] != volume.props:
            self.tell_volume(volume, INQUIRY_CHANGED)
        if before[0] != self.physical(volume):
            self.tell_volume(volume, CAPACITY_CHANGED)

    @staticmethod
    def physical(volume):
        return int(volume.props.get("PhysicalBlockSize", volume.block))

    def rescan(self, volume):
        blocks = volume.medium.size // volume.block if volume.medium else 0
        if blocks and blocks != volume.blocks:
            volume.blocks = blocks
            self.tell_volume(volume, CAPACITY_CHANGED)

    def put_account(self, account):
        """Takes the place of one of the same name, or comes last."""
        for i, a in enumerate(self.accounts):
            if a.target == account.target and a.incoming == account.incoming \
                    and (a.name == account.name or not account.incoming):
                self.accounts[i] = account
                return
        self.accounts.append(account)

    # --- a configuration file

    def apply(self, conf):
        """What ietd makes of a file without errors; the LUNs that failed."""
        wanted = {t.name: t for t in conf.targets}
        self.accounts = [a for a in self.accounts if a.origin == RUNTIME]
        for name, accounts in [("", conf.accounts)] + [
                (t.name, t.accounts) for t in conf.targets]:
            for a in accounts:
                self.put_account(Account(name, a.incoming, a.name, a.secret,
                                         a.who, CONFIG))
        self.portals = {t.name: t.portals for t in conf.targets if t.portals}
        self.access = {t.name: t.access for t in conf.targets if t.access}
        for session in self.sessions:
            session.change_rules(self.rules(session.target.name,
                                            session.initiator,
                                            session.address))
        for target in list(self.targets):
            if target.origin == CONFIG and target.name not in wanted:
                self.del_target(target)
        plan, failed = self.plan_luns(conf)
        for target in self.targets:
            from_file = wanted.get(target.name)
            for number, lun in list(target.luns.items()):
                if from_file and lun.origin == CONFIG and \
                        number not in from_file.luns:
                    self.del_lun(target, number)
        for name, number, *_, keep in plan:
            target = self.by_name(name)
            if target and number in target.luns and not keep and \
                    (name, number) not in failed:
                self.del_lun(target, number)
        for t in conf.targets:
            self.apply_target(t)
        self.make_luns(plan, failed)
        return failed

    def rules(self, name, initiator, address):
        rules = self.access.get(name)
        if rules is None:
            return None
        return [(luns, how) for who, luns, how in rules
                if matches(who, initiator, address)]

    def apply_target(self, conf):
        target = self.by_name(conf.name)
        if not target:
            target = self.new_target(conf.name, CONFIG)
        target.origin = CONFIG
        params = {p.name: p.default for p in PARAMS.values()
                  if p.name != "AluaState"}
        params.update({k: PARAMS[k].take(str(v))
                       for k, v in conf.params.items()})
        self.set_params(target, params)
        target.alias = conf.alias or ""
        if conf.redirect or target.redirect_of_config:
            target.redirect = conf.redirect or ""
            target.permanent = bool(conf.redirect) and conf.permanent
            target.redirect_of_config = bool(conf.redirect)

    def plan_luns(self, conf):
        """[target, LUN, path, arguments, identity, kept], and what fails."""
        first, plan, failed = {}, [], {}
        for t in conf.targets:
            for number, lun in t.luns.items():
                path, args = lun[0], conf.args(lun)
                key = (path, args.get("IOMode") == "ro") if path else (
                    t.name, number)
                first.setdefault(key, (t.name, number))
                plan.append([t.name, number, path, args,
                             default_id(*first[key]), key])
        for row in plan:
            name, number, path, args, ident, key = row
            target = self.by_name(name)
            have = target.luns.get(number) if target else None
            want = Volume(path, Medium(0) if path else None, args, ident)
            row.append(bool(have) and self.same(want, have.volume, args))
        kept = {row[5] for row in plan if row[6]}
        for name, number, path, args, ident, key, keep in plan:
            if path and key not in kept and not self.usable(path):
                failed[name, number] = path
        while self.fail_blocked(plan, failed):
            pass
        return plan, failed

    def fail_blocked(self, plan, failed):
        """
        What can't be made, as its medium stays with another identity at a LUN
        that was to get another one, which failed.
        """
        here = {(row[0], row[1]): row for row in plan}
        stay = []
        for t in self.targets:
            for number, lun in t.luns.items():
                row = here.get((t.name, number))
                if row and not row[6] and (t.name, number) in failed:
                    stay.append(lun.volume)
        more = {(name, number): path
                for name, number, path, args, ident, key, keep in plan
                if path and not keep and (name, number) not in failed
                and any(v.path == path
                        and (v.iomode == "ro") == (args.get("IOMode") == "ro")
                        and v.conflict({"ScsiId": ident,
                                        "ScsiSN": args.get(
                                            "ScsiId", ident).encode().hex(),
                                        **args})
                        for v in stay)}
        failed.update(more)
        return bool(more)

    def usable(self, path):
        """Is there a medium, of a block at least?"""
        return path in self.media and self.media[path].size >= 512

    @staticmethod
    def same(want, have, args):
        fields = ["type", "path", "iomode", "scsi_id", "scsi_sn", "thin",
                  "removable"] + ["block"] * ("BlockSize" in args)
        return all(getattr(want, f) == getattr(have, f) for f in fields) and (
            "Blocks" not in args or want.blocks == have.blocks) and all(
            want.props.get(k) == have.props.get(k) for k in FIXED_PROPS)

    def make_luns(self, plan, failed):
        made = {}
        for name, number, *_, key, keep in plan:
            if keep:
                made[key] = self.by_name(name).luns[number].volume
        for name, number, path, args, ident, key, keep in plan:
            target = self.by_name(name)
            if keep:
                lun = target.luns[number]
                lun.origin = CONFIG
                self.set_props(lun.volume, {k: args[k] for k in PROPS
                                            if k in args})
            elif (name, number) not in failed:
                if key not in made:
                    made[key] = Volume(path, self.media[path] if path else
                                       None, args, ident)
                self.add_lun(target, number, made[key], CONFIG)

    # --- what it looks like

    def proc_volume(self):
        return "".join(
            f"tid:{t.tid} name:{t.name}\n"
            + "".join(t.luns[n].volume.proc(n) for n in sorted(t.luns))
            for t in self.targets)

    def proc_session(self):
        return "".join(
            f"tid:{t.tid} name:{t.name}\n"
            + "".join(f"\tsid:{s.sid} initiator:{s.initiator}\n"
                      f"\t\tcid:1 ip:{s.address} state:active hd:none "
                      "dd:none\n" for s in reversed(self.sessions_of(t)))
            for t in self.targets)

    def show_targets(self):
        """--op show, without the lines about module, daemon and faults."""
        text = ""
        for t in self.sorted():
            text += f"target {t.tid}: {t.name}"
            text += f", {t.alias}" if t.alias else ""
            if t.redirect:
                text += f", redirected to {t.redirect}" + \
                    ", permanently" * t.permanent
            text += "\n" + "\tnot from the file\n" * (t.origin == RUNTIME)
            for n in sorted(t.luns):
                v = t.luns[n].volume
                text += (f"\tlun {n}: {v.type} {v.iomode}, {v.blocks} blocks "
                         f"of {v.block}" + (f", {v.path}" if v.path else "")
                         + " (not from the file)"
                         * (t.luns[n].origin == RUNTIME) + "\n")
            for s in sorted(self.sessions_of(t), key=lambda s: s.sid):
                text += (f"\tsession {s.sid}: {s.initiator}\n"
                         f"\t\tconnection 1: {s.address} active\n")
        return text

    def show_users(self, name):
        return "".join(a.show() for a in self.accounts if a.target == name)

    # --- who gets in

    @staticmethod
    def allowed(rules, name, *who):
        """Lines of (target or "ALL", items); None: there is no file."""
        if rules is None:
            return True
        for target, items in rules:
            if target in ("ALL", name):
                return any(i == "ALL" or i in who for i in items)
        return False

    def visible(self, name, address):
        portals = self.portals.get(name)
        return (not portals or address in portals) and self.allowed(
            self.targets_allow, name, address)

    def send_targets(self, initiator, address, addresses):
        """What discovery by an address says: {target: its addresses}."""
        return {t.name: [a for a in (self.portals.get(t.name) or addresses)
                         if self.allowed(self.targets_allow, t.name, a)]
                for t in self.targets
                if self.visible(t.name, address)
                and self.allowed(self.initiators_allow, t.name, initiator,
                                 address)}

    def proof(self, name, user, secret, initiator, address):
        """Does a login get by CHAP?"""
        incoming = [a for a in self.accounts
                    if a.target == name and a.incoming]
        if not incoming:
            return True
        return any(a.name == user and a.secret == secret
                   and (not a.who or matches(a.who, initiator, address))
                   for a in incoming)

    def login(self, name, initiator, address, user, secret):
        """The status of a login to a target."""
        target = self.by_name(name)
        if not target or not self.visible(name, address):
            return NOT_FOUND
        if not self.allowed(self.initiators_allow, name, initiator, address):
            return FORBIDDEN
        if target.redirect:
            return MOVED_FOR_GOOD if target.permanent else MOVED
        if not self.proof(name, user, secret, initiator, address):
            return NO_PROOF
        most = target.params["MaxSessions"]
        return FULL if most and len(self.sessions_of(target)) >= most else 0
