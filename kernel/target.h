/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Targets and LUNs: the configuration.  All of it changes under
 * iet_config_lock, which is never held while waiting for a disk or a peer;
 * the data path reads it under RCU.
 */
#ifndef IET_TARGET_H
#define IET_TARGET_H

#include <linux/kref.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/string.h>
#include <linux/xarray.h>

#include "alua.h"
#include "iet_netlink.h"
#include "iscsi_proto.h"
#include "scsi.h"
#include "stats.h"

struct iet_faults;
struct iet_volume;
struct iet_lun_args;
struct iet_nexus;
struct netlink_ext_ack;

extern struct mutex iet_config_lock;
/* iet_target.node, newest first, under iet_config_lock */
extern struct list_head iet_targets;

/**
 * struct iet_lun - a mapping of a volume into a target
 * @lun: number, 0-16383
 * @vol: the volume
 * @target: of which target
 * @vol_node: in vol->luns, under vol->lock
 * @origin: enum iet_origin
 * @stats_gone: of I_T_L nexuses that have ended; under iet_config_lock
 * @rcu: for freeing
 *
 * Lifetime: in target->luns from LUN_NEW to LUN_DEL; freed after a grace
 * period.  The LUNs of a volume hold its initial reference together.
 */
struct iet_lun {
	u32 lun;
	struct iet_volume *vol;
	struct iet_target *target;
	struct list_head vol_node;
	u32 origin;
	struct iet_stats_sum stats_gone;
	struct rcu_head rcu;
};

/**
 * struct iet_target_param - parameters of a target, see iet_netlink.h
 */
struct iet_target_param {
	u32 wthreads;
	u32 type;
	u32 queued_commands;
	u32 nop_interval; /* seconds */
	u32 nop_timeout; /* seconds */
	u32 max_sessions;
};

/**
 * struct iet_target - an iSCSI target node
 * @ref: "the struct is readable"; the registry holds one until TARGET_DEL,
 *	each session one
 * @rcu: for freeing
 * @node: in iet_targets
 * @tid: target id, 1 and up
 * @port_id: relative target port identifier (SAM-5 4.6.5.2) of its one port:
 *	unique, and the tid wherever that is possible; constant
 * @name: iSCSI name, lower case
 * @origin: enum iet_origin
 * @dying: deleted: no new sessions or LUNs
 * @param: parameters of this target
 * @keys: negotiation defaults by enum iet_key_attr, for the daemon
 * @alua: asymmetric access of its port, see alua.h
 * @alias: TargetAlias
 * @redirect: ADDR[:PORT] to send logins to
 * @redirect_flags: IET_REDIRECT_PERMANENT and IET_REDIRECT_CONFIG
 * @luns: lun -> struct iet_lun, read under RCU
 * @nr_luns: how many
 * @sessions: iet_session.target_node, newest first
 * @nr_sessions: how many
 * @evict_begin: when the administrator began to close sessions, see evict.c
 * @evict_last: ... and closed the last one; 0: never
 * @faults: rules for faults, NULL: there never was one; stays until the target
 *	is freed, see fault.h
 *
 * Everything but @luns (RCU readers) and @faults is under iet_config_lock.
 */
struct iet_target {
	struct kref ref;
	struct rcu_head rcu;
	struct list_head node;
	u32 tid;
	u16 port_id;
	char name[ISCSI_NAME_MAX + 1];
	u32 origin;
	bool dying;
	struct iet_target_param param;
	u32 keys[IET_K_MAX + 1];
	struct iet_alua alua;
	char alias[IET_ALIAS_LEN + 1];
	char redirect[IET_REDIRECT_LEN + 1];
	u32 redirect_flags;
	struct xarray luns;
	u32 nr_luns;
	struct list_head sessions;
	u32 nr_sessions;
	ktime_t evict_begin;
	ktime_t evict_last;
	struct iet_faults *faults;
};

struct iet_target *iet_target_create(const char *name, u32 tid,
				     struct netlink_ext_ack *extack);
struct iet_target *iet_target_by_tid(u32 tid);
struct iet_target *iet_target_by_name(const char *name);
struct iet_target *iet_target_next(unsigned long tid);
int iet_target_delete(struct iet_target *target, bool force,
		      struct netlink_ext_ack *extack);
void iet_target_delete_all(void);
void iet_target_get(struct iet_target *target);
void iet_target_put(struct iet_target *target);

int iet_lun_add(struct iet_target *target, u32 lun, struct iet_volume *vol,
		u32 origin, struct netlink_ext_ack *extack);
int iet_lun_delete(struct iet_target *target, u32 lun,
		   struct netlink_ext_ack *extack);
bool iet_lun_of(struct iet_volume *vol, const struct iet_target *target);
void iet_lun_rescan(struct iet_lun *lun);

/**
 * iet_nexus_is() - is it between these ports?
 * @nexus: the I_T nexus
 * @port: name of the initiator port
 * @target: name of the target
 *
 * Return: true if so
 */
static inline bool iet_nexus_is(const struct iet_nexus *nexus, const char *port,
				const char *target)
{
	return !strcmp(nexus->initiator, port) &&
	       !strcmp(nexus->target->name, target);
}

#endif /* IET_TARGET_H */
