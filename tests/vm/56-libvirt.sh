#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 600
# libvirt's storage pools, of both kinds: iscsi-direct, which speaks for itself
# by libiscsi, and iscsi, which has open-iscsi log in.
. tests/lib/ktap.sh
. tests/lib/iet.sh

direct=$IET_IQN:direct
disks=$IET_IQN:disks
image=$IET_DIR/disk.img
# libvirt 9.0 forgets a disk's last block, and has the number of a unit as it is
# on the wire
SIZE=$((8 << 20))
FAR=$((0x4000 + 300))
FAR_SIZES="($((12 * 1048576 - 4096))|$((12 * 1048576)))"
DRIVERS=$(dirname /usr/lib/*/libvirt/connection-driver/libvirt_driver_storage.so)
libvirtd_pid=
secret=secretsecret12

up() {
	iet_image "$image" $SIZE && iet_image "$IET_DIR/far.img" 12M &&
		iet_image "$IET_DIR/disks.img" 8M && access &&
		iet_up <<-EOF && oi_up && libvirt_up
			Target $direct
			        IncomingUser joe $secret
			        Lun 0 Path=$image,Type=fileio
			        Lun 300 Path=$IET_DIR/far.img,Type=fileio,BlockSize=4096
			Target $disks
			        Lun 0 Path=$IET_DIR/disks.img,Type=fileio,IOMode=wb
		EOF
}

# libvirt 9.0 dies of a discovery that finds more than one target.
access() {
	at_end rm -f /etc/iet/initiators.allow
	mkdir -p /etc/iet
	cat >/etc/iet/initiators.allow <<-EOF
		$disks $OI_NAME
		ALL ALL
	EOF
}

virsh() { command virsh -q -c "$uri" "$@"; }

libvirt_up() {
	mkdir -p /run/libvirt /etc/libvirt /var/lib/libvirt
	cat >"$IET_DIR/libvirtd.conf" <<-EOF
		auth_unix_rw = "none"
		log_outputs = "2:file:$IET_DIR/libvirtd.log"
	EOF
	# none that look for a hypervisor, its user, and networks
	mkdir -p "$IET_DIR/drivers" &&
		ln -s "$DRIVERS"/libvirt_driver_{storage,secret}.so \
			"$IET_DIR/drivers" || return
	uri=storage:///system
	at_end libvirt_down
	LIBVIRT_DRIVER_DIR=$IET_DIR/drivers \
		libvirtd -f "$IET_DIR/libvirtd.conf" >"$IET_DIR/libvirtd.out" 2>&1 \
		</dev/null &
	libvirtd_pid=$!
	wait_for 60 libvirt_ready_or_dead
	libvirt_ready || { cat "$IET_DIR"/libvirtd.*; return 1; }
}

libvirt_ready_or_dead() { libvirt_ready || iet_gone "$libvirtd_pid"; }
libvirt_ready() { virsh pool-list >/dev/null 2>&1; }

libvirt_down() {
	[ -n "$libvirtd_pid" ] || return 0
	kill "$libvirtd_pid"
	wait "$libvirtd_pid"
	libvirtd_pid=
}

has() { # PATTERN COMMAND...
	local out
	out=$("${@:2}" 2>&1)
	echo "$out"
	grep -qE -- "$1" <<<"$out"
}

refused() { # PATTERN COMMAND...
	local out
	out=$("${@:2}" 2>&1) && iet_fail "done: $out" && return 1
	echo "$out"
	grep -qE -- "$1" <<<"$out"
}

# --- iscsi-direct -----------------------------------------------------------

set_secret() { # VALUE
	local uri=secret:///system uuid=11111111-2222-3333-4444-555555555555
	cat >"$IET_DIR/secret.xml" <<-EOF
		<secret ephemeral='yes' private='no'>
		  <uuid>$uuid</uuid>
		  <usage type='iscsi'><target>iet</target></usage>
		</secret>
	EOF
	echo -n "$1" >"$IET_DIR/secret"
	virsh "secret-define $IET_DIR/secret.xml;
		secret-set-value $uuid --file $IET_DIR/secret --plain"
}

direct_pool() {
	cat >"$IET_DIR/direct.xml" <<-EOF
		<pool type='iscsi-direct'>
		  <name>direct</name>
		  <source>
		    <host name='127.0.0.1' port='$IET_PORT'/>
		    <device path='$direct'/>
		    <initiator><iqn name='iqn.2001-04.com.example:libvirt'/></initiator>
		    <auth type='chap' username='joe'><secret usage='iet'/></auth>
		  </source>
		</pool>
	EOF
	virsh pool-define "$IET_DIR/direct.xml"
}

wiped() {
	dd if=/dev/urandom of="$image" bs=1M count=$((SIZE >> 20)) \
		conv=notrunc status=none &&
		virsh vol-wipe --pool direct unit:0:0:0 &&
		cmp -n $((SIZE - 512)) "$image" /dev/zero
}

lun_comes() {
	iet_image "$IET_DIR/third.img" 16M &&
		"$IET_SBIN/ietadm" --op new --tid=1 --lun=3 \
			--params "Path=$IET_DIR/third.img,Type=fileio" &&
		has "unit:0:0:3 +ip-127.0.0.1:3260-iscsi-$direct-lun-3" \
			virsh "pool-refresh direct; vol-list direct"
}

lun_goes() {
	local out
	out=$("$IET_SBIN/ietadm" --op delete --tid=1 --lun=3 &&
		virsh "pool-refresh direct; vol-list direct") || return
	echo "$out"
	grep -q "unit:0:0:0" <<<"$out" && ! grep -q "unit:0:0:3 " <<<"$out"
}

no_session() { ! grep -q "sid:" /proc/net/iet/session; }

direct_tests() {
	run "a secret" set_secret not-the-secret
	run "a pool of libiscsi's" direct_pool
	run "with the wrong secret it does not start" \
		refused "[Aa]uthentication fail" virsh pool-start direct
	run "the right secret" set_secret $secret
	run "it starts" virsh pool-start direct || return
	volumes=$(virsh "vol-list direct; vol-info --bytes --pool direct unit:0:0:0;
		vol-info --bytes --pool direct unit:0:0:$FAR" 2>&1)
	like "its volumes" "$volumes" "unit:0:0:0 .*-lun-0"
	like "one with a high number" "$volumes" "unit:0:0:$FAR .*-lun-$FAR"
	like "capacity" "$volumes" "Capacity: +($((SIZE - 512))|$SIZE) "
	like "capacity, 4096-byte blocks" "$volumes" \
		"Capacity: +$FAR_SIZES "
	run "wiping a volume" wiped
	run "a unit that is added" lun_comes
	run "a unit that is deleted" lun_goes
	run "it ends" virsh pool-destroy direct
	run "nothing is left" wait_for 60 no_session
}

# --- iscsi ------------------------------------------------------------------

disks_pool() {
	cat >"$IET_DIR/disks.xml" <<-EOF
		<pool type='iscsi'>
		  <name>disks</name>
		  <source>
		    <host name='127.0.0.1' port='$IET_PORT'/>
		    <device path='$disks'/>
		  </source>
		  <target><path>/dev</path></target>
		</pool>
	EOF
	virsh "pool-define $IET_DIR/disks.xml; pool-start disks"
}

up_and_down() {
	head -c 8M /dev/urandom >"$IET_DIR/data" &&
		virsh "vol-upload --pool disks $1 $IET_DIR/data;
			vol-download --pool disks $1 $IET_DIR/back" &&
		cmp "$IET_DIR/data" "$IET_DIR/back" &&
		blockdev --flushbufs "$(oi_disk "$disks")" &&
		cmp "$IET_DIR/data" "$IET_DIR/disks.img"
}

disks_tests() {
	run "a pool of open-iscsi's" disks_pool || return
	volumes=$(virsh vol-list disks)
	like "its volume" "$volumes" "unit:0:0:0 +/dev/sd"
	vol=$(awk '$1 ~ /^unit:/ { print $1 }' <<<"$volumes")
	run "capacity" has "Capacity: +8388608" \
		virsh vol-info --bytes --pool disks "$vol"
	run "data there and back" up_and_down "$vol"
	run "it ends" virsh pool-destroy disks
	run "nothing is left" wait_for 60 no_session
}

run "target, initiator and libvirtd start" up || exit 1
run "what libiscsi finds" has "<device path='$direct'/>" \
	virsh find-storage-pool-sources-as iscsi-direct 127.0.0.1 \
	--initiator iqn.2001-04.com.example:libvirt
run "what open-iscsi finds" has "<device path='$disks'/>" \
	virsh find-storage-pool-sources-as iscsi 127.0.0.1
direct_tests
disks_tests
run "libvirtd ends" libvirt_down
run "target and module end" iet_down
plan_so_far
