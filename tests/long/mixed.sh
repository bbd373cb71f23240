#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 2400
# Reads and writes through open-iscsi, each byte verified, with and without
# digests, while units are reset, connections and sessions are dropped, and ietd
# is killed and started.
#	usage: mixed.sh [SECONDS [SEED]]	30 minutes
. tests/lib/ktap.sh
. tests/lib/iet.sh

seconds=${1:-1800}
RANDOM=$((${2:-$$} % 32768))
SIZE=48
PATIENCE=120 # what the initiator has for getting in again
targets=(digests plain block small)
work=$IET_DIR/mixed
mkdir -p "$work"

write_conf() {
	iet_conf <<-EOF
		LoginRate 0
		Target $IET_IQN:digests
		        HeaderDigest CRC32C
		        DataDigest CRC32C
		        Lun 0 Path=$IET_DIR/digests.img,Type=fileio
		Target $IET_IQN:plain
		        InitialR2T No
		        ImmediateData Yes
		        Lun 0 Path=$IET_DIR/plain.img,Type=fileio,IOMode=wb
		Target $IET_IQN:block
		        DataDigest CRC32C
		        MaxOutstandingR2T 8
		        Lun 0 Path=$dev,Type=blockio
		Target $IET_IQN:small
		        QueuedCommands 4
		        MaxRecvDataSegmentLength 512
		        MaxBurstLength 4096
		        FirstBurstLength 512
		        Lun 0 Path=$IET_DIR/small.img,Type=fileio
	EOF
}

login() { # NAME HEADER-DIGEST DATA-DIGEST
	local t=$IET_IQN:$1
	oi_set "$t" 'node.conn[0].iscsi.HeaderDigest' "$2" &&
		oi_set "$t" 'node.conn[0].iscsi.DataDigest' "$3" &&
		oi_login "$t" 127.0.0.1 >/dev/null &&
		disk[$1]=$(oi_disk "$t")
}

start() {
	local t
	for t in digests plain small; do
		iet_image "$IET_DIR/$t.img" ${SIZE}M
	done
	dev=$(iet_loop ${SIZE}M) && write_conf && iet_load && iet_start &&
		oi_up && oi_discover >/dev/null &&
		login digests CRC32C CRC32C && login plain None None &&
		login block None CRC32C && login small None None
}

# Writes all blocks of a disk in random order and lengths and verifies them,
# again and again.
verify() { # NAME
	local pass=0
	while [ $SECONDS -lt $end ]; do
		fio --name="$1" --filename="${disk[$1]}" --size=$((SIZE - 1))m \
			--rw=randrw --bsrange=512-256k --blockalign=512 \
			--ioengine=libaio --direct=1 --iodepth=16 \
			--verify=crc32c --verify_fatal=1 --do_verify=1 \
			--verify_backlog=64 --randseed=$RANDOM \
			>"$work/$1.out" 2>&1 || {
			echo "pass $pass" >"$work/$1.failed"
			return
		}
		pass=$((pass + 1))
		echo $pass >"$work/$1.passes"
	done
}

# tid, sid and cid of one of the sessions
some_session() {
	awk '/^tid:/ { t = substr($1, 5) }
		/sid:/ { s = $1; sub("sid:", "", s) }
		/cid:/ { c = $1; sub("cid:", "", c); print t, s, c }' \
		/proc/net/iet/session | shuf -n 1
}

drop() { # connection|session
	local tid sid cid
	read -r tid sid cid < <(some_session)
	[ -n "$cid" ] || return 0
	if [ "$1" = connection ]; then
		"$IET_SBIN/ietadm" --op delete --tid="$tid" --sid="$sid" \
			--cid="$cid"
	else
		"$IET_SBIN/ietadm" --op delete --tid="$tid" --sid="$sid"
	fi
}

kill_ietd() {
	iet_stop KILL
	iet_start
}

disturb() {
	local what t=${targets[RANDOM % ${#targets[@]}]}
	what=$((RANDOM % 8))
	case $what in
	0 | 1) what=lun-reset; sg_reset --device "${disk[$t]}" ;;
	2) what=target-reset; sg_reset --target "${disk[$t]}" ;;
	3 | 4 | 5) what=connection; drop connection ;;
	6) what=session; drop session ;;
	7) what=ietd; kill_ietd ;;
	esac >>"$work/disturb.log" 2>&1
	# when, as the kernel's log has it
	echo "$(cut -d ' ' -f 1 /proc/uptime) $what $t" >>"$work/disturb.log"
	count[$what]=$((${count[$what]-0} + 1))
}

# What has happened, for who has to find out why an I/O failed.
what_happened() {
	local first
	first=$(dmesg | sed -n '/I\/O error/{s/^\[ *\([0-9]*\).*/\1/p;q}')
	dmesg | awk -v from="${first:-0}" -F '[][ ]+' '$2 >= from - 300' |
		tail -n 400
	tail -n 100 "$work/disturb.log" "$IET_LOG" "$IET_DIR/iscsid.log"
	cat /proc/net/iet/session
	ss -tani
	iscsiadm -m session -P 1
}

logged_in() {
	[ "$(grep -c 'state:active' /proc/net/iet/session)" = ${#targets[@]} ]
}

declare -A disk count
plan $((3 + ${#targets[@]}))
run "target and initiator start" start || exit 1
end=$((SECONDS + seconds))
jobs=()
for t in "${targets[@]}"; do
	verify "$t" &
	jobs+=($!)
done
while [ $SECONDS -lt $end ]; do
	sleep $((1 + RANDOM % 4))
	disturb
done
wait "${jobs[@]}"
note "disturbed by:$(for w in "${!count[@]}"; do
	echo -n " $w ${count[$w]}"
done)"
for t in "${targets[@]}"; do
	[ -e "$work/$t.failed" ] && note "$(tail -n 20 "$work/$t.out")"
	run "$t: $(cat "$work/$t.passes" 2>/dev/null) times $SIZE MiB are right" \
		[ ! -e "$work/$t.failed" ]
done
is "no I/O error" "$(dmesg | grep -ci 'I/O error')" 0 || note "$(what_happened)"
run "all sessions are there" wait_for $PATIENCE logged_in
