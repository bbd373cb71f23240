#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 60
# The unit tests of the module's pure logic as KUnit suites in a real kernel,
# which must have KUnit, as User-Mode Linux does:
#	tests/run --kernel uml tests/unit/kunit/run.sh
. tests/lib/ktap.sh

suites=$(grep -c '^SUITE_OF' tests/unit/kunit/suites.h)
echo "iet-kunit-begin" >/dev/kmsg
run "the suites are loaded" insmod /run/lab/iet_kunit.ko
log=$(dmesg | sed -n '/iet-kunit-begin/,$p' | sed 's/^\[[^]]*\] //')
rmmod iet_kunit
is "suites that ran" "$(grep -c '# Subtest: iet_' <<<"$log")" "$suites"
suite=
while read -r line; do
	case $line in
	"# Subtest: "*) suite=${line#*: } ;;
	"ok "* | "not ok "*)
		name=${line#* } name=${name#ok } name=${name#* }
		case $name in
		*iet_*) continue ;;
		esac
		if [ "${line%% *}" = ok ]; then
			ok "$suite: $name"
		else
			not_ok "$suite: $name"
		fi
		;;
	"# "*EXPECTATION* | *.c:[0-9]*) note "$line" ;;
	esac
done <<<"$log"
plan_so_far
