#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Asynchronous messages and open-iscsi: it logs out and comes back when it is
# asked to, survives dropped connections without an I/O error, and sees LUNs
# and sizes that change without being told to look.  The same for what faults do
# to it: broken connections, damaged digests, commands that fail once.
. tests/lib/ktap.sh
. tests/lib/iet.sh

name=$IET_IQN:async
image=$IET_DIR/disk.img

sid() { sed -n 's/^\tsid:\([0-9]*\) .*/\1/p' /proc/net/iet/session; }

tell() { # PARAMS
	"$IET_SBIN/ietadm" --op update --tid=1 --sid="$(sid)" --params "$1"
}

# It alone is there, and its connection has been handed over.
another_session() { # OLD-SID
	[[ $(sid) =~ ^[0-9]+$ ]] && [ "$(sid)" != "$1" ] &&
		grep -q 'cid:.* state:active' /proc/net/iet/session
}

# the disk is written to and read all the time; errors, and data that is not
# what was written, end it
load() {
	while [ ! -e "$IET_DIR/enough" ]; do
		dd if=/dev/urandom of="$IET_DIR/data" bs=64k count=16 &&
			dd if="$IET_DIR/data" of="$1" bs=64k count=16 \
				oflag=direct conv=notrunc &&
			dd if="$1" bs=64k count=16 iflag=direct |
			cmp - "$IET_DIR/data" || return
	done 2>/dev/null
}

comes_back() { # PARAMS: the session ends, another one takes its place
	local old
	old=$(sid)
	tell "$1" && wait_for 60 another_session "$old" &&
		kill -0 "$load_pid"
}

fault() { # KIND PARAMS
	"$IET_SBIN/ietadm" --op new --tid=1 --fault="$1" --params "$2"
}

recovers() { # KIND PARAMS: the session ends, another one takes its place
	local old id
	old=$(sid)
	id=$(fault "$@") && wait_for 60 another_session "$old" &&
		kill -0 "$load_pid" && hits "$id" 1
}

hits() { # ID NUMBER
	"$IET_SBIN/ietadm" --op show --tid=1 --fault |
		grep -q " Id=$1 .* Hits=$2 "
}

tries_again() { # KIND PARAMS: the same session goes on
	local old id
	old=$(sid)
	id=$(fault "$@") && wait_for 60 hits "$id" 3 &&
		[ "$(sid)" = "$old" ] && kill -0 "$load_pid"
}

no_faults() {
	"$IET_SBIN/ietadm" --op delete --tid=1 --fault=all
}

load_ends_well() {
	touch "$IET_DIR/enough" && wait "$load_pid"
}

has_disk() { oi_find_disk "$name" "$1" >/dev/null; }
has_size() { [ "$(blockdev --getsize64 "$dev")" = "$1" ]; }

grow() {
	truncate -s 8M "$image" &&
		"$IET_SBIN/ietadm" --op update --tid=1 --lun=0 &&
		echo 1 >"/sys/block/${dev##*/}/device/rescan" &&
		wait_for 60 has_size $((8 << 20))
}

iet_image "$image" 4M
rm -f "$IET_DIR/enough"
run "the target starts" iet_up <<-EOF || exit 1
	Target $name
	        DefaultTime2Wait 0
	        DataDigest CRC32C
	        Lun 0 Path=$image,Type=fileio
	Target $IET_IQN:keeper
EOF
# see 52-faults.py
run "a fault that nobody meets" "$IET_SBIN/ietadm" --op new --tid=2 --fault=sense
run "the initiator starts" oi_up
run "discovery" oi_discover
run "with digests" oi_set "$name" 'node.conn[0].iscsi.DataDigest' CRC32C
run "a session" oi_login "$name" 127.0.0.1
dev=$(oi_disk "$name")
load "$dev" &
load_pid=$!
run "logout request: it logs out and comes back" comes_back Async=logout,Time=20
run "its connection is dropped: it comes back" comes_back Async=drop-connection
run "its session is dropped: it comes back" comes_back Async=drop-session
run "a connection ends in the middle of data: it comes back" recovers drop \
	PDU=data-in,Byte=1000,Count=1
run "wrong data digest: it comes back" recovers data-digest \
	PDU=data-in,Skip=3,Count=1
run "BUSY: it tries again" tries_again status Status=busy,Opcode=0x2a,Count=3
run "sense that says so: it tries again" tries_again sense \
	Sense=b/47/03,Direction=read,Chance=20%,Seed=3,Count=3
run "pieces of all lengths are no matter to it" tries_again split \
	PDU=data-in,Count=3
run "no faults any more" no_faults
run "all that without an I/O error, all data as it was written" load_ends_well
run "a new LUN" "$IET_SBIN/ietadm" --op new --tid=1 --lun=3 \
	--params Type=nullio,Blocks=2048
run "it appears by itself" wait_for 60 has_disk 3
run "the disk grows" grow
run "logout" oi_logout "$name" 127.0.0.1
plan_so_far
