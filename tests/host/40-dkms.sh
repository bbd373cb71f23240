#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 1500
# dkms adds, builds, installs and removes the module for every kernel whose
# headers are installed, in folders of its own. In a mount namespace as well,
# since dkms would leave a signing key in /var/lib/dkms.
if [ -z "${DKMS_PRIVATE-}" ] && reason=$(unshare -m true 2>&1); then
	DKMS_PRIVATE=1 exec unshare -m "$0"
fi
. tests/lib/ktap.sh
[ -n "${DKMS_PRIVATE-}" ] || skip_all "no mount namespace: $reason"
mount -t tmpfs tmpfs /var/lib/dkms || exit

name=iscsitarget
version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)
dir=$(mktemp -d)
at_end rm -rf "$dir"
mkdir "$dir/tree" "$dir/modules"

kernels=()
for d in /lib/modules/*/build; do
	[ ! -e "$d/Makefile" ] || kernels+=("$(basename "$(dirname "$d")")")
done
[ ${#kernels[@]} != 0 ] || skip_all "no kernel headers"

run_dkms() {
	local command=$1
	shift
	dkms "$command" -m $name -v "$version" --dkmstree "$dir/tree" \
		--sourcetree "$dir/usr/src" --installtree "$dir/modules" "$@"
}

built_for() { find "$dir/modules" -path "*/$1/*/iscsi_trgt.ko*" | grep .; }
removed() { ! find "$dir/modules" -name 'iscsi_trgt.ko*' | grep .; }
show_log() { cat "$dir"/tree/$name/"$version"/build/make.log; }

plan $((4 + 3 * ${#kernels[@]}))
run "the sources are installed" make -s install-dkms DESTDIR="$dir"
run "dkms add" run_dkms add
for k in "${kernels[@]}"; do
	mkdir "$dir/modules/$k"
	run "dkms build for $k" run_dkms build -k "$k" || note "$(show_log)"
	run "dkms install for $k" run_dkms install -k "$k" --no-depmod
	run "... has put the module in place" built_for "$k"
done
run "dkms remove" run_dkms remove --all
run "... has left nothing" removed
