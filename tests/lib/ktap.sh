# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# KTAP for shell test programs. To be sourced; then
#	plan 3				or, at the end, plan_so_far
#	run "what it shows" command args	passes if the command's status is 0
#	ok "what"	not_ok "what" ["why"]	skip "what" "why"
#	is "what" "got" "wanted"		passes if the two are equal
#	like "what" "text" "regex"	passes if the text matches (grep -E)
#	unlike "what" "text" "regex"
#	skip_all "why"			ends the program
#	note "text"			a line for the reader
# At its end the program's status is 1 if anything failed or the plan was not
# kept. What a command run by `run` prints is shown only when it fails.

ktap_count=0 ktap_failed=0 ktap_plan=
echo "KTAP version 1"

note() { sed 's/^/# /' <<<"$*"; }

plan() {
	ktap_plan=$1
	echo "1..$1"
}

plan_so_far() { plan "$ktap_count"; }

ok() {
	ktap_count=$((ktap_count + 1))
	echo "ok $ktap_count - $1"
}

not_ok() {
	ktap_count=$((ktap_count + 1))
	ktap_failed=$((ktap_failed + 1))
	[ -z "${2-}" ] || note "$2"
	echo "not ok $ktap_count - $1"
	return 1
}

skip() {
	ktap_count=$((ktap_count + 1))
	echo "ok $ktap_count - $1 # SKIP $2"
}

skip_all() {
	ktap_plan=0
	echo "1..0 # SKIP $*"
	exit 0
}

# The command runs in this shell, so that functions and variables work.
run() {
	local ktap_what=$1 ktap_file ktap_status
	shift
	ktap_file=$(mktemp)
	"$@" >"$ktap_file" 2>&1
	ktap_status=$?
	if [ $ktap_status = 0 ]; then
		ok "$ktap_what"
	else
		note "$(cut -c -200 <<<"$*") -> status $ktap_status"
		sed 's/^/#   /' "$ktap_file" | tail -n 40
		not_ok "$ktap_what"
	fi
	rm -f "$ktap_file"
	return $ktap_status
}

is() {
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		not_ok "$1" "got '$2', wanted '$3'"
	fi
}

like() {
	if grep -qE -- "$3" <<<"$2"; then
		ok "$1"
	else
		not_ok "$1" "no match of '$3' in: $2"
	fi
}

unlike() {
	if grep -qE -- "$3" <<<"$2"; then
		not_ok "$1" "'$3' matches: $2"
	else
		ok "$1"
	fi
}

# Commands to run at the end, the last one first.
ktap_at_end=()
at_end() { ktap_at_end=("$*" "${ktap_at_end[@]}"); }

ktap_finish() {
	local status=$? c
	for c in "${ktap_at_end[@]}"; do
		eval "$c"
	done
	if [ -z "$ktap_plan" ] && [ $status = 0 ]; then
		note "the program has no plan"
		status=1
	fi
	[ "${ktap_plan:-0}" = "$ktap_count" ] && [ $ktap_failed = 0 ] || status=1
	exit $status
}
trap ktap_finish EXIT
trap 'exit 143' TERM
