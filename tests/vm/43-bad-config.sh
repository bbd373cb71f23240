#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 600
# Errors in the configuration: file, line and word are named, and nothing is
# changed. Disks that can't be had: one clear line each, from the file as well
# as from ietadm, and the others are served.
. tests/lib/ktap.sh
. tests/lib/iet.sh

good=$IET_IQN:good
volume=/proc/net/iet/volume
long=$(printf '%300s' '' | tr ' ' x)

write_good() {
	iet_conf <<-END
		Target $good
		        Lun 0 Path=$IET_DIR/disk,Type=fileio
	END
}

unchanged() {
	[ "$(cat $volume)" = "$before" ] || iet_fail "$(cat $volume)"
}

# bad WHAT LINE WORDS: the text on standard input has an error in this line
bad() {
	local words
	iet_conf
	words=$(ietadm --op reload 2>&1)
	is "$1" "$? $words" "234 ietadm: reload: $IET_CONF:$2: $3"
	run "... changes nothing" unchanged
}

# The same at a start: it fails, and says so.
bad_start() {
	local words
	iet_conf
	words=$(timeout 60 "$IET_SBIN/ietd" -f -c "$IET_CONF" 2>&1)
	isnt_zero "a start with $1 fails" $?
	like "... and says where and why" "$words" "$IET_CONF:$2: $3"
}

isnt_zero() { if [ "$2" != 0 ]; then ok "$1"; else not_ok "$1"; fi; }

iet_image "$IET_DIR/disk" 8M
run "the module loads" iet_load

# --- a start ------------------------------------------------------------------

bad_start "an unknown word" 2 'Gargot: is not a word of this language' <<EOT
Target $good
	Gargot 1
EOT
bad_start "a value out of range" 2 'Wthreads: "0": must be 1 to 128' <<EOT
Target $good
	Wthreads 0
EOT
is "nothing was made" "$(cat $volume)" ""
words=$("$IET_SBIN/ietd" -f -c /nonexistent/ietd.conf 2>&1)
isnt_zero "a start without the file it was told to read fails" $?
like "... and names the file" "$words" \
	"/nonexistent/ietd.conf: No such file or directory"

write_good
run "ietd starts with a good one" iet_start
before=$(cat $volume)

# --- a reload: what is wrong in which line ------------------------------------

bad "an unknown word" 3 'Gargot: is not a word of this language' <<EOT
# a comment, and an empty line

Gargot 1
Target $good
EOT
bad "a word of targets before the first" 1 \
	'Wthreads: belongs after a Target' <<EOT
Wthreads 8
Target $good
EOT
bad "a global word after a target" 2 \
	'iSNSServer: belongs before the first Target' <<EOT
Target $good
	iSNSServer 127.0.0.1
EOT
bad "a target without a name" 1 'Target: a name is missing' <<EOT
Target
EOT
bad "a name that is too long" 1 'Target: the name is longer than 223 bytes' <<EOT
Target iqn.2001-04.com.example:$long
EOT
bad "a target that is there twice" 3 "Target: $good is in line 1 already" <<EOT
Target $good
	Lun 0 Path=$IET_DIR/disk
Target $good
EOT
bad "a parameter without a value" 2 'QueuedCommands: a value is missing' <<EOT
Target $good
	QueuedCommands
EOT
bad "a value that is no number" 2 'Wthreads: "many" is not a number' <<EOT
Target $good
	Wthreads many
EOT
bad "a number below its range" 2 \
	'MaxBurstLength: "511": must be 512 to 16777215' <<EOT
Target $good
	MaxBurstLength 511
EOT
bad "a boolean that is none" 2 'InitialR2T: "Maybe" is neither Yes nor No' <<EOT
Target $good
	InitialR2T Maybe
EOT
bad "a digest that does not exist" 2 \
	'HeaderDigest: "MD5" is not a list of None and CRC32C' <<EOT
Target $good
	HeaderDigest MD5
EOT
bad "a LUN without anything" 2 'Lun: needs a number and Path=...,Type=...' <<EOT
Target $good
	Lun
EOT
bad "a LUN number that is none" 2 'Lun: "zero": must be 0 to 16383' <<EOT
Target $good
	Lun zero Path=$IET_DIR/disk
EOT
bad "a LUN number that is too great" 2 'Lun: "16384": must be 0 to 16383' <<EOT
Target $good
	Lun 16384 Path=$IET_DIR/disk
EOT
bad "a LUN that is there twice" 3 'Lun: 0 is in line 2 already' <<EOT
Target $good
	Lun 0 Path=$IET_DIR/disk
	Lun 0 Type=nullio
EOT
bad "a LUN without a path" 2 'Lun: Path: is missing' <<EOT
Target $good
	Lun 0 Type=fileio
EOT
bad "a path that is not absolute" 2 'Lun: Path: "disk" is not absolute' <<EOT
Target $good
	Lun 0 Path=disk
EOT
bad "a user without a secret" 2 'IncomingUser: needs a name and a secret' <<EOT
Target $good
	IncomingUser joe
EOT

for element in Type=tape BlockSize=513 IOMode=maybe Colour=blue Path \
	ScsiId="$long" Blocks=0; do
	iet_conf <<-END
		Target $good
		        Lun 0 Path=$IET_DIR/disk,$element
	END
	words=$(ietadm --op reload 2>&1)
	like "Lun with ${element:0:20}" "$words" \
		"^ietadm: reload: $IET_CONF:2: Lun: \"?${element%%=*}\"?:? .+"
	run "... changes nothing" unchanged
done

printf 'Target %s\0\n' "$good" | iet_conf
like "a NUL byte" "$(ietadm --op reload 2>&1)" \
	"^ietadm: reload: $IET_CONF: not a text file$"
head -c 65536 /dev/urandom | iet_conf
run "64 KiB of garbage" eval '! ietadm --op reload'
run "... change nothing" unchanged
rm "$IET_CONF"
like "no file any more" "$(ietadm --op reload 2>&1)" \
	"^ietadm: reload: $IET_CONF: No such file or directory$"
run "... changes nothing" unchanged

iet_conf <<EOT
Target $good
	Wthreads 0
	Wthreads 8
	Gargot
	IncomingUser joe
EOT
words=$(ietadm --op reload 2>&1)
for line in 2 4 5; do
	like "of several errors, that in line $line is told" "$words" \
		"$IET_CONF:$line: "
done
run "... and nothing is changed" unchanged
unlike "no secret is in the log" "$(cat "$IET_LOG")" secretsecret

# --- disks that can't be had --------------------------------------------------

modprobe loop
loop=$(iet_loop 16M)
mkdir "$IET_DIR/ro" "$IET_DIR/mnt"
mount -t tmpfs tmpfs "$IET_DIR/ro"
truncate -s 8M "$IET_DIR/ro/disk"
mount -o remount,ro "$IET_DIR/ro"
at_end 'ietadm --op delete; umount "$IET_DIR"/{ro,mnt} 2>/dev/null'
mkfs.ext4 -q "$loop"
mount "$loop" "$IET_DIR/mnt"
mkfifo "$IET_DIR/fifo"
: >"$IET_DIR/empty"

# no_disk WHAT PATH TYPE WORDS: both ways of asking for it
no_disk() {
	local words
	words=$(ietadm --op new --tid=1 --lun=1 --params "Path=$2,Type=$3" 2>&1)
	like "$1: ietadm says so" "$words" \
		"^ietadm: new lun 1 of target 1: $2: $4\$"
	is "... in one line" "$(wc -l <<<"$words")" 1
	run "... and changes nothing" unchanged
	iet_conf <<-END
		Target $good
		        Lun 0 Path=$IET_DIR/disk,Type=fileio
		        Lun 1 Path=$2,Type=$3
	END
	words=$(ietadm --op reload 2>&1)
	is "$1: a dry run says the same" "$(ietadm --op reload --dry-run 2>&1)" \
		"$words"
	like "$1: the file's line is named" "$words" \
		"^ietadm: reload: $IET_CONF:3: $2: $4\$"
	run "... and LUN 0 is served" unchanged
}

no_disk "no such path" /nonexistent/disk fileio 'No such file or directory'
no_disk "a directory" "$IET_DIR" fileio 'is a directory'
no_disk "a fifo" "$IET_DIR/fifo" fileio 'is neither a file nor a block device'
no_disk "a file for blockio" "$IET_DIR/empty" blockio \
	'is not a block device: use Type=fileio'
no_disk "a device in use" "$loop" blockio \
	'the device is in use \(mounted, or part of another device\)'
no_disk "a read-only file system" "$IET_DIR/ro/disk" fileio \
	'the file system is read-only: IOMode=ro serves it as it is'
umount "$IET_DIR/mnt"
blockdev --setro "$loop"
no_disk "a read-only device" "$loop" blockio \
	'the device is read-only: IOMode=ro serves it as it is'
run "an empty file is refused" eval '! ietadm --op new --tid=1 --lun=1 \
	--params "Path=$IET_DIR/empty,Type=fileio"'
run "... and changes nothing" unchanged

iet_conf <<EOT
Target $good
	Lun 0 Path=$IET_DIR/disk,Type=fileio
	Lun 1 Path=$IET_DIR/ro/disk,Type=fileio,IOMode=ro
	Lun 2 Path=$loop,Type=blockio,IOMode=ro
EOT
run "read-only, they are served" ietadm --op reload
like "... the file" "$(cat $volume)" "lun:1 .*iomode:ro .*path:$IET_DIR/ro/disk"
like "... the device" "$(cat $volume)" "lun:2 .*iomode:ro .*path:$loop"
run "the daemon is alive" kill -0 "$iet_pid"
run "a target with a bad disk in the file" iet_stop
sed -i 's,Lun 1 .*,Lun 1 Path=/nonexistent/disk,' "$IET_CONF"
iet_start
like "a start with a disk that is not there names it" \
	"$(tail -n 5 "$IET_LOG")" \
	"$IET_CONF:3: /nonexistent/disk: No such file or directory"
like "... and serves the others" "$(cat $volume)" "lun:0 .*path:$IET_DIR/disk"
plan_so_far
