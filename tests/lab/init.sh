#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# shellcheck disable=SC2154 # from /lab/settings
# First program of the test VM, in its initramfs: puts the root together.

PATH=/bin
/bin/busybox --install -s /bin
. /lab/settings

die() {
	echo "init: $*" >/dev/kmsg
	poweroff -f
}

# A folder of the host: TAG is what the machine calls it, FOLDER its name.
host_folder() { # TAG FOLDER DIR OPTIONS CACHE
	case $machine in
	qemu)	mount -t 9p -o "trans=virtio,version=9p2000.L,msize=512000" \
			-o "$4,$5" "$1" "$3" ;;
	uml)	mount -t hostfs -o "$2" "$1" "$3" && mount -o "remount,$4" "$3" ;;
	esac
}

# An overlay of DIR and a tmpfs on TARGET; NAME tells several apart.
overlay() { # NAME DIR TARGET
	mkdir -p "/u/$1/up" "/u/$1/work" "$3" &&
	mount -t overlay -o "lowerdir=$2,upperdir=/u/$1/up,workdir=/u/$1/work" \
		overlay "$3"
}

# a kernel without an initramfs has mounted it
[ -e /dev/null ] || mount -t devtmpfs dev /dev
mount -t proc proc /proc
mount -t sysfs sys /sys
for m in /m/*.ko; do
	[ ! -e "$m" ] || insmod "$m" || die "cannot load $m"
done
rm -rf /m

host_folder root / /l ro cache=loose || die "no root"
mount -t tmpfs -o size=90% tmpfs /u && overlay root /l /n || die "no overlay"
mkdir -p /n/host /n/out
[ -z "$share" ] || host_folder out "$share" /n/out rw cache=mmap || die "no /out"
[ "$kroot" = / ] ||
	overlay modules "/l$kroot/lib/modules/$kver" "/n/lib/modules/$kver" ||
	die "no modules"
mount --move /l /n/host

for d in run tmp; do
	mount -t tmpfs -o mode=1777 tmpfs /n/$d
done
chmod 755 /n/run
mkdir -p /n/run/lock /dev/shm /dev/pts
mount -t tmpfs -o mode=1777 tmpfs /dev/shm
mount -t devpts devpts /dev/pts
ln -s /proc/self/fd /dev/fd
n=0
for f in stdin stdout stderr; do
	ln -s /proc/self/fd/$n /dev/$f
	n=$((n + 1))
done
# Present in some kernels only as modules, or not at all.
mount -t configfs configfs /sys/kernel/config || :
mount -t debugfs debugfs /sys/kernel/debug || :
mount -t cgroup2 cgroup2 /sys/fs/cgroup || :

hostname vm
ip link set lo up
if [ "$network" = 1 ]; then
	eth=$(basename /sys/class/net/e*)
	ip link set "$eth" up
	ip addr add 10.0.2.15/24 dev "$eth"
	ip route add default via 10.0.2.2
	# forwarded ports come addressed to 127.0.0.1
	echo 1 >"/proc/sys/net/ipv4/conf/$eth/route_localnet"
fi

cp -r /lab /n/run/lab
# what is printed, the host's word to us, and the shell's terminal
case $machine in
qemu)
	for f in /sys/class/virtio-ports/*; do
		[ -e "$f/name" ] && read -r name <"$f/name" &&
			ln -s "/dev/${f##*/}" "/n/run/lab/${name#iet.}"
	done
	ln -s /dev/hvc0 /n/run/lab/tty
	;;
uml)
	n=0
	for f in out control tty; do
		stty -F /dev/ttyS$n raw -echo
		ln -s /dev/ttyS$n /n/run/lab/$f
		n=$((n + 1))
	done
	for f in /dev/ubd*; do
		ln -s "$f" "/dev/vd${f#/dev/ubd}"
	done
	;;
esac
for d in dev proc sys; do
	mount --move /$d /n/$d
done
if [ "$machine" = qemu ]; then
	exec switch_root /n /bin/bash /run/lab/guest.sh
fi
cd /n && mount --move . / && exec chroot . /bin/bash /run/lab/guest.sh
