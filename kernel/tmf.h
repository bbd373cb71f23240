/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Task management (RFC 7143 11.5, RFC 7144).
 *
 *	tmf.c		the table of functions, and those that are about one
 *			command or about none
 *	tmf_set.c	what waits for the end of commands
 */
#ifndef IET_TMF_H
#define IET_TMF_H

#include <linux/atomic.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include "scsi.h"
#include "sweep.h"

struct iet_cmnd;
struct iet_conn;
struct iet_session;
struct iet_volume;
struct iscsi_tmf_rsp_hdr;

/* TaskReporting (RFC 7143 13.23): bits of IET_K_TASK_REPORTING */
#define IET_TASK_RFC3720 1
#define IET_TASK_RESPONSE_FENCE 2
#define IET_TASK_FAST_ABORT 4

/**
 * struct iet_tmf_op - a task management function
 * @start: carries it out in the connection's thread
 * @level: iSCSIProtocolLevel that it needs
 * @report_byte: where REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS has it
 * @report_mask: which bit of that byte (SPC-4 6.36)
 * @lun: it concerns a logical unit
 * @all_sessions: commands of all I_T nexuses, not only of the requester's
 * @query: it only looks whether there are commands
 * @nexus_loss: it is an I_T nexus loss for the requester
 * @end_sessions: all sessions of the target end with it
 * @ua: unit attention for all I_T nexuses concerned, 0 = none
 * @ua_cleared: unit attention for the others whose commands were cleared
 */
struct iet_tmf_op {
	void (*start)(struct iet_cmnd *cmnd);
	u8 level;
	u8 report_byte;
	u8 report_mask;
	bool lun;
	bool all_sessions;
	bool query;
	bool nexus_loss;
	bool end_sessions;
	u16 ua;
	u16 ua_cleared;
};

/* what a function that waits does just now; only @work goes on to the next */
enum iet_tmf_phase {
	IET_TMF_ARRIVAL, /* waits for commands that were sent before it */
	IET_TMF_WAIT, /* waits for what it has aborted to come back */
	IET_TMF_GIVE_UP, /* lets what has not come back go on */
	IET_TMF_FENCE, /* waits for earlier responses to be acknowledged */
	IET_TMF_DONE, /* answered */
};

/**
 * struct iet_tmf - a task management function in progress
 * @ref: the command that carries it, each thing that it waits for, and @work
 *	while it is queued
 * @arrival_node: in session->arrivals, with a reference, in phase ARRIVAL
 * @cmnd: that command, until %IET_TMF_DONE
 * @op: row of the table of functions
 * @vol: the logical unit, with a reference, or NULL
 * @tas: other initiators get status TASK ABORTED
 * @sweep: connections that are to abort commands
 * @revival: those that are to let them go on
 * @fence: those whose initiator is to acknowledge something
 * @pending: aborted commands still in a backend
 * @phase: how far it is
 * @ended: its connection is over; it is not to begin
 * @settled: what was to end after the aborting has
 * @start: jiffies when it came, or when the fence was raised
 * @found: there are commands: what a query is about
 * @response: enum iscsi_tmf_response
 * @wait: for the end of old writes, if @waits_at
 * @waits_at: the volume where they are, with a reference; @wait has one, too
 * @work: goes through the phases
 *
 * Lifetime: from iet_tmf_begin() to the last reference.  A command in a
 * backend that hangs may hold one long after the function has been answered.
 */
struct iet_tmf {
	struct kref ref;
	struct list_head arrival_node;
	struct iet_cmnd *cmnd;
	const struct iet_tmf_op *op;
	struct iet_volume *vol;
	bool tas;
	struct iet_sweep sweep;
	struct iet_sweep revival;
	struct iet_sweep fence;
	atomic_t pending;
	enum iet_tmf_phase phase;
	bool ended;
	bool settled;
	unsigned long start;
	bool found;
	u8 response;
	struct iet_orphan_wait wait;
	struct iet_volume *waits_at;
	struct delayed_work work;
};

/* tmf.c */
void iet_tmf_start(struct iet_cmnd *cmnd);
void iet_tmf_answer(struct iet_cmnd *cmnd, struct iscsi_tmf_rsp_hdr *hdr);
void iet_tmf_supported(u32 level, u8 *bytes);

/* tmf_set.c */
struct iet_tmf *iet_tmf_begin(struct iet_cmnd *cmnd,
			      const struct iet_tmf_op *op,
			      enum iet_tmf_phase phase);
void iet_tmf_go(struct iet_tmf *tmf);
void iet_tmf_get(struct iet_tmf *tmf);
void iet_tmf_put(struct iet_tmf *tmf);
void iet_tmf_fail(struct iet_tmf *tmf);
void iet_tmf_end(struct iet_cmnd *cmnd);
void iet_tmf_release(struct iet_cmnd *cmnd);
void iet_tmf_arrivals(struct iet_session *session);

#endif /* IET_TMF_H */
