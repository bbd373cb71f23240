# SPDX-License-Identifier: GPL-2.0-only
"""
A state of admin_state.py as a configuration file that makes it, and what a
file changes of a state.
"""

from admin_state import Conf, ConfAccount, ConfTarget


def volume_args(volume):
    """All arguments of a Lun line but its path."""
    args = {"Type": volume.type, "BlockSize": str(volume.block),
            "ScsiId": volume.scsi_id, "ScsiSN": volume.scsi_sn,
            "ThinProvisioned": volume.thin, "Removable": volume.removable,
            **volume.props}
    if volume.path:
        args["IOMode"] = volume.iomode
    else:
        args["Blocks"] = str(volume.blocks)
    return args


def accounts_of(state, name):
    """In the order in which --op show --config has them."""
    return [ConfAccount(a.incoming, a.name, a.secret, a.who)
            for a in sorted(state.accounts, key=lambda a: (not a.incoming,
                                                           a.name))
            if a.target == name]


def as_conf(state):
    conf = Conf()
    conf.accounts = accounts_of(state, "")
    for target in state.sorted():
        t = ConfTarget(target.name)
        t.params = dict(target.params)
        t.alias, t.permanent = target.alias, target.permanent
        t.redirect = target.redirect
        t.portals = state.portals.get(target.name, [])
        t.access = state.access.get(target.name, [])
        t.accounts = accounts_of(state, target.name)
        for number in sorted(target.luns):
            volume = target.luns[number].volume
            conf.disks[volume.path] = {}
            t.luns[number] = (volume.path, volume_args(volume))
        conf.targets.append(t)
    return conf


def flat(access):
    """LunAccess, each range by itself."""
    return [(who, n, how if luns != "none" else None)
            for who, luns, how in access
            for n in ([luns] if isinstance(luns, str) else luns)]


def snapshot(state):
    """
    What a file may change: {what: value}, whoever made it. Of targets that
    are not there nothing counts.
    """
    seen = {}
    for name in ["", *(t.name for t in state.targets)]:
        for a in state.accounts:
            if a.target == name:
                seen[name, "account", a.incoming, a.incoming and a.name] = (
                    a.name, a.secret, "" if a.who == "ALL" else a.who)
    for t in state.targets:
        seen[t.name] = t.alias, t.redirect, t.permanent, dict(t.params)
        seen[t.name, "portals"] = state.portals.get(t.name, [])
        seen[t.name, "access"] = flat(state.access.get(t.name, []))
        for number, lun in t.luns.items():
            seen[t.name, number] = lun.volume.path, volume_args(lun.volume)
    return seen
