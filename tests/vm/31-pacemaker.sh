#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 900
# Pacemaker's own agents, as the package resource-agents has them, which knew
# IET 1.4 only: two targets and their disks start, are seen, are used by an
# initiator that does not give up, and stop.
. tests/lib/ktap.sh
. tests/lib/iet.sh

agents=/usr/lib/ocf/resource.d/heartbeat
volume=/proc/net/iet/volume
one=$IET_IQN:ha.one
two=$IET_IQN:ha.two
image=$IET_DIR/disk.img
secret=secretsecret12

# OCF's exit codes
OK=0 GENERIC=1 UNIMPLEMENTED=3 CONFIGURED=6 NOT_RUNNING=7

common=(OCF_RESKEY_implementation=iet)

# agent AGENT INSTANCE ACTION [KEY=VALUE]...: its output in $IET_DIR/agent.log
agent() {
	local name=$1 instance=$2 action=$3 pair keys=("${common[@]}")
	shift 3
	for pair; do
		keys+=("OCF_RESKEY_$pair")
	done
	env OCF_ROOT=/usr/lib/ocf OCF_RA_VERSION_MAJOR=1 \
		OCF_RESOURCE_INSTANCE="$instance" OCF_RESOURCE_TYPE="$name" \
		HA_debug=0 "${keys[@]}" \
		timeout 200 "$agents/$name" "$action" >"$IET_DIR/agent.log" 2>&1
}

# does WHAT STATUS FUNCTION ACTION [KEY=VALUE]...
does() {
	local what=$1 want=$2 status
	shift 2
	"$@"
	status=$?
	is "$what: $want" "$status" "$want" || note "$(cat "$IET_DIR/agent.log")"
}

said() { grep -E -- "$1" "$IET_DIR/agent.log" || cat "$IET_DIR/agent.log"; }

# The resources of the cluster.
target_one() { # ACTION [KEY=VALUE]...
	agent iSCSITarget p_target_one "$1" iqn="$one" \
		incoming_username=joe incoming_password=$secret \
		allowed_initiators="$OI_NAME 192.0.2.0/24" \
		additional_parameters="MaxBurstLength=65536 DataDigest=CRC32C" \
		"${@:2}"
}
target_two() { agent iSCSITarget p_target_two "$1" iqn="$two" "${@:2}"; }
disk_one() {
	agent iSCSILogicalUnit p_lu_one "$1" target_iqn="$one" lun=0 \
		path="$image" "${@:2}"
}
disk_two() {
	agent iSCSILogicalUnit p_lu_two "$1" target_iqn="$two" lun=5 \
		path="$loop" scsi_id=two.id scsi_sn=two.sn vendor_id=OTHER \
		additional_parameters="IOMode=wt VendorId=ACME" "${@:2}"
}

# Who may see the first target?
seen_by() { # INITIATOR
	iscsi-ls -i "$1" iscsi://127.0.0.1 2>&1
}

login_one() {
	oi_discover >/dev/null &&
		oi_set "$one" node.session.auth.authmethod CHAP &&
		oi_set "$one" node.session.auth.username joe &&
		oi_set "$one" node.session.auth.password $secret &&
		oi_set "$one" 'node.conn[0].iscsi.DataDigest' CRC32C &&
		oi_login "$one" && disk=$(oi_disk "$one")
}

data_go_through() {
	dd if=/dev/urandom of="$disk" bs=64k count=32 oflag=direct &&
		cmp -n 2097152 "$disk" "$image"
}

# An initiator that comes back at once, as long as it is let.
busy() {
	qemu-img bench -w -c 100000000 -d 4 -s 4096 -f raw \
		"iscsi://127.0.0.1/$two/5" >/dev/null 2>&1 &
	busy_pid=$!
	wait_for 60 used "$two"
}

used() { # TARGET: it has a session
	grep -A1 " name:$1\$" /proc/net/iet/session | grep sid:
}

not_busy() {
	kill -9 "$busy_pid"
	wait "$busy_pid" 2>/dev/null
	busy_pid=
}

nothing_left() {
	! grep . /etc/initiators.allow && ! grep . /etc/initiators.deny &&
		[ ! -s $volume ]
}

# What was there before this program is there after it.
undo() {
	[ -z "$busy_pid" ] || not_busy
	rm -f /etc/initiators.allow /etc/initiators.deny /etc/iet/initiators.allow
}
busy_pid=
at_end undo

up() {
	mkdir -p /run/resource-agents /etc/iet &&
		cp etc/initiators.allow /etc/iet/ &&
		iet_image "$image" 32M && loop=$(iet_loop 32M) &&
		iet_up </dev/null && oi_up
}

# --- without a target ---

run "the agents are installed" test -x $agents/iSCSITarget -a \
	-x $agents/iSCSILogicalUnit || exit 1
does "validation without the module" 5 target_two validate-all
like "... says what is missing" "$(said proc)" "/proc/net/iet does not exist"
run "target and initiator start" up || exit 1
does "validation of a target" $OK target_one validate-all
does "validation of a disk" $OK disk_one validate-all
does "validation without a name" $CONFIGURED \
	agent iSCSITarget p_none validate-all
does "validation of a disk's wrong number" $CONFIGURED \
	disk_one validate-all lun=-1
does "an unknown action" $UNIMPLEMENTED target_one frobnicate
does "a target that is not there" $NOT_RUNNING target_one monitor
does "a disk that is not there" $NOT_RUNNING disk_one monitor
does "stop of what does not run" $OK target_one stop
does "start of a disk without its target" $GENERIC disk_one start
common=()
does "ietadm is the default" $OK target_two validate-all
common=(OCF_RESKEY_implementation=iet)

# --- start ---

does "a target starts" $OK target_one start
does "... and runs" $OK target_one monitor
does "start again does no harm" $OK target_one start
does "another one, with portals of its own" $OK \
	target_two start portals=192.0.2.1:3260
like "... which the agent will not set" "$(said portals)" "will be ignored"
does "... runs" $OK target_two monitor
is "they have numbers of their own" "$(sed -n 's/^\(tid:[12]\) .*/\1/p' \
	$volume | sort | tr '\n' ' ')" "tid:1 tid:2 "
like "parameters are set" "$(ietadm --op show --tid=1 --sid=0)" \
	'^MaxBurstLength=65536$'
is "the account is there" "$(ietadm --op show --tid=1 --user)" \
	"IncomingUser joe"
does "a wrong parameter" $GENERIC agent iSCSITarget p_bad start \
	iqn="$IET_IQN:ha.bad" additional_parameters=MaxBurstLength=none
like "... is named" "$(said MaxBurst)" 'MaxBurstLength: "none"'
ietadm --op delete --tid=3

does "a disk of a file starts" $OK disk_one start
does "... and runs" $OK disk_one monitor
does "a disk of a device starts" $OK disk_two start
does "... and runs" $OK disk_two monitor
does "a disk that is not there" $GENERIC agent iSCSILogicalUnit p_no start \
	target_iqn="$two" lun=6 path="$IET_DIR"
like "its properties" "$(ietadm --op show --tid=2 --lun=5 |
	grep -E '^(Scsi|Vendor)' | tr '\n' ' ')" \
	"ScsiId=two.id ScsiSN=two.sn VendorId=ACME"
like "the default identity is the resource's name" \
	"$(ietadm --op show --tid=1 --lun=0)" '^ScsiId=p_lu_one$'

# --- use ---

like "the initiator that is allowed sees it" "$(seen_by "$OI_NAME")" "$one"
other=$(seen_by iqn.2001-04.com.example:other)
unlike "another does not" "$other" "$one"
like "... but the target for all" "$other" "$two"
run "an initiator logs in" login_one
run "data go through" data_go_through
run "another initiator is busy" busy

# --- stop ---

run "a target stays for a session that nobody has closed" \
	eval '! ietadm --op delete --tid=2'

does "a disk in use stops" $OK disk_one stop
does "... and does not run" $NOT_RUNNING disk_one monitor
does "its target stops, with the session" $OK target_one stop
does "... and does not run" $NOT_RUNNING target_one monitor
does "stop again does no harm" $OK target_one stop
does "the other disk and target run" $OK disk_two monitor
run "... and work" used "$two"
does "a target stops whose initiator comes back at once" $OK target_two stop
does "... and does not run" $NOT_RUNNING target_two monitor
run "nothing is left of the resources" nothing_left
not_busy
run "target and module end" iet_down
plan_so_far
