#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 600
# The systemd unit with all that it forbids: what it starts can still open
# files and devices wherever they are, also on file systems that are mounted
# later, and comes back when it dies. systemd runs in namespaces of its own.
. tests/lib/ktap.sh
. tests/lib/iet.sh

[ -d /sys/fs/cgroup ] || skip_all "this kernel has no control groups"

target=$IET_IQN:unit
url=iscsi://joe%twelve-bytes@127.0.0.1/$target
units=$IET_DIR/units
conf=/etc/iet/ietd.conf
systemd=
at_end undo

undo() {
	[ -z "$systemd" ] || kill -9 "$systemd" 2>/dev/null
	wait_for 60 ietd_gone
	ietadm --op delete
	umount /mnt/late /run /sys/fs/cgroup 2>/dev/null
	losetup -D
	rm -rf /etc/iet /run/iet /run/ietd.pid /home/disk1 /run/systemd
}
ietd_gone() { ! pgrep -x ietd >/dev/null; }

# Nothing but our unit and what it cannot do without.
make_units() {
	mkdir -p "$units"
	sed "s,/usr/sbin/,$IET_SBIN/," etc/systemd/iscsi-target.service \
		>"$units/iscsi-target.service"
	for name in sysinit basic shutdown default; do
		printf '[Unit]\nDefaultDependencies=no\n' >"$units/$name.target"
	done
}

boot() {
	make_units
	# systemd would put a file system of its own there; all mounts are
	# shared, as they are where it is the first process of the machine
	mount --bind /run /run
	mountpoint -q /sys/fs/cgroup || mount -t cgroup2 none /sys/fs/cgroup
	env -i PATH="$PATH" container=test SYSTEMD_UNIT_PATH="$units" \
		unshare --fork --pid --mount --propagation shared \
		--mount-proc --kill-child \
		/lib/systemd/systemd --system --show-status=no \
		>"$IET_DIR/systemd.log" 2>&1 &
	wait_for 120 booted
}
booted() {
	systemd=$(pgrep -x systemd) &&
		inside systemctl is-system-running 2>/dev/null | grep -q running
}

inside() { nsenter -t "$systemd" -m -p "$@"; }
unit() { inside systemctl "$1" iscsi-target; }
active() { [ "$(unit is-active)" = active ] && iet_listening; }

pattern() { # LUN: written and read
	! qemu-io -f raw -c 'write -P 7 0 1M' -c 'read -P 7 0 1M' "$url/$1" \
		2>&1 | tee /dev/stderr | grep -qiE 'fail|error|denied'
}

plan 15
run "the module loads" iet_load
iet_image /home/disk1 8M
device=$(iet_loop 8M)
mkdir -p /etc/iet /mnt/late
(umask 077 && echo twelve-bytes >/etc/iet/joe && cat >$conf <<EOT
Target $target
	IncomingUser joe @/etc/iet/joe
	Lun 0 Path=/home/disk1
	Lun 1 Path=$device,Type=blockio
EOT
)
run "systemd runs" boot
run "the unit starts" unit start
run "a file can be written" pattern 0
run "a device can be written" pattern 1
run "accounts can be made" ietadm --op new --tid=1 --user \
	--params=IncomingUser=ann,Password=twelve-bytes-too

inside mount -t tmpfs none /mnt/late
inside truncate -s 8M /mnt/late/disk2
echo "	Lun 2 Path=/mnt/late/disk2" >>$conf
run "reload" unit reload
run "a file of a file system that was mounted later" pattern 2
run "restart" unit restart
# the module has the file; with a daemon in a mount namespace of its own the
# file system would be free now
like "the file system is in use" "$(inside umount /mnt/late 2>&1)" busy
run "... until the file is not served any more" \
	ietadm --op delete --tid=1 --lun=2
run "... and then can be unmounted" wait_for 60 inside umount /mnt/late
sed -i '$d' $conf

like "the accounts are still there" "$(ietadm --op show --tid=1 --user)" ann
pkill -KILL -x ietd
run "what was killed comes back" wait_for 60 active
run "stop" unit stop
