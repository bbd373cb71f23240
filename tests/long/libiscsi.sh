#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 1800
# All of libiscsi's test suite, on a file and on a block device, in the
# configurations that its tests ask for.
#	usage: libiscsi.sh [PROGRAM [TESTS [OPTIONS]]]
# PROGRAM is iscsi-test-cu of another release, TESTS a regular expression for
# those to run, OPTIONS for all units that keep what is written to them, such as
# Encrypted=Yes.
. tests/lib/ktap.sh
. tests/lib/iet.sh
suite_tool=${1:-iscsi-test-cu}
wanted=${2:-.}
more=${3:+,$3}
. tests/lib/libiscsi.sh
# for some unit or other all is there
suite_unavailable() { return 1; }

target=$IET_IQN:libiscsi
url=iscsi://127.0.0.1/$target
chap=iscsi://tester%verysecretsecret@127.0.0.1/$IET_IQN:chap/0

# It drops what is written to it, 10 ms for each MiB: one sees it sanitized.
slow_device() {
	modprobe null_blk nr_devices=1 gb=1 bs=512 irqmode=2 \
		completion_nsec=10000000
}

# It writes up to 512 KiB so that all of it is there after a power cut, or
# nothing.
atomic_device() {
	modprobe scsi_debug atomic_wr=1 atomic_wr_max_length=1024 \
		dev_size_mb=64 lbpu=1 || return
	wait_for 10 atomic_disk >/dev/null && atomic_disk
}

atomic_disk() {
	local dir=/sys/bus/pseudo/drivers/scsi_debug/adapter0
	dir=$(ls -d $dir/host*/target*/*/block/sd*) && echo "/dev/${dir##*/}"
}

# Files as the even units, block devices as the odd ones.
up() {
	local options=ThinProvisioned=Yes,Removable=Yes,PhysicalBlockSize=4096$more
	local f=$IET_DIR n thin=ThinProvisioned=Yes$more
	local crypt=ThinProvisioned=Yes,Encrypted=Yes
	for n in disk ro plain secret; do
		iet_image "$f/$n.img" 256M || return
	done
	slow_device && iet_image "$f/large.img" 1G && dev=$(iet_loop 256M) &&
		ro=$(iet_loop 256M) && plain=$(iet_loop 256M) &&
		large=$(iet_loop 1G) && encrypted=$(iet_loop 256M) && atomic=$(atomic_device) &&
		iet_up <<-EOF
			Target $target
			        Lun 0 Path=$f/disk.img,Type=fileio,$options
			        Lun 1 Path=$dev,Type=blockio,$options
			        Lun 2 Path=$f/ro.img,Type=fileio,IOMode=ro,$thin
			        Lun 3 Path=$ro,Type=blockio,IOMode=ro,$thin
			        Lun 4 Path=$f/plain.img,Type=fileio,$thin
			        Lun 5 Path=$plain,Type=blockio,$thin
			        Lun 6 Path=$f/large.img,Type=fileio,$thin
			        Lun 7 Path=$large,Type=blockio,$thin
			        Lun 8 Path=/dev/nullb0,Type=blockio
			        Lun 9 Path=$atomic,Type=blockio,$thin
			        Lun 10 Path=$f/secret.img,Type=fileio,$crypt
			        Lun 11 Path=$encrypted,Type=blockio,$crypt
			Target $IET_IQN:chap
			        IncomingUser tester verysecretsecret
			        Lun 0 Type=nullio
		EOF
}

down() { iet_down && modprobe -r null_blk && modprobe -r scsi_debug; }

all_tests() { # WHAT ODD
	local test
	for test in $(suite_list | grep -E -- "$wanted"); do
		case $test in
		ReadOnly.*) suite_run "$1" "$test" "$url/$((2 + $2))" ;;
		MultipathIO.*) suite_run "$1" "$test" "$url/$2" "$url/$2" ;;
		iSCSICHAP.*) suite_run "$1" "$test" "$chap" ;;
		Sanitize.Reset) suite_run "$1" "$test" "$url/8" ;;
		Sanitize.*) suite_run "$1" "$test" "$url/$((10 + $2))" ;;
		# asks for the status of one LBA and wants another's if a
		# physical block has several
		GetLBAStatus.UnmapSingle)
			suite_run "$1" "$test" "$url/$((4 + $2))" ;;
		ExtendedCopy.Large)
			suite_run "$1" "$test" "$url/$((6 + $2))" ;;
		WriteAtomic16.Simple)
			suite_run "$1" "$test" "$url/$(($2 ? 9 : 0))" ;;
		*) suite_run "$1" "$test" "$url/$2" ;;
		esac
	done
	suite_total "$1"
}

run "the target starts" up || exit 1
note "$suite_tool"
all_tests fileio 0
all_tests blockio 1
run "target and module end" down
plan_so_far
