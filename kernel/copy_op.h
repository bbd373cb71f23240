/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copy operations (SPC-4 5.17): what an EXTENDED COPY, POPULATE TOKEN or WRITE
 * USING TOKEN has come to, found by its list identifier; also while it runs,
 * in the foreground, where the command waits for it, or in the background.
 */
#ifndef IET_COPY_OP_H
#define IET_COPY_OP_H

#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/types.h>

#include "reservation.h"
#include "scsi.h"
#include "sense.h"

struct iet_cscd;
struct iet_copy_job;

/* operations kept for each I_T nexus, running or not */
#define IET_COPY_KEEP 64
/* operations in the background, of all initiators */
#define IET_COPY_BACKGROUND_MAX 32

/* COPY OPERATION STATUS (SPC-4 table 240) */
#define IET_COPY_DONE 0x01
#define IET_COPY_FAILED 0x02
#define IET_COPY_FOREGROUND 0x11
#define IET_COPY_BACKGROUND 0x12
#define IET_COPY_TERMINATED 0x60

/**
 * struct iet_copy - a copy operation
 * @node: in nexus->copies
 * @ref: of the list, and of who runs it
 * @mgr: the unit that got the command; while it runs, with a reference
 * @sa: service action of the command
 * @list_id: LIST IDENTIFIER
 * @tracked: it has one
 * @state: COPY OPERATION STATUS
 *
 * When it has ended:
 *
 * @status: SAM status of the command
 * @sense_len: bytes in @sense
 * @sense: sense data
 * @bytes: what has been copied; read also while it runs
 * @segments: segments, or ranges, that have been processed; likewise
 * @token: a ROD token, or NULL
 *
 * While it runs:
 *
 * @cmd: the command that waits for it, or NULL: it runs in the background
 * @waiter: COPY OPERATION ABORT that waits for its end, or NULL
 * @nexus: I_T nexus; for comparing only
 * @port: its initiator port
 * @iname: InitiatorName
 * @aborted: COPY OPERATION ABORT, a reset or the loss of the nexus ends it
 * @job: what is being copied, or NULL; its writer is told of an abort
 * @of_dst: of what iet_copy_check() has found: it is about the destination
 * @priv: what the kind of operation keeps
 * @free_priv: frees what @priv refers to
 *
 * Lifetime: from iet_copy_begin() until it has ended, and then as long as it
 * is in the list: until its list identifier is used again, younger ones need
 * its place, or the I_T_L nexus is lost.
 */
struct iet_copy {
	struct list_head node;
	refcount_t ref;
	struct iet_volume *mgr;
	u8 sa;
	u32 list_id;
	bool tracked;
	u8 state;

	u8 status;
	u8 sense_len;
	u8 sense[IET_SENSE_MAX];
	u64 bytes;
	u16 segments;
	u8 *token;

	struct iet_scmd *cmd;
	struct iet_scmd *waiter;
	const struct iet_nexus *nexus;
	char port[IET_PORT_NAME_MAX];
	char iname[IET_PORT_NAME_MAX];
	bool aborted;
	struct iet_copy_job *job;
	bool of_dst;
	void *priv;
	void (*free_priv)(void *priv);
};

struct iet_copy *iet_copy_begin(struct iet_scmd *s, u32 list_id, bool tracked);
bool iet_copy_to_background(struct iet_copy *c);
void iet_copy_end(struct iet_copy *c);
bool iet_copy_stopped(const struct iet_copy *c);

/**
 * struct iet_copy_view - a copy operation, as it is at a moment
 */
struct iet_copy_view {
	u8 sa;
	u8 state;
	u8 status;
	u8 sense_len;
	u8 sense[IET_SENSE_MAX];
	u64 bytes;
	u16 segments;
	bool has_token;
};

bool iet_copy_look(const struct iet_scmd *s, u32 list_id,
		   struct iet_copy_view *view, u8 *token);
bool iet_copy_running(const struct iet_copy_view *view);

void iet_copy_nexus_lost(const struct iet_volume *vol, struct iet_nexus *nexus);
void iet_copy_reset(struct iet_volume *vol);

/* copy_sense.c */

/**
 * struct iet_copy_fault - why a copy was aborted
 * @asc: enum iet_asc, with sense key COPY ABORTED
 * @residue: what has not been copied of the segment, blocks; bytes if it
 *	counts those
 * @segment: number of the segment descriptor
 * @field: the byte of the segment descriptor that is wrong, 0: none
 * @of_dst: @status and @sense are of the destination, else of the source
 * @status: SAM status of the source or destination, 0: neither failed
 * @sense: its sense data, with CHECK CONDITION
 */
struct iet_copy_fault {
	u16 asc;
	u64 residue;
	u16 segment;
	u8 field;
	bool of_dst;
	u8 status;
	struct iet_sense sense;
};

void iet_copy_refuse(struct iet_copy *c, const struct iet_sense *sense);
void iet_copy_abort(struct iet_copy *c, const struct iet_copy_fault *f);

int iet_copy_check(struct iet_copy *c, const struct iet_cscd *src,
		   const struct iet_cscd *dst);
void iet_copy_run(struct iet_copy *c, struct iet_copy_job *job);
void iet_copy_ran(struct iet_copy *c);

#endif /* IET_COPY_OP_H */
