#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 600
# What Proxmox VE does to a storage server with its provider "iet": a disk is
# made, seen, resized and deleted while the initiator that uses others goes on.
# lib/pve.py stands in for the provider, dm devices for the volumes of ZFS.
. tests/lib/ktap.sh
. tests/lib/iet.sh

IET_CONF=/etc/iet/ietd.conf
target=$IET_IQN:tank
url=iscsi://127.0.0.1/$target
volume=/proc/net/iet/volume
plan 29

pve() { python3 tests/lib/pve.py "$target" "$@"; }

# zvol NAME MIB: /dev/tank/NAME, a link as ZFS makes it
zvol() {
	local loop
	loop=$(iet_loop 64M) &&
		dmsetup create "$1" --table "0 $(($2 * 2048)) linear $loop 0" &&
		ln -sf "../dm-$(dmsetup info -c --noheadings -o minor "$1")" \
			"/dev/tank/$1"
}

zvol_resize() { # NAME MIB
	local table
	table=$(dmsetup table "$1" | sed "s/^0 [0-9]*/0 $(($2 * 2048))/")
	dmsetup suspend "$1" && dmsetup reload "$1" --table "$table" &&
		dmsetup resume "$1"
}

zvol_destroy() { # as "zfs destroy" is tried again, some times
	wait_for 60 dmsetup remove "$1" && rm "/dev/tank/$1"
}

up() {
	mkdir -p /dev/tank /etc/iet && modprobe dm-mod &&
		{ [ -x /usr/sbin/ietadm ] || mine=yes; } &&
		if [ -n "$mine" ]; then cp "$IET_SBIN/ietadm" /usr/sbin; fi &&
		zvol vm-100-disk-0 16 && zvol vm-100-disk-1 16 &&
		{ cat etc/ietd.conf; printf 'Target %s\n  Alias tank\n' "$target"
		} | iet_conf && iet_load && iet_start
}

undo() {
	dmsetup remove -f vm-100-disk-0 vm-100-disk-1
	rm -rf /dev/tank /etc/iet
	[ -z "$mine" ] || rm -f /usr/sbin/ietadm
}
mine=
at_end 'undo >/dev/null 2>&1'
# runs before undo
at_end 'iet_down >/dev/null 2>&1'

blocks() { # LUN: as an initiator sees them
	qemu-img info --output=json "$url/$1" |
		sed -n 's/.*"virtual-size": \([0-9]*\).*/\1/p'
}
MIB=1048576

io() { # LUN QEMU-IO-COMMAND
	local out
	out=$(qemu-io -f raw -c "$2" "$url/$1" 2>&1)
	echo "$out"
	grep -q '1 MiB' <<<"$out" && ! grep -qi 'fail' <<<"$out"
}

identity() { iscsi-inq -e 1 -c 131 "$url/$1" | grep -ai designator; }

run "target and volumes" up || exit 1
is "nothing is listed" "$(pve list_lu /dev/tank/vm-100-disk-0)" ""
run "a disk is made" pve create_lu /dev/tank/vm-100-disk-0
is "it has number 0" "$(pve list_view /dev/tank/vm-100-disk-0)" 0
run "another disk is made" pve create_lu /dev/tank/vm-100-disk-1
is "it has number 1" "$(pve list_view /dev/tank/vm-100-disk-1)" 1
run "a view of it" pve add_view /dev/tank/vm-100-disk-1
like "the module has both" "$(grep -c 'iotype:blockio.*path:/dev/tank/vm' \
	$volume)" '^2$'
run "not twice" eval '! pve create_lu /dev/tank/vm-100-disk-1'
run "not what does not exist" eval '! pve create_lu /dev/tank/vm-100-disk-9'
is "... and it is not listed" "$(pve list_lu /dev/tank/vm-100-disk-9)" ""
is "the initiator sees its size" "$(blocks 0)" $((16 * MIB))
run "data can be written" io 0 'write -P 0x5a 0 1M'

run "a reload finds what it has" ietadm --op reload
like "... and changes nothing" "$(grep -c 'iotype:blockio.*path:/dev/tank/vm' \
	$volume)" '^2$'

before=$(identity 0)
unused() { ! grep sid: /proc/net/iet/session; }
wait_for 60 unused
qemu-img bench -w -c 100000000 -d 4 -s 4096 -f raw "$url/1" >/dev/null 2>&1 &
bench=$!
run "another disk is in use" wait_for 60 grep -q sid: /proc/net/iet/session
run "a volume grows" zvol_resize vm-100-disk-0 32
run "... and the disk" pve modify_lu 32M /dev/tank/vm-100-disk-0
is "the initiator sees the new size" "$(blocks 0)" $((32 * MIB))
run "the data are there" io 0 'read -P 0x5a 0 1M'
is "it is the same disk" "$(identity 0)" "$before"
like "... which has an identity" "$before" '[0-9a-f]{8}'

run "... still" kill -0 $bench
run "a disk in use is deleted" pve delete_lu /dev/tank/vm-100-disk-1
kill -9 $bench 2>/dev/null # if it has not given up
wait $bench 2>/dev/null
is "it is not listed" "$(pve list_lu /dev/tank/vm-100-disk-1)" ""
run "its volume can go" zvol_destroy vm-100-disk-1
iet_stop && iet_start
like "after a restart there is the other, as the file says" \
	"$(grep 'lun:' $volume)" 'lun:0 .*path:/dev/tank/vm-100-disk-0$'
is "... alone" "$(grep -c 'lun:' $volume)" 1
run "all ends" iet_down
