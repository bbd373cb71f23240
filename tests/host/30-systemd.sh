#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The systemd unit is valid.
. tests/lib/ktap.sh

dir=$(mktemp -d)
at_end rm -rf "$dir"
mkdir "$dir/units"

# What the unit starts may not be installed on this machine: the copy that is
# checked names a program that is.
verify() {
	sed -e "s,/usr/sbin/iet[a-z]*,$(command -v true)," \
		"$1" >"$dir/units/${1##*/}" &&
		systemd-analyze verify --man=no "$dir/units/${1##*/}" \
			>"$dir/out" 2>&1
	cat "$dir/out"
	! grep -q "^[^ ]*${1##*/}" "$dir/out"
}

plan 3
run "the unit passes systemd-analyze verify" \
	verify etc/systemd/iscsi-target.service
sed 's/^Type=notify/Typ=notify/' etc/systemd/iscsi-target.service \
	>"$dir/wrong.service"
is "... and a wrong one does not" \
	"$(verify "$dir/wrong.service" >/dev/null && echo passes)" ""
like "the alias is the name of old" \
	"$(cat etc/systemd/iscsi-target.service)" '^Alias=iscsitarget\.service$'
