#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 600
# ietadm against the real module, with and without the daemon; the file and
# the module: start, reload, restart; what is said when a disk can't be had.
. tests/lib/ktap.sh
. tests/lib/iet.sh

a=$IET_IQN:a b=$IET_IQN:b
volume=/proc/net/iet/volume
plan 90

# What scripts see: the status, and all words in one.
adm() {
	ietadm "$@" 2>&1
	echo $? >"$IET_DIR/status"
}
status() { cat "$IET_DIR/status"; }

# fails STATUS WORDS ARGUMENTS...
fails() {
	local want=$1 text=$2
	shift 2
	adm "$@" >"$IET_DIR/words"
	is "status of ietadm $*" "$(status)" "$want"
	is "words of ietadm $*" "$(cat "$IET_DIR/words")" "ietadm: $text"
}

iet_gone_hard() {
	kill -9 $iet_pid
	wait $iet_pid
	iet_pid=
}

iet_image "$IET_DIR/disk0" 16M
iet_image "$IET_DIR/disk1" 32M

# --- without the daemon ---

fails 254 "show: the module iscsi_trgt is not loaded: try modprobe iscsi_trgt" \
	--op show
run "the module loads" iet_load
is "who is not root is told so" "$(setpriv --reuid nobody --clear-groups \
	"$IET_SBIN/ietadm" --op show 2>&1)" "ietadm: show: takes root's rights"
mv /dev/ietctl /dev/ietctl.away
is "an ietd without the module's device names it" \
	"$(timeout 60 "$IET_SBIN/ietd" -f 2>&1)" \
	"ietd: /dev/ietctl: No such file or directory"
mv /dev/ietctl.away /dev/ietctl

run "a target" ietadm --op new --tid=1 --params "Name=$a"
run "the lowest free tid" ietadm --op new --tid=0 --params "Name=$b"
run "a file" ietadm --op new --tid=1 --lun=0 --params \
	"Path=$IET_DIR/disk0,Type=fileio,ScsiId=p_lu_0,ScsiSN=2b5e4a9f,"
run "a null disk" ietadm --op new --name="$b" --lun=3 --params \
	Type=nullio,Blocks=2048
# what Pacemaker greps for
run "tid of a name" test "$(sed -ne "s/tid:\([[:digit:]]\+\) name:$a/\1/p" \
	<$volume)" = 1
run "a LUN by its path" grep -qE \
	"[[:space:]]+lun:0.*path:$IET_DIR/disk0\$" $volume

fails 239 "new target 1: the tid is in use" \
	--op new --tid=1 --params "Name=$IET_IQN:c"
fails 254 "delete target 9: no such target" --op delete --tid=9
fails 254 "delete lun 5 of target 1: no such LUN" --op delete --tid=1 --lun=5
fails 234 "update target 1: Wthreads: \"0\": must be 1 to 128" \
	--op update --tid=1 --params=Wthreads=0
fails 254 "new lun 7 of target 1: /none: No such file or directory" \
	--op new --tid=1 --lun=7 --params Path=/none
fails 254 "show user: ietd is not running (/run/iet/admin.sock: No such file \
or directory)" --op show --user

run "parameters change" ietadm --op update --tid=1 --params \
	Wthreads=4,QueuedCommands=16,NOPInterval=30,MaxBurstLength=65536
is "they show" "$(ietadm --op show --tid=1 | tr '\n' ' ')" \
	"Wthreads=4 Type=0 QueuedCommands=16 NOPInterval=30 NOPTimeout=0 "
is "19 keys" "$(ietadm --op show --tid=1 --sid=0 | wc -l)" 19
like "the key has changed" "$(ietadm --op show --tid=1 --sid=0)" \
	"^MaxBurstLength=65536$"
# nobody has set a parameter of this one
is "ietd's defaults are the module's" \
	"$(ietadm --op show --tid=2 --sid=0 | grep -E 'MaxRecv|InitialR2T' |
		tr '\n' ' ')" "InitialR2T=No MaxRecvDataSegmentLength=262144 "

truncate -s 48M "$IET_DIR/disk0"
run "a rescan" ietadm --op update --tid=1 --lun=0
like "sees the new size" "$(cat $volume)" "blocks:98304 "
run "all that was made goes" ietadm --op delete
is "nothing is left" "$(cat $volume)" ""

# --- devices ---

modprobe loop
loop=$(iet_loop 32M)
run "a target for devices" ietadm --op new --tid=1 --params "Name=$a"
run "a block device" ietadm --op new --tid=1 --lun=0 --params \
	"Path=$loop,Type=blockio"
run "the same one once more" ietadm --op new --tid=1 --lun=1 --params \
	"Path=$loop,Type=blockio"
run "... which may go" ietadm --op delete --tid=1 --lun=1
ln -s "$loop" "$IET_DIR/alias"
fails 240 "new lun 1 of target 1: $IET_DIR/alias: the device is in use \
(mounted, or part of another device)" --op new --tid=1 --lun=1 --params \
	"Path=$IET_DIR/alias,Type=blockio"
run "delete" ietadm --op delete --tid=1 --lun=0
run "and new at once, as for a resize" ietadm --op new --tid=1 --lun=0 \
	--params "Path=$loop,Type=blockio"
run "the target goes" ietadm --op delete --tid=1
blockdev --setro "$loop"
adm --op new --tid=0 --params "Name=$a" >/dev/null
fails 226 "new lun 0 of target 1: $loop: the device is read-only: IOMode=ro \
serves it as it is" --op new --tid=1 --lun=0 --params "Path=$loop,Type=blockio"
run "serves with IOMode=ro" ietadm --op new --tid=1 --lun=0 --params \
	"Path=$loop,Type=blockio,IOMode=ro"
run "all goes" ietadm --op delete
losetup -d "$loop"

# --- the file ---

iet_conf <<-END
	IncomingUser disco discosecret
	Target $a
	        IncomingUser joe secretsecret
	        Lun 0 Path=$IET_DIR/disk0,Type=fileio
	Target $b
	        Lun 0 Type=nullio
END
run "ietd starts" iet_start
run "the file is applied" grep -q "path:$IET_DIR/disk0$" $volume
is "its account" "$(ietadm --op show --tid=1 --user)" "IncomingUser joe"
is "its secret" "$(ietadm --op show --tid=1 --user --params=IncomingUser=joe)" \
	"IncomingUser joe secretsecret"

# by hand
ietadm --op new --tid=0 --params "Name=$IET_IQN:hand" &&
	ietadm --op new --tid=3 --user --params=IncomingUser=h,Password=handhand &&
	ietadm --op new --tid=1 --lun=9 --params Type=nullio
cp $volume "$IET_DIR/before"
run "a daemon dies" iet_gone_hard
run "another comes" iet_start
is "and changes nothing" "$(cat $volume)" "$(cat "$IET_DIR/before")"
is "accounts made by hand are there" \
	"$(ietadm --op show --tid=3 --user --params=IncomingUser=h)" \
	"IncomingUser h handhand"

iet_conf <<-END
	Target $a
	        Wthreads 3
	        Lun 1 Path=$IET_DIR/disk1
END
words=$(adm --op reload --dry-run)
is "what a reload would do" "$(status) $words" "1 \
delete IncomingUser disco of discovery
delete IncomingUser joe of $a
keep IncomingUser h of $IET_IQN:hand: made by ietadm
delete target $b
keep target $IET_IQN:hand: made by ietadm
delete lun 0 of $a: $IET_DIR/disk0
keep lun 9 of $a: nullio, made by ietadm
change target $a: Wthreads 8 -> 3
new lun 1 of $a: $IET_DIR/disk1"
is "... is not done" "$(cat $volume)" "$(cat "$IET_DIR/before")"
run "a reload" ietadm --op reload
is "there is nothing more to do" "$(adm --op reload --dry-run; status)" "\
keep IncomingUser h of $IET_IQN:hand: made by ietadm
keep target $IET_IQN:hand: made by ietadm
keep lun 9 of $a: nullio, made by ietadm
0"
unlike "what is not in the file goes" "$(cat $volume)" "$b|lun:0"
like "what is in it comes" "$(cat $volume)" "lun:1 .*path:$IET_DIR/disk1$"
like "what was made by hand stays" "$(cat $volume)" "lun:9 "
like "the target made by hand, too" "$(cat $volume)" "$IET_IQN:hand"
is "an account is gone" "$(ietadm --op show --tid=1 --user)" ""

cp $volume "$IET_DIR/before"
echo "Gargot x" >>"$IET_CONF"
fails 234 "reload: $IET_CONF:4: Gargot: is not a word of this language" \
	--op reload
fails 234 "reload: $IET_CONF:4: Gargot: is not a word of this language" \
	--op reload --dry-run
is "an error changes nothing" "$(cat $volume)" "$(cat "$IET_DIR/before")"

ietadm --op delete --tid=3
ietadm --op new --tid=3 --params "Name=$IET_IQN:hand"
is "a new target has no old account" "$(ietadm --op show --tid=3 --user)" ""

kill -STOP $iet_pid
ietadm --op new --user --params=IncomingUser=u,Password=notforps &
# it waits for ietd now, and hides the password before that
hidden() { grep -q IncomingUser=u /proc/$!/cmdline &&
	! grep -q notforps /proc/$!/cmdline; }
run "no password in ps" wait_for 60 hidden
kill -CONT $iet_pid
wait $!
ietadm --op delete --user --params=IncomingUser=u

# --- sessions ---

oi_up && oi_discover >/dev/null && oi_login "$a" >/dev/null
oi_disk "$a" 1 >/dev/null
sid=$(sed -n 's/^\tsid:\([0-9]*\) .*/\1/p' /proc/net/iet/session)
is "the keys of a session" "$(ietadm --op show --tid=1 --sid="$sid" | wc -l)" 19
fails 254 "show session 77 of target 1: there is no such session" \
	--op show --tid=1 --sid=77
fails 161 "update session $sid of target 1: Unsupported: what a session has \
negotiated stays until it ends" --op update --tid=1 --sid="$sid" \
	--params=MaxBurstLength=512
adm --op delete --tid=1 >"$IET_DIR/words"
is "a target in use stays" "$(status)" 240
like "and says why" "$(cat "$IET_DIR/words")" \
	"^ietadm: delete target 1: .*session"
run "a connection is closed" ietadm --op delete --tid=1 --sid="$sid" --cid=0
back() { ! grep -q "sid:$sid " /proc/net/iet/session &&
	grep -q "cid:0 .*state:active" /proc/net/iet/session; }
run "the initiator comes back" wait_for 60 back
run "logout" oi_logout "$a"

# --- what runs as a file, and the same from that file ---

ietadm --op new --tid=3 --user --params=IncomingUser=h,Password=handhandhand
ietadm --op update --tid=3 --params=MaxBurstLength=65536,QueuedCommands=16
ietadm --op update --tid=3 --redirect=10.9.9.9
(umask 077 && ietadm --op show --config --secrets >"$IET_DIR/shown")
run "what runs is a file" "$IET_SBIN/ietd" --check-config -c "$IET_DIR/shown"
like "... with what was made by hand" "$(cat "$IET_DIR/shown")" \
	"IncomingUser h handhandhand"
is "... which changes nothing" "$(adm --op reload \
	--dry-run="$IET_DIR/shown" | grep -v ^adopt; status)" 0
ietadm --op show --config >"$IET_DIR/open"
like "without passwords" "$(adm --op reload --dry-run="$IET_DIR/open")" \
	"^ietadm: reload: $IET_DIR/open:[0-9]+: IncomingUser: needs a name and"
is "... it is refused" "$(status)" 234
unlike "... and has none" "$(cat "$IET_DIR/open")" handhand
fails 243 "show config: standard output is a file that others can read: umask \
077, or chmod 600" --op show --config --secrets
sed 's/^tid:[0-9]* //' $volume | sort >"$IET_DIR/before"
ietadm --op delete
cp "$IET_DIR/shown" "$IET_CONF"
run "after all was deleted it is applied" ietadm --op reload
is "... and makes the same" "$(sed 's/^tid:[0-9]* //' $volume | sort)" \
	"$(cat "$IET_DIR/before")"
(umask 077 && ietadm --op show --config --secrets >"$IET_DIR/again")
run "... which shows the same" cmp "$IET_DIR/shown" "$IET_DIR/again"
