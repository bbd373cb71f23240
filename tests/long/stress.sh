#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 1800
# What the machine itself does to the target, under verified I/O: CPUs go and
# come, the module is to be unloaded while it is configured all the time, and
# memory is short while the initiator is this very machine.
#	usage: stress.sh DISK [SECONDS]	a disk of 512 MiB, 30 seconds each
. tests/lib/ktap.sh
. tests/lib/iet.sh

disk=$1
seconds=${2:-30}
below=$IET_DIR/below above=$IET_DIR/above
plan 13
at_end unmount "$above"
# when the target has let go of it: the last of all
ktap_at_end+=("unmount '$below'")

unmount() {
	! mountpoint -q "$1" || umount "$1"
}

write_conf() {
	iet_conf <<-EOF2
		Target $IET_IQN:io
		        DataDigest CRC32C
		        Lun 0 Path=$IET_DIR/io.img,Type=fileio,IOMode=wb
		Target $IET_IQN:loop
		        Lun 0 Path=$below/lun.img,Type=fileio,IOMode=wb
	EOF2
}

login() {
	oi_up && oi_discover >/dev/null &&
		oi_set "$IET_IQN:io" 'node.conn[0].iscsi.DataDigest' CRC32C &&
		oi_login "$IET_IQN:io" && oi_login "$IET_IQN:loop" &&
		io=$(oi_disk "$IET_IQN:io")
}

# verify NAME DISK: until $end; says so in NAME.failed if anything is wrong
verify() {
	while [ $SECONDS -lt $end ]; do
		fio --name="$1" --filename="$2" --size=31m --rw=randrw \
			--bsrange=512-128k --blockalign=512 --ioengine=libaio \
			--direct=1 --iodepth=16 --verify=crc32c \
			--verify_fatal=1 --do_verify=1 --randseed=$RANDOM \
			>"$IET_DIR/$1.out" 2>&1 || {
			touch "$IET_DIR/$1.failed"
			return
		}
		echo >>"$IET_DIR/$1.passes"
	done
}

# under_io NAME COMMAND...: the command again and again, beside verified I/O
under_io() {
	local name=$1 job
	shift
	end=$((SECONDS + seconds))
	verify "$name" "$io" &
	job=$!
	while [ $SECONDS -lt $end ]; do
		"$@" || break
	done
	wait $job
	[ $SECONDS -ge $end ] || iet_fail "failed: $*" || return
	[ ! -e "$IET_DIR/$name.failed" ] || {
		tail -n 20 "$IET_DIR/$name.out"
		return 1
	}
	note "$name: $(wc -l <"$IET_DIR/$name.passes") passes"
}

# --- CPUs -------------------------------------------------------------------

cpus=(/sys/devices/system/cpu/cpu[1-9]*/online)

cpus_set() { # 0|1
	local cpu
	for cpu in "${cpus[@]}"; do
		echo "$1" >"$cpu" || return
	done
}

cpus_change() {
	cpus_set 0 && sleep 0.3 && cpus_set 1 && sleep 0.3
}

threads() { pgrep -c '^iet_net/'; }

# Those that have lost their CPU have run on others, and are back.
threads_are_back() {
	local nr pid
	for nr in $(seq 0 ${#cpus[@]}); do
		pid=$(pgrep "^iet_net/$nr\$") &&
			grep -q "^Cpus_allowed_list:[[:space:]]*$nr\$" \
				"/proc/$pid/status" ||
			iet_fail "$(cat "/proc/$pid/status")" || return
	done
}

load_with_one() {
	cpus_set 0 && iet_load
}

bound_to_first() {
	taskset -cp "$(pgrep '^iet_net/0$')"
}

# --- the module -------------------------------------------------------------

# No change of the configuration gets between a session and its module.
unload_fails() {
	local out
	"$IET_SBIN/ietadm" --op new --tid=77 --params \
		Name=$IET_IQN:new >/dev/null &&
		"$IET_SBIN/ietadm" --op new --tid=77 --lun=0 --params \
			Type=nullio,Blocks=2048 >/dev/null || return
	! out=$(rmmod iscsi_trgt 2>&1) || iet_fail "it is gone" || return
	[[ $out = *"in use"* ]] || iet_fail "$out" || return
	"$IET_SBIN/ietadm" --op show --tid=77 >/dev/null &&
		"$IET_SBIN/ietadm" --op delete --tid=77 >/dev/null
}

# --- memory -----------------------------------------------------------------

mount_both() {
	mkdir -p "$below" "$above" && modprobe ext4 &&
		mkfs.ext4 -q -F "$disk" && mount "$disk" "$below" &&
		iet_image "$below/lun.img" 420M
}

mount_above() {
	loop=$(oi_disk "$IET_IQN:loop") && mkfs.ext4 -q -F "$loop" &&
		mount "$loop" "$above"
}

# All but a little of what is available, touched all the time.
hog() {
	exec python3 - <<-'EOF2'
		import time
		info = dict(line.split(":") for line in open("/proc/meminfo"))
		left = int(info["MemAvailable"].split()[0]) << 10
		held = bytearray(max(left - (90 << 20), 0))
		while True:
		    for i in range(0, len(held), 4096):
		        held[i] += 1
		        held[i] &= 1
		    time.sleep(0.1)
	EOF2
}

fill() {
	local i
	for i in 1 2 3; do
		head -c 120M /dev/urandom | tee "$above/$i" | sha256sum \
			>"$IET_DIR/$i.sum" || return
	done
	sync -f "$above"
}

fill_in_time() {
	hog &
	local hog=$! status
	timeout 600 bash -c "$(declare -f fill); above=$above IET_DIR=$IET_DIR
		fill"
	status=$?
	kill $hog
	wait $hog 2>/dev/null
	[ $status = 0 ] || iet_fail "status $status"
}

all_there() {
	local i
	echo 3 >/proc/sys/vm/drop_caches
	for i in 1 2 3; do
		[ -s "$IET_DIR/$i.sum" ] &&
			sha256sum <"$above/$i" | cmp - "$IET_DIR/$i.sum" ||
			iet_fail "$above/$i is not what was written" || return
	done
	umount "$above"
}

# ----------------------------------------------------------------------------

[ -b "$disk" ] || { not_ok "there is a disk" "usage: $0 DISK"; exit 1; }
[ -e "${cpus[0]}" ] || { not_ok "a CPU can be switched off"; exit 1; }
run "a file system below" mount_both
iet_image "$IET_DIR/io.img" 32M
write_conf
run "the module is loaded with one CPU" load_with_one
is "there is one network thread" "$(threads)" 1
like "which runs on that" "$(bound_to_first)" ': 0$'
run "the target starts" iet_start
run "an initiator logs in" login
run "CPUs come" cpus_set 1
run "I/O while the module is to be unloaded" under_io unload unload_fails

# again, with a thread for each CPU
restart() {
	oi_down && iet_down && iet_load && iet_start && login &&
		[ "$(threads)" = $((${#cpus[@]} + 1)) ]
}
run "a thread for each CPU" restart
run "I/O while CPUs go and come" under_io hotplug cpus_change
run "each thread is back on its CPU" threads_are_back
run "a full page cache goes to this machine's own target" eval \
	'mount_above && fill_in_time'
run "and is all there" all_there
