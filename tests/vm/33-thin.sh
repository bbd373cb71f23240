#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 900
# Thin units below file systems: what ext4 and XFS discard (mount -o discard,
# fstrim, mkfs) and what blkdiscard does is given back where the unit's data is,
# and files are whole all the same.
. tests/lib/ktap.sh
small_off() { [ ! -d "$small" ] || ! mountpoint -q "$small" || umount "$small"; }
at_end small_off # when the target is down
. tests/lib/iet.sh

target=$IET_IQN:thin
mnt=$IET_DIR/mnt small=$IET_DIR/small
mkdir -p "$mnt"
at_end umount_all
umount_all() { ! mountpoint -q "$mnt" || umount "$mnt"; }

# a file system of which a disk may use more than there is
small_on() {
	mkfs.ext4 -q -F "$1" && mkdir -p "$small" && mount "$1" "$small" &&
		iet_image "$small/disk.img" 128M
}

up() {
	small_on "$(iet_loop 64M)" || return
	iet_image "$IET_DIR/thin.img" 400M && dev=$(iet_loop 400M) &&
		backing=$(losetup -nO BACK-FILE "$dev") &&
		modprobe -q xfs
	iet_up <<-EOF && oi_up && oi_discover && oi_login "$target"
		Target $target
		        Lun 0 Path=$IET_DIR/thin.img,Type=fileio,ThinProvisioned=Yes
		        Lun 1 Path=$dev,Type=blockio,ThinProvisioned=Yes
		        Lun 2 Path=$small/disk.img,Type=fileio,ThinProvisioned=Yes
	EOF
	# shellcheck disable=SC2034 # by indirection
	file=$(oi_disk "$target" 0) && block=$(oi_disk "$target" 1) &&
		scarce=$(oi_disk "$target" 2)
}

used() { # FILE: MiB of it that are there
	echo $(($(stat -c '%b * %B / 1048576' "$1")))
}

uses() { # FILE FROM TO, beyond $base
	local mib
	mib=$(($(used "$1") - ${base:-0}))
	[ "$mib" -ge "$2" ] && [ "$mib" -le "$3" ] ||
		iet_fail "$1 uses $mib MiB, not $2 to $3"
}

fill() {
	head -c 16M /dev/urandom >"$mnt/gone" && cp --reflink=never "$mnt/gone" "$mnt/gone2" &&
		head -c 4M /dev/urandom >"$mnt/stays" && sync &&
		sha256sum "$mnt/stays" >"$IET_DIR/sum"
}

# by_fs TYPE DISK FILE: online discard, then fstrim
by_fs() {
	local options base
	base=$(used "$3")
	for options in discard nodiscard; do
		mount -t "$1" -o $options "$2" "$mnt" && fill &&
			uses "$3" 32 46 && rm "$mnt/gone" "$mnt/gone2" &&
			sync || return
		# of what was deleted not much is discarded before it is safe
		# that it was
		if [ $options = discard ]; then
			umount "$mnt" && mount -t "$1" "$2" "$mnt" || return
			wait_for 60 uses "$3" 0 12
		else
			uses "$3" 32 46 && fstrim "$mnt" && uses "$3" 0 12
		fi || return
		echo 3 >/proc/sys/vm/drop_caches
		sha256sum -c "$IET_DIR/sum" || return
		umount "$mnt" || return
	done
}

on_ext4() { # DISK FILE
	mkfs.ext4 -q -F -E lazy_itable_init=0,lazy_journal_init=0 "$1" &&
		by_fs ext4 "$1" "$2" && e2fsck -fn "$1"
}

on_xfs() {
	grep -qw xfs /proc/filesystems || iet_fail "there is no XFS" || return
	mkfs.xfs -q -f "$1" && by_fs xfs "$1" "$2" && xfs_repair -n "$1"
}

# What is there is thrown away, by blkdiscard as by mkfs.
all_gone() { # DISK FILE
	dd if=/dev/urandom of="$1" bs=1M count=32 oflag=direct && uses "$2" 32 160 &&
		blkdiscard "$1" && uses "$2" 0 1 &&
		cmp -n 33554432 "$1" /dev/zero
}

# Zeroes take no room if they need not: blkdiscard -z asks for blocks that are
# there. What is unmapped at a block device need not be zeroes, so that Linux
# writes them.
zeroed() { # DISK FILE MIB COMMAND...
	dd if=/dev/urandom of="$1" bs=1M count=16 oflag=direct &&
		"${@:4}" -o 1M -l 8M "$1" && uses "$2" "$3" $(($3 + 1)) &&
		cmp -n 8388608 -i 1048576:0 "$1" /dev/zero &&
		! cmp -n 1048576 "$1" /dev/zero >/dev/null
}

write_8m() { # MIB: from there on
	dd if=/dev/urandom of="$scarce" bs=1M count=8 seek="$1" oflag=direct
}

# What is anchored can be written when there is no space for anything else.
anchored() {
	sg_vpd --page=lbpv "$scarce" | grep 'ANC_SUP).*1$' || return
	sg_unmap --anchor --lba=0 --num=8192 "$scarce" &&
		sg_write_same --16 --unmap --anchor --ndob --lba=8192 \
			--num=8192 "$scarce" &&
		uses "$small/disk.img" 8 9 &&
		cmp -n 8388608 "$scarce" /dev/zero || return
	head -c 100M /dev/zero >"$small/full"
	write_8m 0 && sync && ! write_8m 64
}

each() { "$@" || { umount_all; return 1; }; }

run "target and initiator start" up || exit 1
for kind in file block; do
	disk=${!kind} data=$IET_DIR/thin.img left=8 fs=xfs
	[ $kind = file ] || { data=$backing left=16 fs=ext4; }
	run "$kind: $fs gives back what is deleted" each on_$fs "$disk" "$data"
	run "$kind: blkdiscard" each all_gone "$disk" "$data"
	run "$kind: blkdiscard -z" each zeroed "$disk" "$data" 16 blkdiscard -z
	run "$kind: punching a hole" each zeroed "$disk" "$data" $left \
		fallocate -p
done
run "file: anchored blocks have their space" anchored
run "the initiator logs out" oi_logout "$target"
run "target and module end" iet_down
plan_so_far
