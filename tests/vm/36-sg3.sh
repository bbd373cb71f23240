#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 900
# sg3-utils through open-iscsi: the commands of a disk as another client than
# libiscsi sends them and reads the answers.
. tests/lib/ktap.sh
. tests/lib/iet.sh

target=$IET_IQN:sg3

up() {
	iet_image "$IET_DIR/disk.img" 32M &&
		iet_image "$IET_DIR/removable.img" 8M &&
		iet_image "$IET_DIR/thick.img" 8M && dev=$(iet_loop 32M) &&
		iet_up <<-EOF && oi_up
			Target $target
			        AluaExplicit Yes
			        Lun 0 Path=$IET_DIR/disk.img,Type=fileio,ThinProvisioned=Yes
			        Lun 1 Path=$dev,Type=blockio
			        Lun 2 Path=$IET_DIR/removable.img,Type=fileio,Removable=Yes,ThinProvisioned=Yes
			        Lun 3 Path=$IET_DIR/thick.img,Type=fileio
		EOF
}

login() {
	oi_discover && oi_login "$target" && disk=$(oi_disk "$target" 0) &&
		fixed=$(oi_disk "$target" 1) &&
		removable=$(oi_disk "$target" 2) && thick=$(oi_disk "$target" 3)
}

# has PATTERN COMMAND...: it succeeds and says so
has() {
	local out status
	out=$("${@:2}" 2>&1)
	status=$?
	echo "$out"
	[ $status = 0 ] || iet_fail "status $status" || return
	grep -qE -- "$1" <<<"$out" || iet_fail "no match of '$1'"
}

# fails PATTERN COMMAND...: it fails and says why
fails() {
	local out
	out=$("${@:2}" 2>&1) && iet_fail "it succeeds: $out" && return 1
	echo "$out"
	grep -qiE -- "$1" <<<"$out" || iet_fail "no match of '$1'"
}

pattern() { # FILE BYTES OCTAL
	head -c "$2" /dev/zero | tr '\0' "\\$3" >"$1"
}

medium_is() { # DEVICE OCTAL BYTES SKIP: blocks of 512 bytes
	dd if="$1" bs=512 skip="$4" count=$(($3 / 512)) iflag=direct \
		status=none | tr -d "\\$2" | wc -c | grep -qx 0
}

one=$IET_DIR/one
two=$IET_DIR/two

run "the target starts" up || exit 1
run "an initiator logs in" login || exit 1

# opcodes and pages -----------------------------------------------------------
opcodes() {
	local out name
	out=$(sg_opcodes --no-inquiry --rctd "$disk" 2>&1) || return
	echo "$out"
	for name in 'Format unit' 'Sanitize, overwrite' 'Sanitize, block erase' \
		'Log sense' 'Report timestamp' 'Set timestamp' 'Read(32)' \
		'Write atomic(16)' 'Compare and write' 'Unmap' \
		'Get LBA status' 'Read buffer(10)' 'Write buffer'; do
		grep -qiF -- "$name" <<<"$out" || iet_fail "no $name" || return
	done
}
run "sg_opcodes" opcodes
run "sg_opcodes, READ(32)" has 'ctdp=1|Usage' \
	sg_opcodes --no-inquiry --rctd --opcode=0x7f,9 "$disk"
for page in sv bl bdc lbpv; do
	run "sg_vpd, page $page" sg_vpd --page=$page "$disk"
done
run "sg_vpd: atomic writes of a block" \
	has 'Maximum atomic transfer length: 1' sg_vpd --page=bl "$disk"
run "sg_logs, all pages" has 'Logical block provisioning' \
	sg_logs --all "$disk"
run "sg_logs: space is told" has 'Available LBA mapping .*count: [1-9]' \
	sg_logs --page=0xc "$disk"
run "sg_logs: counters are set back" sg_logs --reset --select "$disk"
run "sg_modes" has 'Caching' sg_modes --all "$disk"
run "sg_readcap" has 'lbpme=1, lbprz=1' sg_readcap --long "$disk"
run "sg_timestamp" has '[1-9]' sg_timestamp "$disk"
run "sg_timestamp, set" sg_timestamp --milliseconds=1000000 "$fixed"
run "sg_timestamp, as it was set" has '^10[0-9]{5}$' sg_timestamp "$fixed"
run "READ BUFFER, echo descriptor" has '01 00 10 00' \
	sg_raw -r 4 "$disk" 3c 0b 00 00 00 00 00 00 04 00
pattern "$one" 512 245
echoes() {
	sg_raw -s 512 -i "$one" "$disk" 3b 0a 00 00 00 00 00 02 00 00 &&
		sg_raw -r 512 -o "$two" "$disk" 3c 0a 00 00 00 00 00 02 00 00 &&
		cmp "$one" "$two"
}
run "WRITE BUFFER and READ BUFFER echo" echoes
run "sg_senddiag, self-test" sg_senddiag --test "$disk"

# blocks ----------------------------------------------------------------------
write_same() {
	sg_write_same --16 --in="$one" --lba=8 --num=16 "$disk" &&
		medium_is "$disk" 245 8192 8
}
run "sg_write_same" write_same
run "sg_get_lba_status: mapped" has '^0x?0*8|mapped' \
	sg_get_lba_status --lba=8 "$disk"
unmap() {
	sg_unmap --lba=8 --num=16 "$disk" && medium_is "$disk" 000 8192 8
}
run "sg_unmap" unmap
run "sg_get_lba_status: deallocated" has 'deallocated|unmapped' \
	sg_get_lba_status --lba=8 --blockhex "$disk"
run "sg_verify, BYTCHK=3" sg_verify --16 --bytchk=3 --ndo=512 \
	--in=/dev/zero --lba=8 --count=16 "$disk"
run "sg_verify, BYTCHK=3, miscompare" fails 'miscompare' sg_verify --16 \
	--bytchk=3 --ndo=512 --in="$one" --lba=8 --count=16 "$disk"
{ head -c 512 /dev/zero; cat "$one"; } >"$two"
run "sg_compare_and_write" sg_compare_and_write --in="$two" --lba=8 --num=1 \
	--xferlen=1024 "$disk"
run "sg_compare_and_write, miscompare" fails 'miscompare' \
	sg_compare_and_write --in="$two" --lba=8 --num=1 --xferlen=1024 "$disk"
run "sg_write_x, WRITE ATOMIC" sg_write_x --atomic=0 --16 --in="$one" \
	--lba=9 --num=1 "$disk"
run "sg_write_x, WRITE(32)" sg_write_x --normal --32 --in="$one" --lba=10 \
	--num=1 "$disk"
run "they were written" medium_is "$disk" 245 1536 8

# who may ---------------------------------------------------------------------
persist() {
	sg_persist --out --register --param-sark=abc "$disk" &&
		has '0xabc' sg_persist --in --read-keys "$disk" &&
		sg_persist --out --reserve --param-rk=abc --prout-type=5 "$disk" &&
		has 'Type:? *5|Registrants Only|registrants only' \
			sg_persist --in --read-reservation "$disk" &&
		has '0xabc' sg_persist --in --read-full-status "$disk" &&
		has 'PTPL_C\): 1' sg_persist --in --report-capabilities "$disk" &&
		sg_persist --out --clear --param-rk=abc "$disk"
}
run "sg_persist" persist
stpg() {
	has 'active/optimized' sg_rtpg --decode "$disk" &&
		sg_stpg --active "$disk" || return
	sg_turs "$disk" # unit attention
	has 'active/non optimized' sg_rtpg --decode "$disk" &&
		sg_stpg --optimized "$disk" || return
	sg_turs "$disk"
	has 'active/optimized' sg_rtpg --decode "$disk"
}
run "sg_rtpg, sg_stpg" stpg

# the whole medium ------------------------------------------------------------
pattern "$one" 4 125
sanitize() {
	sg_sanitize --overwrite --pattern="$one" --ipl=4 --quick --wait "$fixed" &&
		medium_is "$fixed" 125 4096 0 && medium_is "$fixed" 125 4096 65528
}
run "sg_sanitize, overwrite" sanitize
erase() {
	sg_sanitize --block --quick --early "$disk" &&
		wait_for 60 sg_turs "$disk" && medium_is "$disk" 000 65536 0
}
run "sg_sanitize, block erase in the background" erase
run "sg_sanitize, no cryptographic erase" fails 'illegal request' \
	sg_sanitize --crypto --quick --wait "$disk"
run "sg_sanitize, exit failure mode" sg_sanitize --fail --quick "$disk"
format() {
	sg_format --format --quick --wait "$fixed" && medium_is "$fixed" 000 4096 65528
}
run "sg_format" format
# tmpfs can't zero a range: zeroes are written
format_thick() {
	dd if="$one" of="$thick" bs=512 seek=16000 oflag=direct,sync &&
		timeout 120 sg_format --format --quick --wait "$thick" &&
		medium_is "$thick" 000 4096 16000
}
run "sg_format of a file whose file system can't zero a range" format_thick
stops() {
	sg_start --stop "$fixed" && fails 'not ready' sg_turs --verbose "$fixed" &&
		sg_start --start "$fixed" && sg_turs "$fixed"
}
run "sg_start: a disk is stopped and started" stops
# sd locks the door of a removable disk that is open, as it is for sg_start
keeps() {
	fails 'illegal request' sg_start --eject "$removable" &&
		sg_turs "$removable"
}
run "sg_start: a medium in use is not ejected" keeps

run "the initiator logs out" oi_logout "$target"
run "target and module end" iet_down
plan_so_far
