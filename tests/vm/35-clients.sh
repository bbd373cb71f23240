#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 600
# More clients: sg3-utils, qemu-img, two initiators at once, one that is killed
# in mid-write, and several targets and units; then nothing is left behind.
. tests/lib/ktap.sh
. tests/lib/iet.sh

one=$IET_IQN:one
two=$IET_IQN:two
image=$IET_DIR/disk.img
url=iscsi://127.0.0.1/$two/0

up() {
	iet_image "$image" 64M && iet_image "$IET_DIR/far.img" 8M &&
		iet_image "$IET_DIR/ro.img" 8M && dev=$(iet_loop 64M) &&
		iet_up <<-EOF && oi_up
			Target $one
			        MaxConnections 1
			        Lun 0 Path=$image,Type=fileio,IOMode=wb,ScsiId=one0,ScsiSN=SERIAL01
			        Lun 300 Path=$IET_DIR/far.img,Type=fileio,BlockSize=4096
			        Lun 16383 Path=$IET_DIR/ro.img,Type=fileio,IOMode=ro
			Target $two
			        Lun 0 Path=$dev,Type=blockio
		EOF
}

sg() { "$@" 2>&1 || iet_fail "status $? of: $*"; }

has() { # PATTERN COMMAND...
	local out
	out=$("${@:2}" 2>&1)
	echo "$out"
	grep -qE -- "$1" <<<"$out"
}

# sg3-utils ------------------------------------------------------------------

sense_is() { # PATTERN COMMAND...: the command fails and says so
	local out status
	out=$("${@:2}" 2>&1)
	status=$?
	echo "$out, status $status"
	[ $status != 0 ] && grep -qiE -- "$1" <<<"$out"
}

sg_tests() {
	local d=$1
	run "sg_inq" has "Vendor identification: IET" sg_inq "$d"
	run "sg_inq, all pages supported" has "Block limits" sg_vpd "$d"
	run "sg_vpd, serial number" has "SERIAL01" sg_vpd -p sn "$d"
	run "sg_vpd, identification" has "one0" sg_vpd -p di "$d"
	run "sg_vpd, block limits" has "Maximum transfer length: 65536" \
		sg_vpd -p bl "$d"
	run "sg_turs" sg sg_turs "$d"
	run "sg_luns" has "16684|lun=300|412c" sg_luns -d "$d"
	run "sg_luns, the last number" has "32767|lun=16383|7fff" sg_luns -d "$d"
	run "sg_readcap" has "Number of logical blocks=131072" sg_readcap "$d"
	run "sg_readcap, 16" has "Logical block length=512" sg_readcap -16 "$d"
	run "sg_modes, write-back" has "^ 00 +88 12 04|^ 00 +08 12 04" \
		sg_modes -p 8 "$d"
	run "sg_modes, all pages" sg sg_modes -a "$d"
	run "sg_opcodes" has "Write\(16\)" sg_opcodes "$d"
	run "sg_opcodes, one" has "9f|41|Synchronize" \
		sg_opcodes -o 0x35 "$d"
	run "sg_sync" sg sg_sync "$d"
	run "sg_verify" sg sg_verify --lba=0 --count=100 "$d"
	run "sg_requests" sg sg_requests "$d"
	run "sg_start" sg sg_start --start "$d"
	run "sg_dd writes and reads" eval "sg_dd if=/dev/urandom bs=512 \
		count=512 of=$d seek=1000 && sg_verify --lba=1000 --count=512 $d"
	run "beyond the end: sense" sense_is "out of range|Illegal request" \
		sg_raw -r 512 "$d" 28 00 00 02 00 00 00 00 01 00
	run "unknown operation code: sense" sense_is "Invalid command|opcode" \
		sg_raw "$d" c1 00 00 00 00 00
	run "reserved bit in the CDB: sense" sense_is "Invalid field" \
		sg_raw -r 512 "$d" 28 01 00 00 00 00 00 00 01 00
}

# Linux shows a LUN above 255 with its addressing method (SAM-5 4.7.7.3): 300
# and 16383 are 16684 and 32767.
units() {
	local far ro
	far=$(oi_disk "$one" 16684) && ro=$(oi_disk "$one" 32767) || return
	[ "$(blockdev --getss "$far")" = 4096 ] &&
		[ "$(blockdev --getro "$ro")" = 1 ] &&
		dd if=/dev/urandom of="$far" bs=4k count=64 oflag=direct &&
		cmp -n 262144 "$far" "$IET_DIR/far.img" &&
		! dd if=/dev/zero of="$ro" bs=4k count=1 oflag=direct
}

# qemu-img -------------------------------------------------------------------

qemu_tests() {
	head -c 20M /dev/urandom >"$IET_DIR/src.raw"
	truncate -s 64M "$IET_DIR/src.raw"
	run "qemu-img info" has "virtual size: 64 MiB" qemu-img info "$url"
	run "qemu-img convert to the target" qemu-img convert -n -f raw -O raw \
		"$IET_DIR/src.raw" "$url"
	run "qemu-img compare" qemu-img compare -f raw -F raw \
		"$IET_DIR/src.raw" "$url"
	run "qemu-img convert from the target" qemu-img convert -f raw \
		-O qcow2 "$url" "$IET_DIR/back.qcow2"
	run "it is the same" qemu-img compare -f raw -F qcow2 \
		"$IET_DIR/src.raw" "$IET_DIR/back.qcow2"
	run "qemu-io, unaligned" has "read 1000000/1000000" qemu-io -f raw \
		-c "write -P 7 12345 1000000" -c "read -P 7 12345 1000000" "$url"
	rm -f "$IET_DIR/src.raw" "$IET_DIR/back.qcow2"
}

# two initiators -------------------------------------------------------------

fio_part() { # DEVICE OFFSET
	fio --name=v --filename="$1" --offset="$2" --size=8m --rw=randwrite \
		--bs=4k --ioengine=libaio --direct=1 --iodepth=8 \
		--verify=crc32c --verify_fatal=1 --output-format=terse
}

both_at_once() {
	local disk a i
	disk=$(oi_disk "$two") || return
	fio_part "$disk" 0 >"$IET_DIR/fio.out" 2>&1 &
	a=$!
	for i in {32..47}; do
		qemu-io -f raw -c "write -P $i ${i}M 1M" "$url" || return
	done
	wait $a || { cat "$IET_DIR/fio.out"; return 1; }
	for i in {32..47}; do
		qemu_pattern "$i" || return
	done
}

qemu_pattern() { # N: the MiB N of the unit is full of it
	local out
	out=$(qemu-io -f raw -c "read -P $1 ${1}M 1M" "$url" 2>&1)
	grep -q "read 1048576/1048576" <<<"$out" &&
		! grep -qi "verification failed" <<<"$out" ||
		iet_fail "MiB $1: $out"
}

sessions() { grep -c "sid:" /proc/net/iet/session; }

# A kill in mid-write -------------------------------------------------------

killed() {
	local before pid i
	before=$(sessions)
	for i in 1 2 3; do
		qemu-img bench -w -c 100000 -d 32 -s 65536 -f raw "$url" \
			>/dev/null 2>&1 &
		pid=$!
		wait_for 60 session_more "$before" || return
		sleep 1
		kill -9 $pid
		wait $pid 2>/dev/null
		wait_for 60 session_same "$before" || return
	done
	# the others never noticed, and the unit is as good as before
	has "1 MiB" qemu-io -f raw -c "write -P 9 0 1M" "$url" &&
		has "1 MiB" qemu-io -f raw -c "read -P 9 0 1M" "$url"
}

session_more() { [ "$(sessions)" -gt "$1" ]; }
session_same() { [ "$(sessions)" = "$1" ]; }

run "target and initiator start" up || exit 1
run "discovery" oi_discover
run "login to both targets" iscsiadm -m node --login
run "two sessions" wait_for 60 session_same 2
sg_tests "$(oi_disk "$one")"
run "other units: 4096-byte blocks, read-only" units
qemu_tests
run "two initiators write to one unit at once" both_at_once
run "an initiator is killed in mid-write, three times" killed
is "the others' sessions are still there" "$(sessions)" 2
run "logout" iscsiadm -m node --logoutall=all
run "no session is left" wait_for 60 session_same 0
run "target and module end" iet_down
plan_so_far
