#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 1800
# The Debian packages: built, looked at by lintian, installed in a copy of this
# system that is thrown away, upgraded, removed and purged. Nothing is started
# there, and no module is built: there are no headers in that copy.
if [ -z "${DEB_PRIVATE-}" ]; then
	DEB_PRIVATE=1 exec unshare -m --propagation private "$0"
fi
. tests/lib/ktap.sh

dir=$(mktemp -d)
at_end rm -rf "$dir"
plan 22

build() { # DIRECTORY
	make -s deb DEB_DIR="$1" DEB_BUILD_OPTIONS=nocheck
}

# A file system on top of this one, for as long as this program runs.
copy_of_system() {
	local d
	mkdir "$dir/over" && mount -t tmpfs -o size=2g tmpfs "$dir/over" &&
		mkdir "$dir"/over/{upper,work,root} &&
		mount -t overlay overlay -o \
			"lowerdir=/,upperdir=$dir/over/upper,workdir=$dir/over/work" \
			"$root" || return
	for d in proc sys dev; do
		mount --rbind "/$d" "$root/$d" || return
	done
	rm "$root"/lib/modules/*/build || return
	mount -t tmpfs tmpfs "$root/tmp" && mount -t tmpfs tmpfs "$root/run" &&
		mkdir -p "$root/tmp/deb" && cp "$dir"/deb/*.deb "$root/tmp/deb" &&
		printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d" &&
		chmod +x "$root/usr/sbin/policy-rc.d"
}
root=$dir/over/root
at_end 'umount -lR "$dir/over" 2>/dev/null'

inside() { chroot "$root" env DEBIAN_FRONTEND=noninteractive "$@"; }

# The same packages with another version.
make_next() {
	local p
	for p in iscsitarget iscsitarget-dkms; do
		dpkg-deb -R "$dir"/deb/${p}_2.0_*.deb "$dir/next" &&
			sed -i 's/^Version: .*/Version: 2.0+next/' \
				"$dir/next/DEBIAN/control" &&
			dpkg-deb --root-owner-group -b "$dir/next" \
				"$root/tmp/deb/next-$p.deb" || return
		rm -rf "$dir/next"
	done
}

mode() { stat -c '%a %U' "$root/$1"; }
is_there() { [ -e "$root/$1" ] || [ -L "$root/$1" ]; }
is_gone() { ! is_there "$1"; }

# The sources that DKMS gets are those that tests/host/40-dkms.sh builds from.
same_sources() {
	make -s install-dkms DESTDIR="$dir/sources" &&
		rm "$dir"/sources/usr/src/*/COPYING &&
		diff -r "$dir/sources/usr/src/iscsitarget-2.0" \
			"$root/usr/src/iscsitarget-2.0"
}
in_dkms() { inside dkms status iscsitarget/2.0 | grep .; }

run "the packages are built" build "$dir/deb" || exit 1
run "lintian finds nothing" lintian --fail-on error,warning,info \
	--suppress-tags initial-upload-closes-no-bugs "$dir"/deb/*.deb
run "a copy of this system" copy_of_system || exit 1
run "they are installed" inside sh -c 'dpkg -i /tmp/deb/*get_2.0_*.deb /tmp/deb/*-dkms_*.deb'
run "the sources are complete" same_sources
run "DKMS knows them" in_dkms
is "the configuration is for root alone" "$(mode etc/iet/ietd.conf)" "600 root"
is "the unit is enabled" \
	"$(inside systemctl is-enabled iscsi-target.service)" enabled
run "... by its name of old, too" is_there \
	etc/systemd/system/iscsitarget.service
run "... and without systemd" eval \
	'ls "$root"/etc/rc2.d/S*iscsi-target "$root"/etc/rc6.d/K*iscsi-target'
run "the manual page is found" inside man -w ietd.conf
is "ietd runs" "$(inside ietd --version)" "ietd version 2.0"

printf '\nTarget iqn.2001-04.com.example:mine\n' >>"$root/etc/iet/ietd.conf"
run "another version" make_next
run "an upgrade" inside sh -c 'dpkg -i /tmp/deb/next-*.deb'
run "... keeps the administrator's configuration" \
	grep -q :mine "$root/etc/iet/ietd.conf"
is "... for root alone" "$(mode etc/iet/ietd.conf)" "600 root"

run "removal" inside dpkg -r iscsitarget iscsitarget-dkms
run "... from DKMS, too" eval '! in_dkms'
run "... and the configuration" is_there etc/iet/ietd.conf
run "purge" inside dpkg -P iscsitarget iscsitarget-dkms
run "... leaves no configuration" is_gone etc/iet
run "... and nothing else" eval \
	'! find "$root"/etc "$root"/var/lib "$root"/usr/src -xdev \
		\( -name "*iscsitarget*" -o -name "*iscsi-target*" \) | grep .'
