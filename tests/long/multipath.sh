#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 900
# multipath-tools: one disk by two targets, with ALUA states. What multipathd
# makes of it; I/O goes on when a path's state changes, when a path goes, and
# when it comes back; and the file system on it is whole.
# Not in User-Mode Linux, which has no dm-multipath.
. tests/lib/ktap.sh
. tests/lib/iet.sh

one=$IET_IQN:one
two=$IET_IQN:two
mnt=$IET_DIR/mnt
mkdir -p "$mnt"
map=""
daemons=()
at_end teardown

teardown() {
	! mountpoint -q "$mnt" || umount "$mnt"
	# it waits for udevd, and takes no signals meanwhile
	[ -z "$map" ] || timeout -k 1 20 multipath -F
	[ ${#daemons[@]} = 0 ] || kill -9 "${daemons[@]}"
} >/dev/null 2>&1

write_conf() {
	local paths="Path=$IET_DIR/disk.img,Type=fileio,ScsiId=multipath"
	iet_conf <<-EOF
		Target $one
		        Lun 0 $paths
		        AluaState active-optimized
		Target $two
		        Lun 0 $paths
		        AluaState active-nonoptimized
	EOF
}

up() {
	modprobe dm_multipath && modprobe scsi_dh_alua &&
		iet_image "$IET_DIR/disk.img" 256M && write_conf && iet_load &&
		iet_start && oi_up || return
	sed -i 's/replacement_timeout = .*/replacement_timeout = 3/' \
		/etc/iscsi/iscsid.conf
	cat >/etc/multipath.conf <<-EOF
		defaults {
		        user_friendly_names no
		        find_multipaths no
		        polling_interval 2
		        max_polling_interval 2
		}
		devices {
		        device {
		                vendor "IET"
		                product ".*"
		                path_grouping_policy group_by_prio
		                failback immediate
		                no_path_retry 60
		        }
		}
	EOF
	mkdir -p /run/udev
	/lib/systemd/systemd-udevd >"$IET_DIR/udevd.log" 2>&1 &
	daemons=($!)
	multipathd -d >"$IET_DIR/multipathd.log" 2>&1 &
	daemons+=($!)
	wait_for 30 multipathd show status
}

login() {
	oi_discover && oi_login "$one" && oi_login "$two" &&
		wait_for 60 paths 2 && map=$(multipath -l -v1 | head -n 1) &&
		[ -n "$map" ] && wait_for 20 test -b "/dev/mapper/$map"
}

# paths N: so many that work
paths() {
	[ "$(multipathd show paths raw format '%d %t %o' | grep -c \
		'active.*running')" = "$1" ]
}

disk_of() { # TARGET: the disk's name, sda
	local disk
	disk=$(oi_find_disk "$1" 0) && echo "${disk#/dev/}"
}

# The groups of paths as multipathd has them, the best first:
# STATE PRIORITY DISK..., one a line.
groups() {
	multipath -ll | awk '
		/prio=/ { if (line) print line
			  match($0, /prio=-?[0-9]+/)
			  prio = substr($0, RSTART + 5, RLENGTH - 5)
			  match($0, /status=[a-z]+/)
			  line = substr($0, RSTART + 7, RLENGTH - 7) " " prio }
		/ sd[a-z]+ / { match($0, / sd[a-z]+ /)
			  line = line " " substr($0, RSTART + 1, RLENGTH - 2) }
		END { print line }'
}

groups_are() { # LINE...
	[ "$(groups)" = "$(printf '%s\n' "$@")" ]
}

alua() { # TID STATE
	ietadm --op update --tid="$1" --params "AluaState=$2"
}

reads_of() { # DISK: I/O that it has had
	awk '{ print $1 + $5 }' "/sys/block/$1/stat"
}

# by_only DISK: all I/O goes there
by_only() {
	local a b other=$first
	[ "$1" != "$first" ] || other=$second
	sleep 3 # what was on its way
	a=$(reads_of "$1") b=$(reads_of "$other")
	sleep 2
	[ "$(reads_of "$1")" -gt $((a + 20)) ] ||
		iet_fail "$1 has no I/O" || return
	[ "$(reads_of "$other")" -lt $((b + 10)) ] || iet_fail "$other has I/O"
}

# fio with verification, in the background until fio_ends
fio_begins() {
	fio --name=v --filename="$mnt/fio" --size=32m --rw=randrw --bs=4k \
		--ioengine=libaio --direct=1 --iodepth=4 --verify=crc32c \
		--verify_fatal=1 --verify_backlog=64 --time_based \
		--runtime=3600 --output="$IET_DIR/fio.out" &
	fio_pid=$!
	sleep 3
	fio_goes_on
}

fio_goes_on() { kill -0 "$fio_pid" || { cat "$IET_DIR/fio.out"; return 1; }; }

fio_ends() {
	fio_goes_on && kill -INT "$fio_pid" && wait "$fio_pid"
	! grep -E 'err= *[1-9]|verify:' "$IET_DIR/fio.out"
}

swapped() {
	alua 1 standby && alua 2 active-optimized &&
		wait_for 30 groups_are "active 50 $second" "enabled 1 $first" ||
		{ groups; return 1; }
	by_only "$second" && fio_goes_on
}

back() {
	alua 1 active-optimized && alua 2 active-nonoptimized &&
		wait_for 30 groups_are "active 50 $first" "enabled 10 $second" ||
		{ groups; return 1; }
	by_only "$first" && fio_goes_on
}

# The target goes, as when its portal dies: sessions end, logins are refused.
path_gone() {
	wait_for 20 drop_target && wait_for 60 paths 1 || return
	by_only "$second" && fio_goes_on
}

drop_target() {
	local sid
	sid=$(sed -n "/name:${one//./\\.}\$/,/^tid/s/.*sid:\([0-9]*\).*/\1/p" \
		/proc/net/iet/session | head -n 1)
	[ -z "$sid" ] || ietadm --op delete --tid=1 --sid="$sid" --cid=0
	ietadm --op delete --tid=1
}

path_back() {
	ietadm --op reload && wait_for 60 paths 2 &&
		wait_for 30 groups_are "active 50 $first" "enabled 10 $second" ||
		{ groups; return 1; }
	by_only "$first" && fio_goes_on
}

make_fs() {
	mkfs.ext4 -q -F "/dev/mapper/$map" &&
		mount "/dev/mapper/$map" "$mnt"
}

check_fs() { umount "$mnt" && e2fsck -fn "/dev/mapper/$map"; }

end() {
	multipath -f "$map" && map= && kill "${daemons[1]}" &&
		wait_for 30 iet_gone "${daemons[1]}" && oi_logout "$one" &&
		oi_logout "$two" && iet_down
}

run "target, initiator and multipathd start" up || exit 1
run "one map of two paths" login || exit 1
first=$(disk_of "$one") second=$(disk_of "$two")
is "multipath -ll: groups by ALUA state" "$(groups)" \
	"active 50 $first
enabled 10 $second"
run "a file system on it" make_fs
run "verified I/O begins" fio_begins
run "it goes by the optimized path" by_only "$first"
run "that becomes standby: I/O goes by the other" swapped
run "optimized again: I/O comes back" back
run "the path goes: I/O goes by the other" path_gone
run "it is there again: I/O comes back" path_back
run "all that was read was right" fio_ends
run "the file system is whole" check_fs
run "all ends" end
plan_so_far
