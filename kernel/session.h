/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sessions: I_T nexuses with their command numbering (RFC 7143 4.4).
 */
#ifndef IET_SESSION_H
#define IET_SESSION_H

#include <linux/kref.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/workqueue.h>

#include "cmdsn.h"
#include "iet_netlink.h"
#include "iscsi_proto.h"
#include "scsi.h"
#include "stats.h"

struct iet_nthread;
struct iet_target;
struct netlink_ext_ack;

#define IET_MAX_CONNECTIONS 16
#define IET_MAX_ERL 2
#define IET_MAX_OUTSTANDING_R2T 64
#define IET_MAX_RECV_SEGMENT 262144
/* all that a 24-bit length field holds: RFC 7143 13.12 to 13.14 */
#define IET_MAX_XMIT_SEGMENT 16777215
#define IET_MAX_BURST 16777215
#define IET_MAX_QUEUED IET_CMDSN_WINDOW_MAX

/**
 * struct iet_session_args - what SESSION_NEW asked for
 * @initiator: InitiatorName
 * @isid: ISID
 * @exp_cmd_sn: first CmdSN of the full feature phase
 * @keys: negotiated values by enum iet_key_attr
 * @map: what it may do with LUNs, NULL: everything; is copied
 */
struct iet_session_args {
	const char *initiator;
	u8 isid[6];
	u32 exp_cmd_sn;
	u32 keys[IET_K_MAX + 1];
	const struct iet_lun_map *map;
};

/**
 * struct iet_session - an iSCSI session
 * @ref: "the struct is readable"; the registry holds one until the session
 *	is unlinked, each connection one
 * @target: the target, with a reference
 * @target_node: in target->sessions, under iet_config_lock
 * @all_node: in iet_sessions, until it is freed
 * @sid: as in /proc/net/iet/session: ISID and TSIH
 * @tsih: target session identifying handle, unique in the module
 * @isid: initiator session id
 * @initiator: InitiatorName
 * @keys: negotiated values
 * @born: when it logged in
 * @nexus: the SCSI side
 * @conns: iet_conn.session_node, under iet_config_lock
 * @nr_conns: how many
 * @unlinked: closed: neither shown nor found any more, but still in
 *	target->sessions until it is freed, since its nexus refers to LUNs
 *	up to the end of its last connection; under iet_config_lock
 * @hold: connections of former sessions whose end it waits for; its own read
 *	nothing until it is zero, see hold.h
 * @orphan_work: drops a session that never got a connection
 * @release_work: the end needs process context
 * @nthread: the thread of all its connections, chosen with the first one;
 *	under iet_config_lock
 * @stats: what it has done beside commands; the thread's own
 * @sn: command numbering; the thread's own, others may look at it for show
 * @parked: iet_cmnd.park_node: commands whose CmdSN is early, in the order of
 *	CmdSN, from whichever connection; the thread's own
 * @arrivals: iet_tmf.arrival_node: functions that wait for the arrival of
 *	commands; the thread's own
 * @line: iet_cmnd.line_node: commands that wait for data, or their turn, in the
 *	order in which they were started, see order.h; the thread's own
 * @nr_ordered: ORDERED ones in it
 * @nr_gated: those in it whose data is all there
 * @look_at_line: one of it has gone, and some may go on
 * @members: iet_conn.member_node: its connections, as the thread sees them:
 *	from their first turn to their last
 *
 * All connections of a session belong to one thread: so what they share, the
 * numbering of commands most of all, needs no lock, and a command that has
 * arrived by one of them can start another's.
 *
 * Lifetime: made by SESSION_NEW; unlinked when its last connection closes,
 * by SESSION_DEL, TARGET_DEL or reinstatement; freed at the last reference.
 */
struct iet_session {
	struct kref ref;
	struct iet_target *target;
	struct list_head target_node;
	struct list_head all_node;
	u64 sid;
	u16 tsih;
	u8 isid[6];
	char initiator[ISCSI_NAME_MAX + 1];
	u32 keys[IET_K_MAX + 1];
	ktime_t born;
	struct iet_nexus nexus;

	struct list_head conns;
	unsigned int nr_conns;
	bool unlinked;
	atomic_t hold;
	struct delayed_work orphan_work;
	struct work_struct release_work;

	struct iet_nthread *nthread;

	struct iet_cmdsn sn ____cacheline_aligned_in_smp;
	struct iet_link_stats stats;
	struct list_head parked;
	struct list_head arrivals;
	struct list_head line;
	unsigned int nr_ordered;
	unsigned int nr_gated;
	bool look_at_line;
	struct list_head members;
};

/*
 * Every session with its connections, those of targets that have been deleted
 * included; under iet_config_lock.
 */
extern struct list_head iet_sessions;

/* all under iet_config_lock, which the caller holds */
struct iet_session *iet_session_create(struct iet_target *target,
				       const struct iet_session_args *args,
				       struct netlink_ext_ack *extack);
struct iet_session *iet_session_find(struct iet_target *target, u64 sid);
bool iet_session_is_of(const struct iet_session *session, const char *initiator,
		       const u8 *isid);
void iet_session_close(struct iet_session *session, enum iet_event reason);

void iet_session_get(struct iet_session *session);
void iet_session_put(struct iet_session *session);

int iet_session_init(void);
void iet_session_exit(void);

#endif /* IET_SESSION_H */
