#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 900
# A first look at speed: ours beside LIO in one VM, both with the same block
# device in memory, through open-iscsi on loopback, in turns. Ratios are what
# counts; a VM that emulates its CPU says little about the numbers themselves.
#
#	tests/run tests/bench/first-look.sh
. tests/lib/ktap.sh
. tests/lib/iet.sh

ours=$IET_IQN:ours
lio=$IET_IQN:lio
core=/sys/kernel/config/target/core/iblock_0/ram
tpg=/sys/kernel/config/target/iscsi/$lio/tpgt_1
seconds=${BENCH_SECONDS:-6}
rounds=${BENCH_ROUNDS:-3}
at_end lio_down

lio_up() {
	modprobe iscsi_target_mod && modprobe target_core_iblock || return
	mkdir -p "$core" && echo "udev_path=/dev/ram1" >"$core/control" &&
		echo 1 >"$core/enable" || return
	mkdir -p "$tpg" && mkdir "$tpg/lun/lun_0" "$tpg/np/127.0.0.1:3261" &&
		ln -s "$core" "$tpg/lun/lun_0/disk" || return
	echo 0 >"$tpg/attrib/authentication"
	echo 1 >"$tpg/attrib/generate_node_acls"
	echo 0 >"$tpg/attrib/demo_mode_write_protect"
	echo 128 >"$tpg/attrib/default_cmdsn_depth"
	echo 1 >"$tpg/enable"
}

lio_down() {
	[ -d "$tpg" ] || return 0
	echo 0 >"$tpg/enable"
	rm -f "$tpg/lun/lun_0/disk"
	rmdir "$tpg/np/127.0.0.1:3261" "$tpg/lun/lun_0" "$tpg" "${tpg%/*}" \
		"$core" "${core%/*}"
	modprobe -r target_core_iblock iscsi_target_mod
}

up() {
	modprobe brd rd_nr=2 rd_size=65536 && lio_up && oi_up &&
		iet_up <<-EOF || return
			Target $ours
			        Lun 0 Path=/dev/ram0,Type=blockio
		EOF
	iscsiadm -m discovery -t sendtargets -p 127.0.0.1:3260 &&
		iscsiadm -m discovery -t sendtargets -p 127.0.0.1:3261 &&
		oi_login "$ours" && oi_login "$lio"
}

# measure DEVICE RW BS DEPTH: IOPS
measure() {
	fio --name=b --filename="$1" --rw="$2" --bs="$3" --iodepth="$4" \
		--ioengine=libaio --direct=1 --time_based --runtime="$seconds" \
		--output-format=json | python3 -c 'import json, sys
j = json.load(sys.stdin)["jobs"][0]
print(round(j["read"]["iops"] + j["write"]["iops"], 1))'
}

median() { tr ' ' '\n' <<<"$*" | grep . | sort -g | sed -n "$((($# + 1) / 2))p"; }

row() { # NAME RW BS DEPTH
	local a b i
	a=() b=()
	for ((i = 0; i < rounds; i++)); do
		a+=("$(measure "$ours_disk" "${@:2}")")
		b+=("$(measure "$lio_disk" "${@:2}")")
	done
	note "$(awk -v n="$1" -v a="$(median "${a[@]}")" -v b="$(median "${b[@]}")" \
		'BEGIN { printf "%-28s %9.1f %9.1f %6.2f", n, a, b, a / b }')"
	ok "$1"
}

run "both targets are up" up || exit 1
ours_disk=$(oi_disk "$ours")
lio_disk=$(oi_disk "$lio")
note "row                           ours/s     LIO/s  ratio"
row "4 KiB random read, QD 1" randread 4k 1
row "4 KiB random read, QD 32" randread 4k 32
row "4 KiB random write, QD 1" randwrite 4k 1
row "4 KiB random write, QD 32" randwrite 4k 32
row "1 MiB read, QD 4" read 1m 4
row "1 MiB write, QD 4" write 1m 4
run "logout" iscsiadm -m node --logoutall=all
run "target and module end" iet_down
plan_so_far
