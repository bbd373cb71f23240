# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2119,SC2120 # for the programs that source it
# The target and its clients, for shell test programs in the VM. To be sourced
# after ktap.sh. Each function returns 0 or prints why not and returns 1.
# Everything made here is taken down when the program ends.

IET_IQN=iqn.2001-04.com.example
IET_DIR=${IET_DIR:-/run/iet-test}
IET_CONF=$IET_DIR/ietd.conf
IET_LOG=$IET_DIR/ietd.log
IET_PORT=3260
iet_pid=
mkdir -p "$IET_DIR"
# open-iscsi's name of this initiator
OI_NAME=iqn.1993-08.org.debian:01:tester
oi_pid=
at_end iet_teardown

iet_fail() {
	echo "$*"
	return 1
}

# wait_for SECONDS COMMAND...: until the command succeeds
wait_for() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || iet_fail "waited in vain for: $*" || return
		sleep 0.2
	done
}

# --- the module -------------------------------------------------------------

iet_loaded() { grep -q '^iscsi_trgt ' /proc/modules; }

# iet_load [PARAMETER=VALUE]...
iet_load() {
	local dep
	iet_loaded && return
	for dep in $(modinfo -F depends "$IET_MODULE" | tr ',' ' '); do
		modprobe "$dep" || return
	done
	insmod "$IET_MODULE" "$@" && wait_for 60 test -c /dev/ietctl
}

# What was deleted closes its files and sockets in a moment.
iet_unload() {
	! iet_loaded || wait_for 60 rmmod iscsi_trgt || return
	! iet_loaded || iet_fail "iscsi_trgt is still loaded" || return
	[ ! -e /proc/net/iet ] || iet_fail "/proc/net/iet is still there"
}

# --- ietd -------------------------------------------------------------------

# iet_conf <<EOF: writes the configuration file; nothing but root may read it
iet_conf() {
	(umask 077 && cat >"$IET_CONF")
}

# iet_port_open [PORT] [ADDRESS]
iet_port_open() {
	(exec 3<>"/dev/tcp/${2:-127.0.0.1}/${1:-$IET_PORT}") 2>/dev/null
}

# Is anyone listening? Asks without connecting.
iet_listening() {
	ss -Hltn "sport = :${1:-$IET_PORT}" | grep -q .
}

# iet_start [OPTION]...: ietd in the foreground mode, its messages in $IET_LOG
iet_start() {
	"$IET_SBIN/ietd" -f -c "$IET_CONF" "$@" >>"$IET_LOG" 2>&1 </dev/null &
	iet_pid=$!
	wait_for 60 iet_listening_or_dead
	kill -0 $iet_pid 2>/dev/null || { cat "$IET_LOG"; return 1; }
}

iet_listening_or_dead() {
	iet_listening || ! kill -0 $iet_pid 2>/dev/null
}

# iet_stop [SIGNAL]: ends ietd; its status is returned
iet_stop() {
	local pid=$iet_pid
	[ -n "$pid" ] || return 0
	iet_pid=
	kill "-${1:-TERM}" "$pid" 2>/dev/null
	wait_for 60 iet_gone "$pid" || { kill -9 "$pid"; return 1; }
	wait "$pid"
}

iet_gone() { ! kill -0 "$1" 2>/dev/null; }

# Module and daemon, with the configuration on standard input.
iet_up() {
	iet_conf && iet_load && iet_start "$@"
}

# Ends all service, daemon, module.
iet_down() {
	[ -z "$iet_pid" ] || "$IET_SBIN/ietadm" --op delete
	iet_stop && iet_unload
}

# --- disks ------------------------------------------------------------------

# iet_image FILE SIZE: a sparse file
iet_image() { truncate -s "$2" "$1"; }

# iet_loop SIZE: a block device on a file in memory; prints its name
iet_loop() {
	local file
	modprobe loop
	file=$(mktemp "$IET_DIR/loop.XXXXXX")
	truncate -s "$1" "$file" && losetup -f --show "$file"
}

iet_loops_off() {
	local dev
	for dev in $(losetup -nO NAME,BACK-FILE | awk -v d="$IET_DIR/" \
		'index($2, d) == 1 { print $1 }'); do
		losetup -d "$dev"
	done
}

# --- open-iscsi -------------------------------------------------------------

oi_up() {
	[ -z "$oi_pid" ] || return 0
	modprobe iscsi_tcp || return
	modprobe sd_mod || return
	rm -rf /etc/iscsi/nodes /etc/iscsi/send_targets /var/lib/iscsi
	mkdir -p /run/lock/iscsi
	echo "InitiatorName=$OI_NAME" >/etc/iscsi/initiatorname.iscsi
	cat >/etc/iscsi/iscsid.conf <<-EOF
		node.startup = manual
		node.session.timeo.replacement_timeout = 120
		node.conn[0].timeo.login_timeout = 30
		node.conn[0].timeo.logout_timeout = 30
		node.conn[0].timeo.noop_out_interval = 30
		node.conn[0].timeo.noop_out_timeout = 30
		node.session.iscsi.InitialR2T = No
		node.session.iscsi.ImmediateData = Yes
		node.session.scan = auto
	EOF
	# when it ends, iscsid ends its whole process group
	setsid iscsid -f >"$IET_DIR/iscsid.log" 2>&1 </dev/null &
	oi_pid=$!
	wait_for 60 oi_ready
}

oi_ready() { grep -q ISCSIADM_ABSTRACT_NAMESPACE /proc/net/unix; }

# oi_discover [ADDRESS]: prints what is found
oi_discover() {
	iscsiadm -m discovery -t sendtargets -p "${1:-127.0.0.1}"
}

# oi_set TARGET KEY VALUE: a setting of the node's record
oi_set() {
	iscsiadm -m node -T "$1" -o update -n "$2" -v "$3"
}

oi_login() { iscsiadm -m node -T "$1" ${2:+-p "$2"} --login; }
oi_logout() { iscsiadm -m node -T "$1" ${2:+-p "$2"} --logout; }

# oi_disk TARGET [LUN]: prints the disk's device, waiting for it
oi_disk() {
	wait_for 60 oi_find_disk "$1" "${2:-0}" >/dev/null || return
	oi_find_disk "$1" "${2:-0}"
}

oi_find_disk() {
	local s dir
	for s in /sys/class/iscsi_session/session*; do
		[ "$(cat "$s/targetname" 2>/dev/null)" = "$1" ] || continue
		for dir in "$s"/device/target*/*:"$2"/block/sd*; do
			[ -b "/dev/${dir##*/}" ] && echo "/dev/${dir##*/}" && return
		done
	done
	return 1
}

oi_down() {
	[ -n "$oi_pid" ] || return 0
	if ls -d /sys/class/iscsi_session/session* >/dev/null 2>&1; then
		iscsiadm -m node --logoutall=all || iscsiadm -m session -u
	fi
	wait_for 60 oi_ends || kill -9 "$oi_pid"
	oi_pid=
}

# iscsid misses a SIGTERM that comes just before it sleeps in poll().
oi_ends() {
	kill "$oi_pid" 2>/dev/null
	iet_gone "$oi_pid"
}

# --- the end ----------------------------------------------------------------

# Registered first, so it runs last: after what the program itself registered.
iet_teardown() {
	{
		oi_down
		! iet_loaded || "$IET_SBIN/ietadm" --op delete
		iet_stop
		iet_loops_off
	} >"$IET_DIR/teardown.log" 2>&1 || note "$(cat "$IET_DIR/teardown.log")"
	# whether the module can be unloaded is for tests/run to see
}
