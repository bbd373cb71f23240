#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Serves one disk at 127.0.0.1 until a line can be read from CONTROL; what
# "make demo" runs, in a VM or on the machine itself. Says "serving" when it
# does; the daemon's messages go to standard output, too.
#	usage: serve.sh TARGET DISK TYPE PORT CONTROL
target=$1 disk=$2 type=$3 port=$4 control=$5
. "$IET_TOP/tests/lib/ktap.sh" >/dev/null
. "$IET_TOP/tests/lib/iet.sh"
IET_LOG=/dev/stdout

serve() {
	printf 'Target %s\n\tLun 0 Path=%s,Type=%s\n' \
		"$target" "$disk" "$type" | iet_conf &&
		iet_load && iet_start -a 127.0.0.1 -p "$port" || return
	echo serving
	read -r _ <"$control"
	iet_down
}

IET_PORT=$port
serve || exit 1
ktap_plan=0
echo "ended"
