#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 1800
# All of libiscsi's test suite, on a file and on a block device, in the
# configurations that its tests ask for.
#	usage: libiscsi.sh [PROGRAM]	iscsi-test-cu of another release
. tests/lib/ktap.sh
. tests/lib/iet.sh
suite_tool=${1:-iscsi-test-cu}
. tests/lib/libiscsi.sh

target=$IET_IQN:libiscsi
url=iscsi://127.0.0.1/$target
chap=iscsi://tester%verysecretsecret@127.0.0.1/$IET_IQN:chap/0

# It drops what is written to it, 10 ms for each MiB: one sees it sanitized.
slow_device() {
	modprobe null_blk nr_devices=1 gb=1 bs=512 irqmode=2 \
		completion_nsec=10000000
}

up() {
	local options=ThinProvisioned=Yes,Removable=Yes,PhysicalBlockSize=4096
	slow_device &&
		iet_image "$IET_DIR/disk.img" 256M &&
		iet_image "$IET_DIR/ro.img" 256M &&
		dev=$(iet_loop 256M) && ro=$(iet_loop 256M) &&
		iet_up <<-EOF
			Target $target
			        Lun 0 Path=$IET_DIR/disk.img,Type=fileio,$options
			        Lun 1 Path=$dev,Type=blockio,$options
			        Lun 2 Path=$IET_DIR/ro.img,Type=fileio,IOMode=ro,ThinProvisioned=Yes
			        Lun 3 Path=$ro,Type=blockio,IOMode=ro,ThinProvisioned=Yes
			        Lun 4 Path=/dev/nullb0,Type=blockio
			Target $IET_IQN:chap
			        IncomingUser tester verysecretsecret
			        Lun 0 Type=nullio
		EOF
}

down() { iet_down && modprobe -r null_blk; }

all_tests() { # WHAT LUN READONLY-LUN
	local test
	for test in $(suite_list); do
		case $test in
		ReadOnly.*) suite_run "$1" "$test" "$url/$3" ;;
		MultipathIO.*) suite_run "$1" "$test" "$url/$2" "$url/$2" ;;
		iSCSICHAP.*) suite_run "$1" "$test" "$chap" ;;
		Sanitize.Reset) suite_run "$1" "$test" "$url/4" ;;
		*) suite_run "$1" "$test" "$url/$2" ;;
		esac
	done
	suite_total "$1"
}

run "the target starts" up || exit 1
note "$suite_tool"
all_tests fileio 0 2
all_tests blockio 1 3
run "target and module end" down
plan_so_far
