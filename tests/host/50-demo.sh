#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 1500
# make demo's program: serves, ends at Ctrl-C, and keeps the data.
. tests/lib/ktap.sh

dir=$(mktemp -d)
demo_pid=
at_end 'rm -rf "$dir"'
at_end '[ -z "$demo_pid" ] || kill -INT "$demo_pid"'

# A port that nobody uses, from those that are not given out by themselves.
free_port() {
	local p
	for ((p = 3261; p < 3361; p++)); do
		(exec 3<>/dev/tcp/127.0.0.1/$p) 2>/dev/null || break
	done
	echo $p
}

start_demo() {
	local n
	# not when the demo begins: the loop would find what the last one said
	: >"$dir/log"
	tests/demo --port "$port" --disk "$dir/disk.img" >>"$dir/log" 2>&1 &
	demo_pid=$!
	for ((n = 0; n < 600; n++)); do
		! grep -q 'A login was answered' "$dir/log" || return 0
		kill -0 $demo_pid 2>/dev/null || break
		sleep 1
	done
	cat "$dir/log"
	return 1
}

end_demo() {
	local status
	kill -INT $demo_pid
	wait $demo_pid
	status=$?
	demo_pid=
	[ $status = 0 ] || { cat "$dir/log"; return 1; }
}

io() { # QEMU-IO-COMMAND
	local out
	out=$(timeout 60 qemu-io -f raw -c "$1" "$url" 2>&1)
	echo "$out"
	grep -q '^[0-9]* MiB' <<<"$out" && ! grep -qi 'fail' <<<"$out"
}

port=$(free_port)
url=iscsi://127.0.0.1:$port/iqn.2001-04.com.example:demo/0
plan 10
run "it starts" start_demo
note "$(grep 'A login' "$dir/log")"
like "it says where" "$(cat "$dir/log")" "^ +$url\$"
like "iscsi-ls finds the disk at the address it was asked at" \
	"$(timeout 60 iscsi-ls "iscsi://127.0.0.1:$port" 2>&1)" \
	"example:demo Portal:127.0.0.1:$port,1"
like "the disk has 64 MiB" "$(timeout 60 qemu-img info "$url" 2>&1)" \
	'virtual size: 64 MiB'
run "data can be written" io 'write -P 0x42 3M 2M'
run "it ends at Ctrl-C" end_demo
run "it starts again" start_demo
run "the data are there" io 'read -P 0x42 3M 2M'
run "... and zeroes elsewhere" io 'read -P 0 8M 1M'
run "it ends at Ctrl-C" end_demo
