#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 900
# The main job with the stock initiator: discover, log in (CHAP, mutual CHAP,
# digests), make a file system, write, read back after a restart of everything.
. tests/lib/ktap.sh
. tests/lib/iet.sh

file=$IET_IQN:file
block=$IET_IQN:block
null=$IET_IQN:null
image=$IET_DIR/disk.img
mnt=$IET_DIR/mnt
at_end umount_all
mkdir -p "$mnt"

umount_all() { ! mountpoint -q "$mnt" || umount "$mnt"; }

write_conf() {
	iet_conf <<-EOF
		IncomingUser finder find-secret-1
		Target $file
		        IncomingUser joe joes-secret-12
		        OutgoingUser disk disks-secret-12
		        HeaderDigest CRC32C
		        DataDigest CRC32C
		        Lun 0 Path=$image,Type=fileio,ScsiId=file0,ScsiSN=FILE0001
		Target $block
		        IncomingUser joe joes-secret-12
		        Lun 0 Path=$dev,Type=blockio,ScsiSN=BLOCK001
		Target $null
		        Lun 7 Type=nullio,Blocks=131072
	EOF
}

discovery_login() {
	cat >>/etc/iscsi/iscsid.conf <<-EOF
		discovery.sendtargets.auth.authmethod = CHAP
		discovery.sendtargets.auth.username = finder
		discovery.sendtargets.auth.password = $1
	EOF
}

chap() { # TARGET [MUTUAL]
	oi_set "$1" node.session.auth.authmethod CHAP &&
		oi_set "$1" node.session.auth.username joe &&
		oi_set "$1" node.session.auth.password "${3:-joes-secret-12}" ||
		return
	[ -n "${2-}" ] || return 0
	oi_set "$1" node.session.auth.username_in disk &&
		oi_set "$1" node.session.auth.password_in "$2"
}

digests() { # TARGET VALUE
	oi_set "$1" 'node.conn[0].iscsi.HeaderDigest' "$2" &&
		oi_set "$1" 'node.conn[0].iscsi.DataDigest' "$2"
}

negotiated() { # TARGET PATTERN...: as the initiator shows it
	local p out
	out=$(iscsiadm -m session -P 2)
	echo "$out"
	out=$(sed -n "/Target: ${1//./\\.} /,/^Target:/p" <<<"$out")
	shift
	for p; do
		grep -qE "$p" <<<"$out" || iet_fail "not there: $p" || return
	done
}

fio_verify() { # DEVICE-OR-FILE SIZE
	fio --name=v --filename="$1" --size="$2" --rw=randrw --bsrange=512-256k \
		--blockalign=512 --ioengine=libaio --direct=1 --iodepth=16 \
		--verify=crc32c --verify_fatal=1 --do_verify=1 --loops=1 \
		--output-format=terse >/dev/null
}

make_fs() { # DEVICE
	mkfs.ext4 -q -F "$1" && mount "$1" "$mnt" &&
		fio_verify "$mnt/fio" 24m && rm "$mnt/fio" &&
		head -c 8M /dev/urandom >"$mnt/data" &&
		sha256sum "$mnt/data" | cut -d' ' -f1 >"$IET_DIR/sum" &&
		umount "$mnt" && e2fsck -fn "$1"
}

check_fs() { # DEVICE
	e2fsck -fn "$1" && mount -o ro "$1" "$mnt" || return
	[ "$(sha256sum <"$mnt/data" | cut -d' ' -f1)" = "$(cat "$IET_DIR/sum")" ]
	local status=$?
	umount "$mnt" && return $status
}

restart_all() {
	iet_down && write_conf && iet_load && iet_start
}

session_lines() { grep -A2 "name:$1\$" /proc/net/iet/session; }
no_session() { ! session_lines "$1" | grep sid:; }

# The module gets the connection after the initiator has its last response.
shown() { # TARGET PATTERN
	session_lines "$1" | grep -E "$2"
}

start() {
	iet_image "$image" 64M && dev=$(iet_loop 64M) && write_conf &&
		iet_load && iet_start && oi_up
}

run "target and initiator start" start || exit 1

discovery_login wrong-secret-1
run "discovery with a wrong secret is refused" bash -c \
	"! iscsiadm -m discovery -t sendtargets -p 127.0.0.1"
discovery_login find-secret-1
like "discovery finds the targets" "$(oi_discover 2>&1)" "$file"
like "discovery over IPv6" "$(oi_discover '[::1]' 2>&1)" "^\[::1\]:3260,1 $block"

oi_set "$file" node.session.auth.authmethod None
run "no login without CHAP" eval "! oi_login $file 127.0.0.1"
chap "$file" "" wrong-secret-12
run "no login with a wrong secret" eval "! oi_login $file 127.0.0.1"
chap "$file" another-secret-1
run "the initiator refuses a target with a wrong secret" \
	eval "! oi_login $file 127.0.0.1"
none_left() { ! grep sid: /proc/net/iet/session; }
run "no session is left of these" wait_for 60 none_left

digests "$file" CRC32C
chap "$file" disks-secret-12
run "login with mutual CHAP and digests" oi_login "$file" 127.0.0.1
run "digests are on" negotiated "$file" "HeaderDigest: CRC32C" \
	"DataDigest: CRC32C"
run "/proc/net/iet/session shows it" wait_for 60 shown "$file" \
	"cid:0 ip:127.0.0.1 state:active hd:crc32c dd:crc32c"
run "fileio: ext4, verified I/O, fsck" make_fs "$(oi_disk "$file")"
run "logout" oi_logout "$file" 127.0.0.1
run "the session is gone" wait_for 60 no_session "$file"
run "restart of ietd and module" restart_all
run "login again" oi_login "$file" 127.0.0.1
run "fileio: the data is right" check_fs "$(oi_disk "$file")"
run "logout" oi_logout "$file" 127.0.0.1

chap "$block"
digests "$block" None
run "login with CHAP to the block device" oi_login "$block" 127.0.0.1
run "blockio: ext4, verified I/O, fsck" make_fs "$(oi_disk "$block")"
run "logout" oi_logout "$block" 127.0.0.1
run "restart of ietd and module" restart_all
run "login again, over IPv6" oi_login "$block" "[::1]"
run "the IPv6 address is shown" wait_for 60 shown "$block" \
	"cid:0 ip:\[::1\] state:active hd:none dd:none"
run "blockio: the data is right" check_fs "$(oi_disk "$block")"

oi_set "$null" node.session.auth.authmethod None
run "login to nullio, with the other session up" oi_login "$null" 127.0.0.1
disk=$(oi_disk "$null" 7)
run "nullio: writes" dd if=/dev/zero of="$disk" bs=1M count=16 oflag=direct
run "nullio: reads zeroes" cmp -n 16777216 "$disk" /dev/zero
run "logout of all" iscsiadm -m node --logoutall=all
run "target and module end" iet_down
plan_so_far
