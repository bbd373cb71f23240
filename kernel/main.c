// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module's beginning and end.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/moduleparam.h>

#include "budget.h"
#include "cmnd_pool.h"
#include "compat.h"
#include "conn.h"
#include "ctldev.h"
#include "fault.h"
#include "iet_ctl.h"
#include "iet_version.h"
#include "iotype.h"
#include "netlink.h"
#include "nthread.h"
#include "proc.h"
#include "session.h"
#include "share.h"
#include "state.h"
#include "target.h"
#include "tio.h"
#include "volume.h"

static unsigned int nthreads;
module_param(nthreads, uint, 0444);
MODULE_PARM_DESC(nthreads, "network threads (default: one per CPU)");

/* of the old target, so that its modprobe.d files go on working */
static unsigned long worker_thread_pool_size;
module_param(worker_thread_pool_size, ulong, 0444);
MODULE_PARM_DESC(worker_thread_pool_size, "without effect: see Wthreads");
static unsigned long debug_enable_flags;
module_param(debug_enable_flags, ulong, 0644);
MODULE_PARM_DESC(debug_enable_flags, "without effect");

#define NTHREADS_MAX 1024

static int start_nthreads(void)
{
	if (nthreads > NTHREADS_MAX) {
		pr_err("nthreads must be 1 to %u\n", NTHREADS_MAX);
		return -EINVAL;
	}
	return iet_nthreads_start(nthreads);
}

/*
 * In this order, and back.  What lets somebody in comes last, and netlink
 * last of all, since only it makes targets.
 */
static const struct {
	const char *name;
	int (*init)(void);
	void (*exit)(void);
} parts[] = {
	{ "page caches", iet_tio_init_caches, iet_tio_exit_caches },
	{ "zeroes", iet_nullio_init, iet_nullio_exit },
	{ "budget", iet_budget_init, iet_budget_exit },
	{ "state files", iet_state_init, iet_state_exit },
	{ "reservations", iet_reservations_init, iet_reservations_exit },
	{ "volumes", iet_volume_init, iet_volume_exit },
	{ "sizes", NULL, iet_share_exit },
	{ "commands", iet_cmnd_pool_init, iet_cmnd_pool_exit },
	{ "connections", iet_conns_init, iet_conns_exit },
	{ "sessions", iet_session_init, iet_session_exit },
	{ "network threads", start_nthreads, iet_nthreads_stop },
	{ "faults", NULL, iet_faults_exit },
	{ "targets", NULL, iet_target_delete_all },
	{ "/proc/net/iet", iet_proc_init, iet_proc_exit },
	{ "/dev/" IET_CTL_DEVICE, iet_ctl_init, iet_ctl_exit },
	{ "netlink", iet_netlink_init, iet_netlink_exit },
};

static void end_parts(int nr)
{
	while (nr--)
		parts[nr].exit();
}

static int __init iet_init(void)
{
	int i, err;

	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		if (!parts[i].init)
			continue;
		err = parts[i].init();
		if (err) {
			pr_err("%s: error %d\n", parts[i].name, err);
			end_parts(i);
			return err;
		}
	}
	pr_info("iSCSI Enterprise Target %s\n", IET_VERSION);
	return 0;
}

/*
 * Sessions, volumes, open files of /dev/ietctl and requests hold the module,
 * so there are none here; targets don't.
 */
static void __exit iet_exit(void)
{
	end_parts(ARRAY_SIZE(parts));
}

module_init(iet_init);
module_exit(iet_exit);

MODULE_DESCRIPTION("iSCSI Enterprise Target");
MODULE_VERSION(IET_VERSION);
MODULE_LICENSE("GPL");
/* crc32c() takes the fastest implementation that is there */
MODULE_SOFTDEP("pre: crc32c");
