#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 1500
# The unit tests of usr/ and of the module's pure logic, under ASan and UBSan,
# built in a copy of the sources.
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
cp -r usr include kernel doc "$dir"
mkdir "$dir/tests" && cp -r tests/unit "$dir/tests"
rm -rf "$dir/usr/build" "$dir/tests/unit/kernel/build"
status=0
for part in usr tests/unit/kernel; do
	make -s -j"$(nproc)" -C "$dir/$part" check || status=1
done
exit $status
