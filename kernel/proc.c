// SPDX-License-Identifier: GPL-2.0-only
/*
 * /proc/net/iet/volume and session.  Scripts match these lines with regular
 * expressions: "tid:" begins a line, and "path:" is the last field.  What is
 * new goes into netlink, not in here.
 */
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <net/net_namespace.h>

#include "compat.h"
#include "conn.h"
#include "iotype.h"
#include "proc.h"
#include "session.h"
#include "target.h"
#include "volume.h"

#define PROC_DIR "iet"

static const char *const iomodes[] = {
	[IET_IOMODE_WT] = "wt",
	[IET_IOMODE_WB] = "wb",
	[IET_IOMODE_RO] = "ro",
};

static const char *const conn_states[] = {
	[IET_CONN_NEW] = "unknown",
	[IET_CONN_ACTIVE] = "active",
	[IET_CONN_CLOSING] = "closing",
};

static void *start(struct seq_file *m, loff_t *pos)
{
	mutex_lock(&iet_config_lock);
	return seq_list_start(&iet_targets, *pos);
}

static void *next(struct seq_file *m, void *v, loff_t *pos)
{
	return seq_list_next(v, &iet_targets, pos);
}

static void stop(struct seq_file *m, void *v)
{
	mutex_unlock(&iet_config_lock);
}

static void show_lun(struct seq_file *m, const struct iet_lun *lun)
{
	const struct iet_volume *vol = lun->vol;

	/* what is not running is not there */
	seq_printf(m, "\tlun:%u state:0 iotype:%s iomode:%s", lun->lun,
		   vol->iotype->name, iomodes[vol->iomode]);
	seq_printf(m, " blocks:%llu blocksize:%u", READ_ONCE(vol->nr_blocks),
		   1U << vol->blk_shift);
	if (*vol->path) {
		seq_puts(m, " path:");
		seq_escape(m, vol->path, "\n");
	}
	seq_putc(m, '\n');
}

static void show_target(struct seq_file *m, const struct iet_target *target)
{
	seq_printf(m, "tid:%u name:%s\n", target->tid, target->name);
}

static int show_volumes(struct seq_file *m, void *v)
{
	struct iet_target *target = list_entry(v, struct iet_target, node);
	struct iet_lun *lun;
	unsigned long nr;

	show_target(m, target);
	xa_for_each(&target->luns, nr, lun)
		show_lun(m, lun);
	return 0;
}

static const char *digest_name(bool crc32c)
{
	return crc32c ? "crc32c" : "none";
}

static void show_conn(struct seq_file *m, const struct iet_conn *conn)
{
	char addr[64];

	iet_address_text(&conn->addr, addr, sizeof(addr));
	seq_printf(m, "\t\tcid:%u ip:%s state:%s hd:%s dd:%s\n", conn->cid,
		   addr,
		   conn_states[iet_conn_leaves(conn) ? IET_CONN_CLOSING :
						       READ_ONCE(conn->state)],
		   digest_name(conn->hdigest), digest_name(conn->ddigest));
}

static void show_session(struct seq_file *m, const struct iet_session *session)
{
	const struct iet_conn *conn;

	seq_printf(m, "\tsid:%llu initiator:%s\n", session->sid,
		   session->initiator);
	list_for_each_entry(conn, &session->conns, session_node)
		show_conn(m, conn);
}

static int show_sessions(struct seq_file *m, void *v)
{
	struct iet_target *target = list_entry(v, struct iet_target, node);
	const struct iet_session *session;

	show_target(m, target);
	list_for_each_entry(session, &target->sessions, target_node)
		if (!session->unlinked)
			show_session(m, session);
	return 0;
}

static const struct seq_operations volume_ops = {
	.start = start,
	.next = next,
	.stop = stop,
	.show = show_volumes,
};

static const struct seq_operations session_ops = {
	.start = start,
	.next = next,
	.stop = stop,
	.show = show_sessions,
};

static const struct {
	const char *name;
	const struct seq_operations *ops;
} files[] = {
	{ "volume", &volume_ops },
	{ "session", &session_ops },
};

/**
 * iet_proc_init() - make /proc/net/iet
 *
 * Return: 0 or -ENOMEM.
 */
int iet_proc_init(void)
{
	struct proc_dir_entry *dir = proc_mkdir(PROC_DIR, init_net.proc_net);
	int i;

	if (!dir)
		return -ENOMEM;
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		if (proc_create_seq(files[i].name, 0444, dir, files[i].ops))
			continue;
		iet_proc_exit();
		return -ENOMEM;
	}
	return 0;
}

/**
 * iet_proc_exit() - remove /proc/net/iet
 *
 * Returns when nobody reads the files any more.
 */
void iet_proc_exit(void)
{
	remove_proc_subtree(PROC_DIR, init_net.proc_net);
}
