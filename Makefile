# SPDX-License-Identifier: GPL-2.0-only
# iSCSI Enterprise Target: the module (kernel/) by kbuild, the programs (usr/).
# "make help" lists the targets and the variables.

# The running kernel's headers if it has any, else the newest installed.
KVER ?= $(or $(patsubst /lib/modules/%/build,%, \
	$(wildcard /lib/modules/$(shell uname -r)/build)), \
	$(shell ls -d /lib/modules/*/build 2>/dev/null | \
		sed 's,/lib/modules/\(.*\)/build,\1,' | sort -V | tail -n 1))
KDIR ?= /lib/modules/$(strip $(KVER))/build

prefix ?= /usr
exec_prefix ?= $(prefix)
sbindir ?= $(exec_prefix)/sbin
datadir ?= $(prefix)/share
mandir ?= $(datadir)/man
docdir ?= $(datadir)/doc/iscsitarget
sysconfdir ?= /etc
initddir ?= $(sysconfdir)/init.d
unitdir ?= /lib/systemd/system
completiondir ?= $(datadir)/bash-completion/completions
dkmsdir ?= $(prefix)/src/iscsitarget-$(VERSION)
INSTALL ?= install
DEPMOD ?= depmod
MODINFO ?= $(firstword $(wildcard /sbin/modinfo /usr/sbin/modinfo) modinfo)
INSTALL_MOD_PATH ?= $(DESTDIR)
modroot = $(patsubst %/,%,$(INSTALL_MOD_PATH))

VERSION := $(shell sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)
# What kbuild and dkms take; in a variable because it is used twice.
MODULE_SOURCES = $(filter-out kernel/probe.h %.mod.c, $(wildcard Kbuild \
	kernel/Kbuild kernel/*.[ch] kernel/probe/*.c include/*.h))

.PHONY: all
all: modules usr ## the module and the programs (default)

.PHONY: modules
modules: ## iscsi_trgt.ko for the kernel of KDIR
	@test -e $(KDIR)/Makefile || { echo "no kernel headers in $(KDIR):" \
		"install linux-headers-amd64 or set KDIR" >&2; exit 1; }
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

.PHONY: usr
usr: ## ietd, ietadm and iet-convert
	$(MAKE) -C usr all

# --- installation -----------------------------------------------------------

# The kernel that the module was built for.
release = $(shell $(MODINFO) -F vermagic kernel/iscsi_trgt.ko | cut -d ' ' -f 1)

.PHONY: install
install: install-modules install-usr ## everything, below DESTDIR

.PHONY: install-modules
install-modules: ## the module, below INSTALL_MOD_PATH (default: DESTDIR)
	@test -e kernel/iscsi_trgt.ko || { echo "first: make" >&2; exit 1; }
	$(INSTALL) -D -m 644 kernel/iscsi_trgt.ko \
		$(modroot)/lib/modules/$(release)/updates/iscsi_trgt.ko
	$(if $(modroot),,$(DEPMOD) -a $(release))

# The administrator's files are installed only where there are none yet: the
# configuration may hold secrets and is for root alone.
define install_config # MODE SOURCE DESTINATION
@test -e $(DESTDIR)$3 || \
	{ echo "$(INSTALL) $2 $(DESTDIR)$3"; \
	  $(INSTALL) -D -m $1 $2 $(DESTDIR)$3; }
endef

.PHONY: install-usr
install-usr: ## programs, start-up files, sample configuration, manual pages
	@test -e usr/ietd -a -e usr/ietadm -a -e usr/iet-convert || \
		{ echo "first: make" >&2; exit 1; }
	$(INSTALL) -d $(DESTDIR)$(sbindir)
	$(INSTALL) -m 755 usr/ietd usr/ietadm usr/iet-convert \
		$(DESTDIR)$(sbindir)
	$(INSTALL) -D -m 755 etc/initd/iscsi-target \
		$(DESTDIR)$(initddir)/iscsi-target
	$(INSTALL) -d $(DESTDIR)$(unitdir)
	sed 's,/usr/sbin/,$(sbindir)/,' etc/systemd/iscsi-target.service \
		>$(DESTDIR)$(unitdir)/iscsi-target.service
	$(INSTALL) -d $(DESTDIR)$(completiondir)
	$(INSTALL) -m 644 etc/bash-completion/ietadm \
		etc/bash-completion/iet-convert $(DESTDIR)$(completiondir)
	$(call install_config,600,etc/ietd.conf,$(sysconfdir)/iet/ietd.conf)
	$(call install_config,644,etc/initiators.allow,$(sysconfdir)/iet/initiators.allow)
	$(call install_config,644,etc/targets.allow,$(sysconfdir)/iet/targets.allow)
	$(call install_config,644,etc/default/iscsi-target,$(sysconfdir)/default/iscsi-target)
	$(foreach s,5 8,$(INSTALL) -d $(DESTDIR)$(mandir)/man$s && \
		$(INSTALL) -m 644 $(wildcard doc/*.$s) \
			$(DESTDIR)$(mandir)/man$s/ &&) true
	$(INSTALL) -d $(DESTDIR)$(docdir)
	$(INSTALL) -m 644 README ChangeLog COPYING doc/design.md doc/scsi.md \
		doc/fault-injection.md doc/migration.md doc/observing.md \
		$(DESTDIR)$(docdir)

.PHONY: install-dkms
install-dkms: ## the module's sources, for "dkms install iscsitarget/VERSION"
	$(foreach f,$(MODULE_SOURCES) dkms.conf COPYING, \
		$(INSTALL) -D -m 644 $f $(DESTDIR)$(dkmsdir)/$f &&) true

.PHONY: uninstall
uninstall: ## what install put there; configuration and running target stay
	$(RM) $(DESTDIR)$(sbindir)/ietd $(DESTDIR)$(sbindir)/ietadm \
		$(DESTDIR)$(sbindir)/iet-convert \
		$(DESTDIR)$(initddir)/iscsi-target \
		$(DESTDIR)$(unitdir)/iscsi-target.service \
		$(DESTDIR)$(completiondir)/ietadm \
		$(DESTDIR)$(completiondir)/iet-convert \
		$(modroot)/lib/modules/*/updates/iscsi_trgt.ko \
		$(foreach s,5 8,$(patsubst doc/%, \
			$(DESTDIR)$(mandir)/man$s/%,$(wildcard doc/*.$s)))
	$(RM) -r $(DESTDIR)$(docdir)
	$(if $(modroot),,$(DEPMOD) -a)

# --- packages ---------------------------------------------------------------

# In a copy, since Debian's tools write beside the folder of the sources.
DEB_DIR ?= deb
DEB_FLAGS ?= -us -uc -b

.PHONY: deb
deb: ## Debian packages, in DEB_DIR (deb/)
	tests/deps debhelper dh-dkms dpkg-dev
	$(RM) -r $(DEB_DIR)/build $(DEB_DIR)/*.deb
	mkdir -p $(DEB_DIR)/build/iscsitarget
	tar -c --exclude-vcs --exclude=./.cache --exclude=./demo \
		--exclude=./$(DEB_DIR) . | tar -x -C $(DEB_DIR)/build/iscsitarget
	cd $(DEB_DIR)/build/iscsitarget && dpkg-buildpackage $(DEB_FLAGS)
	mv $(DEB_DIR)/build/*.deb $(DEB_DIR)
	$(RM) -r $(DEB_DIR)/build

# --- trying and testing -----------------------------------------------------

.PHONY: deps
deps: ## install the Debian packages that building and testing take
	tests/deps

.PHONY: demo
demo: ## serve a 64 MiB disk at iscsi://127.0.0.1 (from a VM if need be)
	tests/deps
	tests/demo

.PHONY: check
check: ## all tests, those in a VM on Debian's stock 6.1 kernel
	tests/deps
	tests/check --all 6.1

.PHONY: check-kernels
check-kernels: ## the tests in a VM on the kernels 6.12 and Debian sid's
	tests/deps
	tests/check 6.12 sid

.PHONY: check-debug
check-debug: ## the tests on a kernel that checks memory and locks
	tests/deps
	tests/check uml-debug

.PHONY: check-kunit
check-kunit: ## the module's unit tests as KUnit suites, in User-Mode Linux
	tests/deps
	tests/run --kernel uml tests/unit/kunit/run.sh

.PHONY: check-machines
check-machines: ## the module's unit tests with 32 bits, and big-endian
	tests/deps gcc-i686-linux-gnu libc6-dev-i386-cross \
		gcc-s390x-linux-gnu libc6-dev-s390x-cross qemu-user
	$(MAKE) -C tests/unit/kernel O=$(CURDIR)/.cache/unit-i686 SANITIZE= \
		CC=i686-linux-gnu-gcc LDFLAGS=-static check
	$(MAKE) -C tests/unit/kernel O=$(CURDIR)/.cache/unit-s390x SANITIZE= \
		CC=s390x-linux-gnu-gcc LDFLAGS=-static RUN=qemu-s390x check

CHURN_SECONDS ?= 600

.PHONY: check-churn
check-churn: ## hosts that come and go while all is replaced: CHURN_SECONDS (600)
	tests/deps
	tests/run --kernel uml-debug --timeout $$(($(CHURN_SECONDS) * 2 + 600)) \
		"tests/long/churn.py $(CHURN_SECONDS)"
	tests/run --smp 4 --timeout $$(($(CHURN_SECONDS) * 2 + 600)) \
		"tests/long/churn.py $(CHURN_SECONDS)"

MODEL_SECONDS ?= 300

.PHONY: check-model
check-model: ## random commands beside a model of the media: MODEL_SECONDS (300)
	tests/deps
	tests/run --kernel uml --timeout $$(($(MODEL_SECONDS) + 600)) \
		"tests/long/model.py $(MODEL_SECONDS)"

WIRE_SECONDS ?= 600

.PHONY: check-wire
check-wire: ## random PDUs beside a model of the protocol: WIRE_SECONDS (600)
	tests/deps
	tests/run --kernel uml --timeout $$(($(WIRE_SECONDS) + 600)) \
		"tests/long/wire_model.py $(WIRE_SECONDS)"

TASK_SECONDS ?= 300

.PHONY: check-tasks
check-tasks: ## task attributes, ACA, QErr, aborts, beside a model: TASK_SECONDS (300)
	tests/deps
	tests/run --kernel uml --timeout $$(($(TASK_SECONDS) + 600)) \
		"tests/long/task_model.py $(TASK_SECONDS)"

SESSION_SECONDS ?= 300

.PHONY: check-sessions
check-sessions: ## how sessions begin and end, beside a model: SESSION_SECONDS (300)
	tests/deps
	tests/run --kernel uml --timeout $$(($(SESSION_SECONDS) + 600)) \
		"tests/long/session_model.py $(SESSION_SECONDS)"

ADMIN_SECONDS ?= 300

.PHONY: check-admin
check-admin: ## what administrators do, beside a model: ADMIN_SECONDS (300)
	tests/deps
	tests/run --kernel uml --timeout $$(($(ADMIN_SECONDS) + 600)) \
		"tests/long/admin_model.py $(ADMIN_SECONDS)"

.PHONY: coverage
coverage: ## which lines and branches of kernel/ the tests in a VM reach
	tests/deps
	tests/coverage

.PHONY: check-libiscsi
check-libiscsi: ## all of libiscsi's suite, of this Debian and of sid's
	tests/deps
	tests/run --kernel uml tests/long/libiscsi.sh \
		"tests/long/libiscsi.sh $$(tests/suite-fetch sid)"

.PHONY: check-multipath
check-multipath: ## multipath-tools: paths change and go under I/O
	tests/deps multipath-tools
	tests/run tests/long/multipath.sh

.PHONY: check-deb
check-deb: ## the Debian packages: built, checked, installed, upgraded in use
	tests/deps debhelper dh-dkms dpkg-dev lintian
	tests/run --host tests/long/deb.sh
	tests/run --kernel uml tests/long/upgrade.py

.PHONY: check-power-cut
check-power-cut: ## kill a VM in mid-command, again and again: what is kept?
	tests/deps
	tests/run --host tests/long/power-cut.py

STRESS_SECONDS ?= 30

.PHONY: check-stress
check-stress: ## CPUs go, rmmod, little memory, under I/O: STRESS_SECONDS (30)
	tests/deps
	mkdir -p .cache && truncate -s 512M .cache/stress.img
	tests/run --mem 768 --disk .cache/stress.img \
		"tests/long/stress.sh /dev/vda $(STRESS_SECONDS)"

FUZZ_SECONDS ?= 3600

.PHONY: fuzz
fuzz: ## fuzz the daemon, the module with KASAN: FUZZ_SECONDS each (3600)
	tests/deps
	tests/run --host --timeout $$(($(FUZZ_SECONDS) + 300)) \
		"tests/host/60-fuzz.sh $(FUZZ_SECONDS)"
	tests/run --kernel uml-debug --mem 3000 \
		--timeout $$(($(FUZZ_SECONDS) + 300)) \
		"tests/vm/45-fuzz.py $(FUZZ_SECONDS)"

.PHONY: load
load: ## connections, logins, sessions, LUNs by the thousand: figures
	tests/deps
	tests/run --kernel uml --mem 3000 tests/load/load.py

MIXED_SECONDS ?= 1800

.PHONY: check-mixed
check-mixed: ## verified I/O, disturbed all the time: MIXED_SECONDS (1800)
	tests/deps
	tests/run --kernel uml --timeout $$(($(MIXED_SECONDS) + 600)) \
		"tests/long/mixed.sh $(MIXED_SECONDS)"

BED ?= uml qemu
ROWS ?= all

.PHONY: bench
bench: ## measure beside LIO, tgt and a floor; BED=uml or qemu, ROWS=quick
	tests/deps
	$(foreach b,$(BED),tests/bench/run --bed $b $(ROWS) &&) true

.PHONY: lint
lint: ## style and static checks of all sources
	tests/lint

# --- the rest ---------------------------------------------------------------

.PHONY: clean
clean: ## remove what was built, but not .cache/ and demo/
	$(if $(wildcard $(KDIR)/Makefile),$(MAKE) -C $(KDIR) M=$(CURDIR) clean)
	$(MAKE) -C usr clean

.PHONY: distclean
distclean: clean ## also remove fetched kernels and cached builds
	$(RM) -r .cache

.PHONY: help
help: ## this text
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-15s %s\n", $$1, $$2 }' \
		Makefile
	@echo
	@echo "Variables: KDIR KVER DESTDIR INSTALL_MOD_PATH prefix sbindir"
	@echo "  mandir sysconfdir initddir unitdir datadir docdir completiondir"
	@echo "KDIR is now $(KDIR)"
