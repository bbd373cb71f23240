#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 1200
# Open-iSNS' server: targets are registered and taken out, it decides which
# initiator may log in, it and the daemon come and go.
. tests/lib/ktap.sh
. tests/lib/iet.sh

disk=$IET_IQN:disk
other=$IET_IQN:other
late=$IET_IQN:late
stranger=iqn.2001-04.com.example:stranger
url=iscsi://127.0.0.1
isnsd_pid=
at_end isns_stop

# --- the server and its client ----------------------------------------------

isns_files() {
	cat >"$IET_DIR/isnsd.conf" <<-EOF
		SourceName = iqn.2001-04.com.example:isnsd
		Database = $IET_DIR/isnsdb
		Security = 0
		SLPRegister = 0
		DefaultDiscoveryDomain = 0
		RegistrationPeriod = 10m
		PIDFile = $IET_DIR/isnsd.pid
		ControlSocket = $IET_DIR/isnsctl
		ESIMinInterval = 5s
		ESIMaxInterval = 5s
		ESIRetries = 2
		SCNTimeout = 5
	EOF
	# to the server, its client is the initiator
	cat >"$IET_DIR/isnsadm.conf" <<-EOF
		SourceName = $OI_NAME
		ServerAddress = 127.0.0.1
		Security = 0
		ControlSocket = $IET_DIR/isnsctl
	EOF
}

isns_start() {
	isnsd -f -c "$IET_DIR/isnsd.conf" >>"$IET_DIR/isnsd.log" 2>&1 \
		</dev/null &
	isnsd_pid=$!
	wait_for 60 iet_listening 3205
}

isns_stop() {
	[ -n "$isnsd_pid" ] || return 0
	kill "$isnsd_pid"
	wait_for 60 iet_gone "$isnsd_pid"
	isnsd_pid=
}

isns() { timeout 60 isnsadm -c "$IET_DIR/isnsadm.conf" "$@"; }

# A server that has lost all it knew.
isns_new() { isns_stop && rm -rf "$IET_DIR/isnsdb" && isns_start; }

# What the server has, whoever may see it.
isns_db() { isnsd -c "$IET_DIR/isnsd.conf" --dump-db; }

# members of a domain are kept, in another state, when they are taken out
registered() {
	isns_db | awk -v name="\"$1\"" '
		/^Object:/ { node = /<iSCSI Storage Node> state=mature/ }
		node && /iSCSI name/ && index($0, name) { found = 1 }
		END { exit !found }'
}
not_registered() { ! registered "$1"; }

# open-iscsi registers no initiator; targets join before they are there
isns_domain() {
	isns --register "initiator=$OI_NAME" &&
		isns --dd-register dd-name=test "member-name=$OI_NAME" \
			"member-name=$disk" "member-name=$late"
}

# --- the target -------------------------------------------------------------

write_conf() {
	iet_conf <<-EOF
		iSNSServer 127.0.0.1
		iSNSAccessControl Yes
		Target $disk
		        Alias first
		        Lun 0 Type=nullio,Blocks=131072
		Target $other
		        Lun 0 Type=nullio,Blocks=131072
	EOF
}

start() { isns_files && isns_start && write_conf && iet_load && iet_start; }

inq() { timeout 60 iscsi-inq -i "${2:-$OI_NAME}" "$url/$1/0"; }
refused() { ! inq "$@"; }

both_registered() { registered "$disk" && registered "$other"; }
none_registered() { not_registered "$disk" && not_registered "$other"; }

add_late() {
	"$IET_SBIN/ietadm" --op new --tid=9 --params "Name=$late" &&
		"$IET_SBIN/ietadm" --op new --tid=9 --lun=0 \
			--params Type=nullio,Blocks=131072
}

quick_start() {
	local begun=$SECONDS
	iet_start && [ $((SECONDS - begun)) -lt 10 ]
}

quick_stop() {
	local begun=$SECONDS
	iet_stop && [ $((SECONDS - begun)) -lt 10 ]
}

run "server and target start" start || exit 1
run "the targets are registered" wait_for 60 both_registered
like "with a portal" "$(isns_db)" "Portal TCP/UDP port = 3260/tcp"
like "a portal group" "$(isns_db)" "Portal group tag = 1"
like "and an alias" "$(isns_db)" "iSCSI alias = \"first\""
ietadm_shows() { "$IET_SBIN/ietadm" --op show | grep "$1"; }
run "ietadm shows it" wait_for 60 ietadm_shows \
	"isns 127.0.0.1 there 2 access-control"

run "without a domain, nobody may log in" refused "$disk"
unlike "nor see anything" "$(iscsi-ls -i "$OI_NAME" $url 2>&1)" "$disk"
run "initiator and target come into a domain" isns_domain
run "the daemon is told: a login" wait_for 60 inq "$disk"
run "no login to a target outside of it" refused "$other"
run "no login of an initiator outside of it" refused "$disk" "$stranger"
like "the initiator sees the one target" "$(isns --list nodes)" "$disk"
unlike "and not the other" "$(isns --list nodes)" "$other"
like "and where it is" "$(isns --list portals)" "3260/tcp"

run "open-iscsi starts" oi_up
like "it finds the target through iSNS" "$(
	iscsiadm -m discovery -t isns -p 127.0.0.1:3205 2>&1)" "$disk"
unlike "SendTargets has the one target" "$(oi_discover 2>&1)" "$other"
run "it logs in" oi_login "$disk" 127.0.0.1
run "the disk can be read" dd if="$(oi_disk "$disk")" of=/dev/null bs=64k \
	count=16 iflag=direct

run "a new target" add_late
run "is registered" wait_for 60 registered "$late"
run "and open to the domain" wait_for 60 inq "$late"
run "it is deleted" "$IET_SBIN/ietadm" --op delete --tid=9
run "and taken out" wait_for 60 not_registered "$late"

run "the server ends" isns_stop
run "what it has said counts: a login" inq "$disk"
run "and a refusal" refused "$disk" "$stranger"
run "a server comes that knows nothing" isns_new
run "the targets are registered again" wait_for 240 both_registered
run "but in no domain" wait_for 60 refused "$disk"
run "they come into one" isns_domain
run "and the initiator is in" wait_for 60 inq "$disk"
run "the session has not ended" dd if="$(oi_disk "$disk")" of=/dev/null \
	bs=64k count=16 iflag=direct
run "logout" oi_logout "$disk" 127.0.0.1

note "for so long that the server has asked whether they are there"
sleep 20
run "the targets are still registered" both_registered
run "the daemon is killed" eval "iet_stop KILL || :"
run "the server finds out" wait_for 240 none_registered
run "a new daemon" iet_start
run "the targets are back" wait_for 60 both_registered
run "the daemon ends" quick_stop
run "the targets are taken out" none_registered

run "the server ends" isns_stop
run "the daemon starts without it" quick_start
run "nobody is let in" refused "$disk"
run "the server is there" isns_start
run "the targets are registered" wait_for 240 both_registered
run "and open" wait_for 60 inq "$disk"
run "a change of the file" eval \
	"sed -i /iSNS/d '$IET_CONF' && '$IET_SBIN/ietadm' --op reload"
run "takes the targets out" wait_for 60 none_registered
run "and lets others in" inq "$disk" "$stranger"
run "the daemon ends" quick_stop
plan_so_far
