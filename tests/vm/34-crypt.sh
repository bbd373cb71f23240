#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 900
# Encrypted units: what is on the medium tells nothing, the key is kept, and
# without it there is no unit.
. tests/lib/ktap.sh
. tests/lib/iet.sh

target=$IET_IQN:crypt
mnt=$IET_DIR/mnt
img=$IET_DIR/crypt.img
state=/var/lib/iet
mkdir -p "$mnt"
at_end umount_all
umount_all() { ! mountpoint -q "$mnt" || umount "$mnt"; }
# shellcheck disable=SC2119
python() { python3 - "$@"; }

conf() { # [OPTION-OF-LUN-0]
	iet_conf <<-EOF
		Target $target
		        Lun 0 Path=$img,Type=fileio,ScsiId=file,ThinProvisioned=Yes,IOMode=wb${1-,Encrypted=Yes}
		        Lun 1 Path=$dev,Type=blockio,ScsiId=block,Encrypted=Yes
	EOF
}

disks() {
	oi_login "$target" && file=$(oi_disk "$target" 0) &&
		block=$(oi_disk "$target" 1)
}

up() {
	iet_image "$img" 64M && dev=$(iet_loop 64M) && conf && iet_load &&
		iet_start && oi_up && oi_discover && disks
}

again() { # the target ends and begins, its state is that of the files
	oi_logout "$target" && iet_down && iet_load && iet_start && disks
}

# On the medium each block is another one, and none is plain.
hidden() { # DISK MEDIUM
	yes 'so that all blocks are the same' | head -c 2M |
		dd of="$1" bs=256k iflag=fullblock seek=1 oflag=direct &&
		sync && sync -f "$img" && python "$2" <<-EOF
			import sys
			medium = open(sys.argv[1], "rb")
			medium.seek(256 << 10)
			data = medium.read(2 << 20)
			units = {data[i:i + 512] for i in range(0, len(data), 512)}
			if len(units) != 4096:
			    sys.exit(f"only {len(units)} different units")
			if b"so that all" in data:
			    sys.exit("plain text")
		EOF
}

same() { # DISK: as hidden() has left it
	echo 3 >/proc/sys/vm/drop_caches
	yes 'so that all blocks are the same' | head -c 2M |
		cmp -n 2M -i 0:256k - "$1" && cmp -n 256k "$1" /dev/zero
}

key() { # ID: the key in hexadecimal, which is where iet_state.h has it
	python "$state/$1.state" <<-EOF
		import sys
		data = open(sys.argv[1], "rb").read()
		slots = [data[i:i + 2**20] for i in (0, 2**20)]
		new = max(slots, key=lambda s: int.from_bytes(s[16:24], "big"))
		print(new[80:144].hex())
	EOF
}

no_trace() { # KEY FILE
	python "$@" <<-EOF
		import sys
		if bytes.fromhex(sys.argv[1]) in open(sys.argv[2], "rb").read():
		    sys.exit("the key is there")
	EOF
}

key_is_kept() { # ID
	wait_for 60 test -s "$state/$1.state" &&
		[ "$(key "$1" | tr -d 0 | wc -c)" -gt 64 ] &&
		[ "$(stat -c %a "$state/$1.state")" = 600 ] &&
		[ "$(key file)" != "$(key block)" ]
}

secret() {
	dmesg >"$IET_DIR/dmesg" && no_trace "$(key file)" "$IET_DIR/dmesg" &&
		"$IET_SBIN/ietadm" --op show --tid=1 --lun=0 |
		tee "$IET_DIR/show" | grep -qx Encrypted=Yes &&
		! grep -qi "$(key file)" "$IET_DIR/show" "$IET_LOG" \
			/proc/net/iet/volume
}

# Somebody else's implementation, by the number of the data unit.
standard() { # KEY MEDIUM
	python "$@" <<-EOF
		import ctypes, sys
		lib = ctypes.CDLL("libcrypto.so.3")
		for name in ("EVP_CIPHER_CTX_new", "EVP_aes_256_xts"):
		    getattr(lib, name).restype = ctypes.c_void_p
		ctx, got = ctypes.c_void_p(lib.EVP_CIPHER_CTX_new()), ctypes.c_int()
		want = (b"so that all blocks are the same\n" * 16)
		with open(sys.argv[2], "rb") as medium:
		    for unit in (512, 513, 4607):
		        medium.seek(unit * 512)
		        plain = ctypes.create_string_buffer(512)
		        lib.EVP_DecryptInit_ex(
		            ctx, ctypes.c_void_p(lib.EVP_aes_256_xts()), None,
		            bytes.fromhex(sys.argv[1]),
		            unit.to_bytes(16, "little"))
		        lib.EVP_DecryptUpdate(ctx, plain, ctypes.byref(got),
		                              medium.read(512), 512)
		        if plain.raw != want:
		            sys.exit(f"unit {unit}: {plain.raw[:32]}")
	EOF
}

# Small writes, parts of pages, and what is unmapped.
pieces() {
	head -c 1M /dev/urandom >"$IET_DIR/want" &&
		dd if="$IET_DIR/want" of="$file" bs=1536 oflag=seek_bytes,direct \
			seek=8M iflag=fullblock,count_bytes count=1045504 &&
		dd if="$IET_DIR/want" of="$file" bs=512 skip=2042 count=6 \
			seek=18426 oflag=direct &&
		cmp -n 1M -i 0:8M "$IET_DIR/want" "$file" &&
		blkdiscard -o 8M -l 512K "$file" &&
		cmp -n 512K -i 8M:0 "$file" /dev/zero &&
		cmp -n 512K -i 8912896:524288 "$file" "$IET_DIR/want"
}

on_ext4() {
	mkfs.ext4 -q -F "$block" && mount -o discard "$block" "$mnt" &&
		head -c 8M /dev/urandom >"$mnt/a" && sha256sum "$mnt/a" >"$IET_DIR/sum" &&
		umount "$mnt" && e2fsck -fn "$block" && mount "$block" "$mnt" &&
		sha256sum -c "$IET_DIR/sum" && umount "$mnt"
}

crypto_erase() {
	local old new
	old=$(key file) && sg_sanitize --crypto --quick --wait "$file" &&
		new=$(key file) && [ "$old" != "$new" ] &&
		no_trace "$old" "$state/file.state" || return
	echo 3 >/proc/sys/vm/drop_caches
	! same "$file" || iet_fail "the old data is there" || return
	dd if="$file" bs=256k skip=1 count=8 | grep -aq 'so that all' &&
		return 1
	# never written
	cmp -n 256k "$file" /dev/zero
}

# Who has no key gets nothing, and nothing is made in its place.
refused() { # WORDS
	oi_logout "$target" && iet_down && iet_load && : >"$IET_LOG" && iet_start &&
		grep -q "$1" "$IET_LOG" || { cat "$IET_LOG"; return 1; }
	! "$IET_SBIN/ietadm" --op show --tid=1 --lun=0 2>/dev/null
}

no_key() {
	mv $state/file.state "$IET_DIR/kept" &&
		refused "there is no key in its state file, and its medium is not empty" &&
		! grep -q . <(key file | tr -d '0\n')
}

wrong_key() {
	cp $state/block.state $state/file.state &&
		oi_login "$target" && refused "the state file is of another"
}

not_plain() {
	cp -p "$IET_DIR/kept" $state/file.state && conf '' &&
		oi_login "$target" && refused "its state file has a key"
}

key_is_back() {
	conf && oi_login "$target" && again && same "$file"
}

both_ways() {
	! "$IET_SBIN/ietadm" --op new --tid=1 --lun=5 \
		--params "Path=$img,IOMode=ro,ScsiId=other" 2>"$IET_DIR/err" &&
		grep -q "with another IOMode, and encrypted" "$IET_DIR/err" &&
		! "$IET_SBIN/ietadm" --op new --tid=1 --lun=5 \
			--params "Path=$img,Encrypted=No" 2>"$IET_DIR/err" &&
		grep -q "with another Encrypted" "$IET_DIR/err" &&
		"$IET_SBIN/ietadm" --op new --tid=1 --lun=5 \
			--params "Path=$img,Encrypted=Yes" &&
		"$IET_SBIN/ietadm" --op delete --tid=1 --lun=5
}

run "target and initiator start" up || exit 1
run "its key is kept, for root alone" key_is_kept file
run "the other one is another" key_is_kept block
run "file: the medium tells nothing" hidden "$file" "$img"
run "block: the medium tells nothing" hidden "$block" "$dev"
run "file: it is AES-256-XTS" standard "$(key file)" "$img"
run "block: it is AES-256-XTS" standard "$(key block)" "$dev"
run "the key is told to nobody" secret
run "all sizes, and unmapping" pieces
run "another module knows the key" again
run "file: what was written is there" same "$file"
run "block: what was written is there" same "$block"
run "one medium is not served in two ways" both_ways
run "no key, no unit" no_key
run "nor with the key of another" wrong_key
run "nor without encryption" not_plain
run "with the key it is there again" key_is_back
run "CRYPTOGRAPHIC ERASE" crypto_erase
run "data of the new key" hidden "$file" "$img"
run "the new key is kept" again
run "and its data" same "$file"
run "ext4" on_ext4
run "the initiator logs out" oi_logout "$target"
run "target and module end" iet_down
plan_so_far
