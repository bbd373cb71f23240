#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What only the real module shows of logging in: the daemon comes and goes
# while sessions stay, access rules and limits hold, half-open connections
# keep nobody out.
. tests/lib/ktap.sh
. tests/lib/iet.sh

disk=$IET_IQN:disk
safe=$IET_IQN:safe
one=$IET_IQN:one
pidfile=/run/ietd.pid
url=iscsi://127.0.0.1

inq() { # TARGET [INITIATOR] [USER%SECRET@]
	timeout 60 iscsi-inq ${2:+-i "$2"} "iscsi://${3-}127.0.0.1/$1/0"
}

write_conf() {
	iet_conf <<-EOF
		Target $disk
		        Lun 0 Type=nullio,Blocks=131072
		Target $safe
		        IncomingUser joe joes-secret-12
		        IncomingUser jim jims-secret-12
		        Lun 0 Type=nullio,Blocks=131072
		Target $one
		        MaxSessions 1
		        Lun 0 Type=nullio,Blocks=131072
		$1
	EOF
}

# the daemon as it is without -f: the command returns when it is ready
start_daemon() {
	write_conf "" && iet_load && "$IET_SBIN/ietd" -c "$IET_CONF"
}

stop_daemon() { # SIGNAL
	local pid
	pid=$(cat $pidfile) && kill "-$1" "$pid" && wait_for 60 iet_gone "$pid"
}

is_ready_at_once() {
	iet_listening && [ "$(cat "/proc/$(cat $pidfile)/comm")" = ietd ]
}

refused() { # WORDS COMMAND...: it fails and says so
	local words=$1 out
	shift
	out=$("$@" 2>&1) && iet_fail "it works" && return 1
	grep -q "$words" <<<"$out" || iet_fail "$out"
}

read_disk() {
	dd if="$dev" of=/dev/null bs=64k count=64 iflag=direct
}

reload_adds() {
	write_conf "Target $IET_IQN:late" && kill -HUP "$(cat $pidfile)" &&
		wait_for 60 sees "$IET_IQN:late"
}

sees() { iscsi-ls $url | grep -q "$1"; }

# half-open connections, some with half a request
idle_connections() {
	rm -f "$IET_DIR/idle"
	python3 - "$1" "$IET_DIR/idle" <<-'EOF' &
		import resource, socket, sys, time
		resource.setrlimit(resource.RLIMIT_NOFILE, (8192, 8192))
		conns = []
		for n in range(int(sys.argv[1])):
		    conns.append(socket.create_connection(("127.0.0.1", 3260)))
		    if n % 2:
		        conns[-1].send(b"\x43\x81\0\0\0\0\x10\0")
		open(sys.argv[2], "w").close()
		time.sleep(600)
	EOF
	idle_pid=$!
	wait_for 60 test -e "$IET_DIR/idle"
}

# The others are closed after 15 s; it must not have to wait for that.
login_time() {
	local start=$EPOCHREALTIME
	inq "$disk" >/dev/null || return
	awk -v a="$start" -v b="$EPOCHREALTIME" \
		'BEGIN { print b - a " s"; exit b - a > 12 }'
}

run "the daemon starts" start_daemon || exit 1
at_end stop_daemon TERM
run "it is ready when the command returns" is_ready_at_once
run "a second one is told so" refused "ietd: " "$IET_SBIN/ietd" -f -p 3261
run "and the first one goes on" sees "$disk"

run "login" inq "$disk"
run "login with CHAP" inq "$safe" "" joe%joes-secret-12@
run "login of another user" inq "$safe" "" jim%jims-secret-12@
run "no login with the other's secret" refused . \
	inq "$safe" "" joe%jims-secret-12@
run "no login without CHAP" refused . inq "$safe"
run "no login to what is not there" refused . inq "$IET_IQN:nothing"

mkdir -p /etc/iet
echo "$disk 10.9.8.7" >/etc/iet/initiators.allow
echo "ALL ALL" >>/etc/iet/initiators.allow
run "no login against the access rules" refused . inq "$disk"
unlike "and no discovery" "$(iscsi-ls $url)" "$disk"
run "others are let in" inq "$safe" "" joe%joes-secret-12@
rm /etc/iet/initiators.allow
run "without the rules: let in" inq "$disk"

run "the initiator starts" oi_up
run "discovery" oi_discover
run "a session" oi_login "$disk" 127.0.0.1
dev=$(oi_disk "$disk")
run "and one where there may be one" oi_login "$one" 127.0.0.1
run "but not two" refused . inq "$one" iqn.2001-04.com.example:other

sid=$(grep sid: /proc/net/iet/session)
run "the daemon ends" stop_daemon TERM
run "its process id file is gone" test ! -e $pidfile
is "the sessions are there" "$(grep sid: /proc/net/iet/session)" "$sid"
run "and work" read_disk
run "a new daemon" "$IET_SBIN/ietd" -c "$IET_CONF"
is "the sessions are there" "$(grep sid: /proc/net/iet/session)" "$sid"
run "and work" read_disk
run "a new login" inq "$safe" "" joe%joes-secret-12@
run "the daemon is killed" stop_daemon KILL
run "and a session works" read_disk
run "a new daemon" "$IET_SBIN/ietd" -c "$IET_CONF"
run "a new login" inq "$safe" "" joe%joes-secret-12@
run "SIGHUP: a new target is there" reload_adds
is "the sessions are there" "$(grep sid: /proc/net/iet/session)" "$sid"

run "1,500 connections that say nothing" idle_connections 1500
run "a login is quick" login_time
run "so is discovery" sees "$disk"
run "the connections end" kill "$idle_pid"
run "logout" oi_logout "$disk" 127.0.0.1
run "logout" oi_logout "$one" 127.0.0.1
plan_so_far
