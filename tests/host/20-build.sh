#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 1500
# A build of everything from a clean copy, without a warning; installation and
# its undoing below DESTDIR.
. tests/lib/ktap.sh

dir=$(mktemp -d)
at_end rm -rf "$dir"
src=$dir/src root=$dir/root

# A tree that is no git's has what was unpacked, and what was built.
copy_sources() {
	mkdir "$src"
	if ! git rev-parse --git-dir >/dev/null 2>&1; then
		tar -c --exclude=./.cache --exclude=./.git . | tar -x -C "$src"
		make -s -C "$src" clean
		return
	fi
	git ls-files --cached --others --exclude-standard -z |
		while IFS= read -r -d '' f; do
			[ ! -e "$f" ] || printf '%s\0' "$f"
		done | tar -c --null -T - | tar -x -C "$src"
}

build() { make -j"$(nproc)" -C "$src" W=1 "$@" >"$dir/log" 2>&1; }
no_warnings() {
	[ -e "$src/kernel/iscsi_trgt.ko" ] && [ -e "$src/usr/ietd" ] &&
		! grep -iE 'warning[: ]' "$dir/log"
}
show_build() { build "$@" || { tail -n 30 "$dir/log"; return 1; }; }

# Global symbols are seen by the whole kernel.
symbols_prefixed() {
	[ -e "$src/kernel/iscsi_trgt.ko" ] || return
	! nm -g --defined-only "$src/kernel/iscsi_trgt.ko" | awk '{ print $3 }' |
		grep -vE '^(iet_|__iet_|init_module$|cleanup_module$|__this_module$)' |
		grep -vE '^__(traceiter|tracepoint|SCK__|SCT__|SCK|SCT|probestub|bpf)' |
		grep -vE '^__(event|kstrtab|ksymtab|crc)_|^(__pfx|__cfi)_|orc_header'
}

make_in() { make -s -C "$src" DESTDIR="$root" "$@"; }

installed() {
	local f
	for f in usr/sbin/ietd usr/sbin/ietadm usr/sbin/iet-convert \
		etc/init.d/iscsi-target \
		lib/systemd/system/iscsi-target.service etc/iet/ietd.conf \
		etc/iet/initiators.allow etc/iet/targets.allow \
		etc/default/iscsi-target usr/share/man/man8/ietd.8 \
		usr/share/man/man8/ietadm.8 usr/share/man/man8/iet-convert.8 \
		usr/share/man/man5/ietd.conf.5 \
		usr/share/doc/iscsitarget/README \
		usr/share/doc/iscsitarget/migration.md; do
		[ -f "$root/$f" ] || { echo "$f is missing"; return 1; }
	done
	ls "$root"/lib/modules/*/updates/iscsi_trgt.ko
}

only_configuration_left() {
	! find "$root" -type f | grep -vE '^[^ ]*/root/etc/(iet|default)/'
}

keeps_configuration() {
	echo "# mine" >"$root/etc/iet/ietd.conf"
	make_in install-usr && [ "$(cat "$root/etc/iet/ietd.conf")" = "# mine" ]
}

plan 10
run "the sources can be copied" copy_sources
run "make builds the module and the programs" show_build
run "... without a warning" no_warnings
run "all global symbols of the module begin with iet_" symbols_prefixed
run "make install" make_in install
run "... has put everything in place" installed
is "... the configuration for root alone" \
	"$(stat -c %a "$root/etc/iet/ietd.conf")" 600
run "a second install leaves the configuration alone" keeps_configuration
run "make uninstall" make_in uninstall
run "... has left the configuration only" only_configuration_left
