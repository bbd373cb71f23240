#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 600
# What a Lun line says of a disk is what an initiator is told, keyword by
# keyword, as sg3-utils reads it; it changes at run time, and so does the size of
# files and devices; what makes no sense is refused in one line.
. tests/lib/ktap.sh
. tests/lib/iet.sh

target=$IET_IQN:keywords
props=VendorId=ACME,ProductId=Turbo\ Disk,ProductRev=9.87,ScsiId=myid
props+=,ScsiSN=SN0001,NAA=60a98000572d4461524a4e6b6a6b3251
props+=,EUI64=0011223344556677,UUID=01234567-89ab-cdef-0123-456789abcdef
props+=,ScsiVersion=5,BlockSize=4096,PhysicalBlockSize=16384,RotationRate=7200
props+=,ThinProvisioned=Yes,Removable=Yes,WriteCache=Yes
props+=,OptimalIO=65536:1048576

write_conf() { # PROPS OF LUN 0
	iet_conf <<-EOF
		Target $target
		        Lun 0 Path=$IET_DIR/full.img,$1
		        Lun 1 Path=$IET_DIR/plain.img
		        Lun 2 Path=$dev,Type=blockio
	EOF
}

up() {
	iet_image "$IET_DIR/full.img" 32M && iet_image "$IET_DIR/plain.img" 32M &&
		dev=$(iet_loop 32M) && back=$(losetup -nO BACK-FILE "$dev") &&
		write_conf "$props" && iet_load && iet_start && oi_up &&
		oi_discover && oi_login "$target" &&
		full=$(oi_disk "$target" 0) && plain=$(oi_disk "$target" 1) &&
		block=$(oi_disk "$target" 2)
}

# tells KEYWORD OUTPUT PATTERN...
tells() {
	local what=$1 out=$2 p
	shift 2
	for p; do
		grep -qE -- "$p" <<<"$out" ||
			not_ok "$what" "no match of '$p' in: $out" || return
	done
	ok "$what"
}

# what ietadm says to a wrong value: one line
refuses() { # WORDS KEY=VALUE
	local out
	out=$(ietadm --op update --tid=1 --lun=1 --params "$2" 2>&1) &&
		not_ok "$2 is refused" "it is not" && return
	is "$2 is refused" "$out" "ietadm: update lun 1 of target 1: $1"
}

refuses_file() { # WORDS PROPS
	write_conf "$2"
	is "a line with $2 is refused" "$(ietadm --op reload 2>&1)" \
		"ietadm: reload: $IET_CONF:2: Lun: $1"
}

update() { ietadm --op update --tid=1 --lun="$1" ${2:+--params "$2"}; }

blocks_are() { # LUN BLOCKS
	grep -q "lun:$1 .* blocks:$2 " /proc/net/iet/volume
}

# The initiator sees the new size once it looks.
rescans() { # DISK BYTES
	echo 1 >"/sys/block/${1#/dev/}/device/rescan" &&
		[ "$(blockdev --getsize64 "$1")" = "$2" ]
}

run "target and initiator start" up || exit 1

# --- one by one ---------------------------------------------------------------

out=$(sg_inq "$full" 2>&1)
tells "VendorId, ProductId, ProductRev" "$out" 'identification: ACME *$' \
	'identification: Turbo Disk *$' 'revision level: 9.87'
tells "ScsiVersion" "$out" 'version=0x05'
tells "Removable" "$out" 'RMB=1'
tells "ScsiSN" "$(sg_vpd -p sn "$full" 2>&1)" 'serial number: SN0001$'
out=$(sg_vpd -p di "$full" 2>&1)
tells "ScsiId" "$out" 'vendor id: ACME' 'vendor specific: myid'
tells "NAA" "$out" '0x60a98000572d4461524a4e6b6a6b3251'
tells "EUI64" "$out" '0x0011223344556677'
tells "UUID" "$out" '01234567-89ab-cdef-0123-456789abcdef'
out=$(sg_readcap -16 "$full" 2>&1)
tells "BlockSize" "$out" 'block length=4096 bytes' 'Last LBA=8191 '
tells "PhysicalBlockSize" "$out" 'block exponent=2 '
tells "ThinProvisioned" "$out" 'lbpme=1'
tells "... in page B2" "$(sg_vpd -p lbpv "$full" 2>&1)" \
	'\(LBPU\): 1' 'type: 2|thin provisioned'
tells "RotationRate" "$(sg_vpd -p bdc "$full" 2>&1)" \
	'rotation rate: 7200'
tells "WriteCache" "$(sg_modes -p 8 "$full" 2>&1)" '^ 00 +.8 12 .[4-7c-f]'
tells "OptimalIO" "$(sg_vpd -p bl "$full" 2>&1)" \
	'length granularity: 16 blocks' 'Optimal transfer length: 256 blocks'

out=$(sg_inq "$plain" 2>&1)
tells "without them: INQUIRY" "$out" 'identification: IET *$' \
	'identification: VIRTUAL-DISK *$' 'version=0x06' 'RMB=0'
tells "... READ CAPACITY" "$(sg_readcap -16 "$plain" 2>&1)" \
	'block length=512 bytes' 'block exponent=0' 'lbpme=0'
tells "... no write cache" "$(sg_modes -p 8 "$plain" 2>&1)" \
	'^ 00 +.8 12 .[0-38-b]'
tells "... nothing is told of rotation" "$(sg_vpd -p bdc "$plain" 2>&1)" \
	'rotation rate is not reported'

# --- at run time --------------------------------------------------------------

change() {
	update 1 "VendorId=NEW,ProductId=Other,ProductRev=1,ScsiVersion=7" &&
		update 1 "RotationRate=1,PhysicalBlockSize=4096,OptimalIO=32768"
}
run "ietadm --op update" change
tells "... is what INQUIRY says" "$(sg_inq "$plain" 2>&1)" \
	'identification: NEW *$' 'identification: Other *$' 'version=0x07'
sg_turs "$plain" >/dev/null 2>&1 # the unit attention of the second change
tells "... and the pages" "$(sg_vpd -p bdc "$plain"; sg_vpd -p bl "$plain"
	sg_readcap -16 "$plain")" 'Non-rotating' \
	'Optimal transfer length: 64 blocks' 'block exponent=3'
tells "... and ietadm" "$(ietadm --op show --tid=1 --lun=1)" \
	'^VendorId=NEW$' '^RotationRate=1$'

# --- nonsense -----------------------------------------------------------------

refuses 'VendorId: must be 1 to 8 printable characters' VendorId=LONGERTHAN8
refuses 'ScsiVersion: must be 3 to 7' ScsiVersion=8
refuses 'RotationRate: must be 0, 1 or 1025 to 65534' RotationRate=2
refuses 'PhysicalBlockSize: must be a power of two of 512 to 1048576' \
	PhysicalBlockSize=3000
refuses 'OptimalIO: must be 512 to 16777216 bytes' OptimalIO=1
refuses '"BlockSize" cannot be changed while the logical unit is there' \
	BlockSize=512
refuses '"Colour" is not an argument of a logical unit' Colour=blue
refuses_file 'VendorId: must be 1 to 8 printable characters' \
	VendorId=LONGERTHAN8
refuses_file 'NAA: must be 16 hexadecimal digits that begin with 2, 3 or 5, or 32 that begin with 6' \
	NAA=123
refuses_file 'UUID: must be 8-4-4-4-12 hexadecimal digits' UUID=abc
refuses_file 'BlockSize: must be 512, 1024, 2048 or 4096' BlockSize=1000
refuses_file 'ScsiSN: must be 1 to 128 printable characters' ScsiSN=
refuses_file 'ThinProvisioned: must be Yes or No' \
	ThinProvisioned=Maybe
write_conf "$props"
run "the file is good again" ietadm --op reload

# --- size ---------------------------------------------------------------------

resize_file() {
	truncate -s 48M "$IET_DIR/plain.img" && update 1 && blocks_are 1 98304 &&
		rescans "$plain" 50331648
}
run "a file has grown: ietadm --op update" resize_file
resize_device() {
	truncate -s 48M "$back" && losetup -c "$dev" && update 2 &&
		blocks_are 2 98304 && rescans "$block" 50331648
}
run "a device has grown: ietadm --op update" resize_device
notice() {
	truncate -s 64M "$IET_DIR/plain.img" "$back" && losetup -c "$dev" &&
		wait_for 60 blocks_are 1 131072 && wait_for 60 blocks_are 2 131072 &&
		rescans "$plain" 67108864 && rescans "$block" 67108864
}
run "both are noticed by themselves" notice
run "the initiator logs out" oi_logout "$target"
run "target and module end" iet_down
plan_so_far
