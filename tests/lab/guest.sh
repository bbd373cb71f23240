#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2154,SC2034 # from and for /run/lab/settings
# Second program of the test VM: runs the programs listed in /run/lab/programs
# (one a line: number, seconds, command, separated by tabs) one after the other
# and checks after each that it left nothing behind. All that is printed goes
# to the host, and so do lines that start with the byte 0x1e:
#	ready			the root is there
#	begin N			program N starts
#	timeout N		program N had its time
#	end N STATUS [REASON]	program N ended; REASON: what it left behind
# After a program that left something the VM ends: what it left could make the
# next one fail.

export PATH=/run/lab:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export HOME=/root LANG=C.UTF-8 TERM=dumb
. /run/lab/settings
cd "$top" 2>/dev/null || cd "/host$top" || cd /
export IET_TOP=$PWD IET_SBIN=/run/lab IET_MODULE=/run/lab/iscsi_trgt.ko
export IET_KERNEL=$kver
umask 022
ulimit -c 0
shopt -s nullglob

exec 9>/run/lab/out
mkfifo /run/lab/pipe /run/lab/never
exec 6<>/run/lab/never

say() { printf '\n\036%s\n' "$*" >&9; }
log() { echo "iet-test: $*" >/dev/kmsg; }
pause() { read -rt "$1" _ <&6; }
alive() { kill -0 "$1" 2>/dev/null; }
loaded() { grep -q '^iscsi_trgt ' /proc/modules; }

# Waits at most so many seconds for a child to end.
ended() { # PID SECONDS
	local n
	for ((n = 0; n < $2 * 5; n++)); do
		alive "$1" || return 0
		pause 0.2
	done
	! alive "$1"
}

# Sets $processes to the ids of all user processes. No process is started for
# it, so that none needs to be left out.
list_processes() {
	local p
	processes=
	for p in /proc/[0-9]*; do
		[ -e "$p/exe" ] && processes+=" ${p#/proc/} "
	done
}

# Sets $new to the user processes that were not among $before.
list_new() {
	local p
	list_processes
	new=()
	for p in $processes; do
		case $before in
		*" $p "*) ;;
		*) new+=("$p") ;;
		esac
	done
}

# Processes get some seconds to end by themselves, then they are killed.
end_processes() {
	local n p comm
	for n in {1..200}; do
		list_new
		[ ${#new[@]} != 0 ] || return 0
		pause 0.1
	done
	for p in "${new[@]}"; do
		read -r comm <"/proc/$p/comm" || comm=$p
		left+=("process $comm")
		kill -9 "$p"
	done
	pause 0.5
	list_new
	[ ${#new[@]} = 0 ] || left+=("cannot be killed: ${new[*]}")
}

# What the module allocated and nothing refers to any more, where the kernel can
# tell. It says so of what is five seconds old, and loses sight of some pointers
# for a moment: what two scans find counts.
check_leaks() {
	local leaks=/sys/kernel/debug/kmemleak
	[ -w $leaks ] && loaded || return 0
	pause 5.5
	echo scan >$leaks && echo scan >$leaks || return 0
	grep -q '\[iscsi_trgt\]' $leaks || return 0
	cat $leaks >/dev/kmsg
	left+=("memory that nothing refers to")
	echo clear >$leaks
}

end_module() {
	local n
	check_leaks
	# a loop device stays read-only, say, for its next user
	! grep -q '^loop ' /proc/modules || rmmod loop >&9 2>&1
	loaded || return 0
	# what was deleted may be closing its file still
	for n in {1..150}; do
		! grep -q '^iscsi_trgt [0-9]* 0 ' /proc/modules || break
		pause 0.2
	done
	rmmod iscsi_trgt >&9 2>&1 &
	if ! ended $! 30; then
		log "rmmod hangs"
		log_wait $!
		log_waits
	fi
	! loaded || left+=("the module is still in use")
}

# What ran of the module, as the kernel has counted since it was booted.
save_coverage() {
	local from=/sys/kernel/debug/gcov to f
	[ -d $from ] && [ -n "$share" ] || return 0
	to=/out/gcov/$(cat /proc/sys/kernel/random/boot_id)
	mkdir -p "$to"
	find $from -name '*.gcda' | while read -r f; do
		cat "$f" >"$to/${f##*/}"
	done
}

# Sets $used to the initiator's sessions, disks and mounts that are there.
list_used() {
	local f m
	used=()
	for f in /sys/class/iscsi_session/session*; do
		used+=("initiator ${f##*/}")
	done
	for f in /sys/block/loop*/loop/backing_file /sys/block/dm-*/dm/name; do
		{ read -r m <"$f"; } 2>/dev/null && used+=("disk $m")
	done
	while read -r _ m _; do
		case $mounted in
		*" $m "*) ;;
		*) used+=("mount $m") ;;
		esac
	done </proc/mounts
}

# Ends what the last program left; sets $left to what should not have been.
end_leftovers() {
	local f n used
	left=()
	end_processes
	# a loop device goes when the last that had it open has closed it
	for n in {1..50}; do
		list_used
		[ ${#used[@]} != 0 ] || break
		pause 0.2
	done
	left+=("${used[@]}")
	end_module
	for f in /proc/net/iet /dev/ietctl; do
		[ ! -e $f ] || left+=("$f")
	done
	# disks, logs and state files: nothing that the next program could find
	rm -rf --one-file-system /run/iet /run/iet-* /var/lib/iet
}

# What a process or kernel thread waits for, its stack if the kernel tells it.
log_wait() { # PID
	local comm state wchan line
	{ read -r comm <"/proc/$1/comm"; } 2>/dev/null || return 0
	state=$(sed -n 's/^State:\s*//p' "/proc/$1/status" 2>/dev/null)
	wchan=$(cat "/proc/$1/wchan" 2>/dev/null)
	log "$1 $comm: $state, waits in ${wchan:-?}:" \
		"$(tr '\0' ' ' <"/proc/$1/cmdline" 2>/dev/null | cut -c 1-200)"
	while read -r line; do
		log "    $line"
	done < <(head -n 12 "/proc/$1/stack" 2>/dev/null)
}

# The program's processes, the module's threads and workers, what is blocked.
log_waits() {
	local p comm stack
	list_new
	for p in "${new[@]}"; do log_wait "$p"; done
	for p in /proc/[0-9]*; do
		[ -e "$p/exe" ] && continue
		{ read -r comm <"$p/comm"; } 2>/dev/null || continue
		stack=$(cat "$p/stack" 2>/dev/null)
		case $comm:$stack in
		iet*:*) log_wait "${p#/proc/}" ;;
		*'[iscsi_trgt]'*) log_wait "${p#/proc/}" ;;
		esac
	done
	log "blocked tasks and what the CPUs do:"
	echo w >/proc/sysrq-trigger
	echo l >/proc/sysrq-trigger
}

# Runs a command for at most so many seconds; sets $status.
run_bounded() { # SECONDS COMMAND
	local pid
	setsid bash -c "exec $2" </dev/null >/run/lab/pipe 2>&1 9>&- 6>&- &
	pid=$!
	if ! ended $pid "$1"; then
		log "timeout"
		log_waits
		say "timeout $number"
		kill -9 -- -$pid
	fi
	status=137
	! ended $pid 10 || { wait $pid; status=$?; }
}

run_program() { # SECONDS COMMAND
	local copier before mounted left status m
	# the port can be opened only once: programs get a pipe
	cat </run/lab/pipe >&9 &
	copier=$!
	mounted=
	while read -r _ m _; do mounted+=" $m "; done </proc/mounts
	list_processes
	before=$processes
	log "begin $number $2"
	say "begin $number"
	run_bounded "$1" "$2"
	end_leftovers
	save_coverage
	ended $copier 30 || kill $copier
	log "end $number"
	say "end $number $status ${left[*]/%/;}"
	[ ${#left[@]} = 0 ]
}

run_all() {
	while IFS=$'\t' read -r number seconds command <&7; do
		run_program "$seconds" "$command" 7<&- || break
	done 7</run/lab/programs
}

run_shell() {
	setsid -c bash -c "export TERM=${term:-dumb}
		stty sane rows ${rows:-24} cols ${cols:-80}; exec bash -i" \
		<>/run/lab/tty >&0 2>&1
}

# The root cannot be relied on for a program to switch off with. No sync can
# be either: a disk may hang.
switch_off() {
	sync &
	ended $! 10
	echo o >/proc/sysrq-trigger
	read -r _ <&6
}

say ready
if [ "${interactive:-0}" = 1 ]; then
	run_shell
else
	run_all
fi
switch_off
