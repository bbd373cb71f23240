#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 600
# Start-up from an installed tree: the init script's verbs and exit codes, and
# that what it starts serves.
. tests/lib/ktap.sh
. tests/lib/iet.sh

target=$IET_IQN:service
url=iscsi://127.0.0.1/$target/0
conf=/etc/iet/ietd.conf
image=$IET_DIR/disk.img
modules=/lib/modules/$IET_KERNEL
at_end undo_install
at_end end_service

# The tree that is installed from: the sources and what tests/run has built.
# A whole depmod takes minutes in the VM, so it looks at a few modules only.
install_all() {
	local top=$IET_DIR/top
	mkdir -p "$top/kernel" "$top/usr" &&
		cp -r Makefile dkms.conf README ChangeLog COPYING etc doc "$top" &&
		cp "$IET_MODULE" "$top/kernel" &&
		cp "$IET_SBIN"/{ietd,ietadm,iet-convert} "$top/usr" || return
	cat >"$IET_DIR/depmod" <<-EOF
		#!/bin/bash
		find $modules/kernel/lib $modules/kernel/arch/x86/crypto \
			$modules/kernel/crypto -name '*crc32*.ko*' |
			xargs depmod $IET_KERNEL $modules/updates/iscsi_trgt.ko
	EOF
	chmod +x "$IET_DIR/depmod"
	mkdir "$IET_DIR/saved"
	cp "$modules"/modules.* "$IET_DIR/saved"
	rm -rf /etc/iet /etc/default/iscsi-target
	make -C "$top" install DEPMOD="$IET_DIR/depmod"
}

# The next program finds the system as this one did.
undo_install() {
	make -s -C "$IET_DIR/top" uninstall DEPMOD=true
	rm -rf /etc/iet /etc/default/iscsi-target
	cp "$IET_DIR"/saved/modules.* "$modules"
}

# What the runner has in PATH must not be what is started.
service() { env PATH="${PATH#*:}" service iscsi-target "$@"; }

code() { # VERB: its exit status, what it printed in $IET_DIR/out
	service "$@" >"$IET_DIR/out" 2>&1
	echo $?
}

has_code() { # WHAT CODE VERB
	local got
	got=$(code "$3")
	is "$1" "$got" "$2" || note "$(cat "$IET_DIR/out")"
}

write_conf() {
	iet_image "$image" 16M
	cat >$conf <<-EOF
		Target $target
		        Lun 0 Path=$image,Type=fileio
	EOF
}

blocks() { qemu-io -f raw -c "$1" "$url" | tee /dev/stderr |
	grep -q '1 MiB' ; }
pattern_there() { ! qemu-io -f raw -c 'read -P 0x5a 0 1M' "$url" 2>&1 |
	tee /dev/stderr | grep -iE 'fail|error'; }

end_service() {
	pkill -KILL -x ietd
	wait_for 60 not_running >/dev/null
	rm -f /run/ietd.pid
}
not_running() { ! pgrep -x ietd; }

run "make install" install_all
has_code "status of what was never started: 3" 3 status
has_code "start with the configuration that came with it" 0 start
has_code "status: 0" 0 status
run "it listens" iet_listening
has_code "start again does no harm" 0 start
write_conf
has_code "restart with a target" 0 restart
like "the target is there" "$(cat /proc/net/iet/volume)" \
	"^tid:[0-9]+ name:$target\$"
run "data can be written" blocks 'write -P 0x5a 0 1M'
run "... and read" pattern_there
has_code "restart" 0 restart
run "the data are still there" pattern_there
has_code "condrestart of what runs" 0 condrestart
has_code "force-reload of what runs" 0 force-reload
run "the data are still there" pattern_there

pkill -KILL -x ietd
wait_for 60 not_running >/dev/null
has_code "status after the daemon was killed: 1" 1 status
like "what it set up is still there" "$(cat /proc/net/iet/volume)" "$target"
has_code "start takes it up" 0 start
run "the data are still there" pattern_there

has_code "stop" 0 stop
has_code "status after it: 3" 3 status
run "nothing listens any more" eval '! iet_listening'
run "the module is unloaded" eval '! iet_loaded'
has_code "stop again: 0" 0 stop
has_code "condrestart of what does not run: 0" 0 condrestart
has_code "... starts nothing" 3 status

echo "	Lun nonsense" >>$conf
has_code "start with an error in the configuration: 1" 1 start
has_code "... starts nothing" 3 status
service stop >/dev/null 2>&1
write_conf
has_code "an unknown verb: 2" 2 frobnicate
is "start by another than root: 4" "$(setpriv --reuid nobody --clear-groups \
	/etc/init.d/iscsi-target start >/dev/null 2>&1; echo $?)" 4
mv /usr/sbin/ietd /usr/sbin/ietd.away
has_code "start without the daemon: 5" 5 start
mv /usr/sbin/ietd.away /usr/sbin/ietd
echo ISCSITARGET_ENABLE=false >/etc/default/iscsitarget
has_code "start when /etc/default/iscsitarget forbids it: 6" 6 start
rm /etc/default/iscsitarget

echo 'OPTIONS="-p 3333"' >/etc/default/iscsi-target
has_code "start with OPTIONS" 0 start
run "it listens at the port they name" iet_listening 3333
has_code "stop" 0 stop
plan_so_far
