#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 1500
# A minute of libFuzzer with the login and discovery machines of ietd, under
# ASan and UBSan, in a copy of the sources.
. tests/lib/ktap.sh

seconds=${1:-60}
dir=$(mktemp -d)
at_end rm -rf "$dir"
mkdir "$dir/tests"
cp -r usr include "$dir"
cp -r tests/unit tests/fuzz "$dir/tests"
rm -rf "$dir/tests/fuzz/build"

# What was found, to be fed to build/login_fuzz again.
report() {
	tail -n 60 "$dir/out"
	for f in "$dir"/tests/fuzz/build/found-*; do
		[ ! -e "$f" ] || { echo "${f##*/}:"; base64 "$f"; }
	done
	return 1
}

fuzz() {
	make -C "$dir/tests/fuzz" run TIME="$seconds" >"$dir/out" 2>&1 ||
		report
}

plan 2
run "the fuzzer builds without a warning" \
	make -s -C "$dir/tests/fuzz" CLANG="clang -Werror" build/login_fuzz
run "$seconds s find nothing" fuzz
grep '^stat::number' "$dir/out" | sed 's/^/# /'
