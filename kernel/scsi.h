/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The SCSI device server: what the session layer asks of it.
 *
 *	prepare  in CmdSN order, when the command has arrived (its data may
 *		 not): finds the logical unit, decodes and checks the CDB,
 *		 unit attentions and so on; says how much data there is to be
 *	execute  when all data of a write is there
 *	done     called once from any context: status, sense and data are set
 *	release  gives back the volume and the pages
 */
#ifndef IET_SCSI_H
#define IET_SCSI_H

#include <linux/list.h>
#include <linux/rcupdate.h>
#include <linux/types.h>
#include <linux/xarray.h>

#include "iotype.h"
#include "locate.h"
#include "span.h"
#include "stats.h"
#include "tio.h"

struct iet_lun;
struct iet_lun_map;
struct iet_scsi_op;
struct sockaddr_storage;
struct iet_target;
struct iet_volume;

#define IET_CDB_MAX 260
#define IET_SENSE_MAX 96
/* more than there are kinds of them: none is lost */
#define IET_UA_MAX 24
#define IET_PEER_LEN 20

/**
 * struct iet_nexus - an I_T nexus
 * @initiator: initiator port name: "<InitiatorName>,i,0x<ISID>"
 * @iname: InitiatorName alone
 * @target: the target; the session holds the reference
 * @itls: lun -> struct iet_itl, read under RCU, changed under
 *	iet_config_lock
 * @map: what it may do with LUNs, NULL: everything; under iet_config_lock
 * @tmfs: task management functions that there are on it, as in the first
 *	bytes of REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS
 * @in_flight: bytes of memory that its commands hold, see budget.c
 * @node: in the list of all, under iet_config_lock
 * @peer: address of the initiator, IPv6 with scope; under iet_config_lock
 * @peer_known: there is one
 * @closed: the session is ending; under iet_config_lock
 * @ended: it sees no units any more; under iet_config_lock
 * @bars: aborted writes keep all initiators off their unit: see preempt.c
 * @copies: iet_copy.node, oldest first, see copy_op.c
 * @sid: of the session, see fault.h
 * @stats: of commands that were for no LUN of it; the session's thread's own
 * @stats_gone: of I_T_L nexuses that have ended; under iet_config_lock
 *
 * Lifetime: embedded in a session, which every command holds.  It is lost, with
 * all that units keep of it, with the session's last connection, not with the
 * last command: a disk may hold that for ever.
 */
struct iet_nexus {
	char initiator[256];
	const char *iname;
	struct iet_target *target;
	struct xarray itls;
	struct iet_lun_map *map;
	u8 tmfs[2];
	atomic64_t in_flight;
	struct list_head node;
	u8 peer[IET_PEER_LEN];
	bool peer_known;
	bool closed;
	bool ended;
	bool bars;
	struct list_head copies;
	u64 sid;
	struct iet_stats stats;
	struct iet_stats_sum stats_gone;
};

/**
 * struct iet_itl - an I_T_L nexus
 * @nexus: of which
 * @lun: the LUN
 * @vol_node: in lun->vol->itls
 * @read_only: the initiator may not write; READ_ONCE/WRITE_ONCE
 * @prevent: it prevents the removal of the medium; under vol->lock
 * @stopped: it has stopped the unit; READ_ONCE/WRITE_ONCE
 * @aca: there is an ACA condition of it; under vol->lock
 * @aca_task: and the command with the ACA attribute that has been let in, only
 *	compared, or NULL; under vol->lock
 * @kept_off: what a persistent reservation keeps it off: IET_PR_OFF_*; changed
 *	under reservation.lock, read without, see pr_nexus.h
 * @nr_ua: unit attentions pending; read without the lock on the fast path
 * @ua: their additional sense codes (ASC << 8 | ASCQ), most important first,
 *	under vol->lock
 * @stats: what its commands have done; the session's thread's own
 * @rcu: for freeing
 *
 * Lifetime: in nexus->itls from login or LUN_NEW to LUN_DEL or the end of
 * the session's last connection; freed after a grace period.  Use under
 * rcu_read_lock().
 */
struct iet_itl {
	struct iet_nexus *nexus;
	struct iet_lun *lun;
	struct list_head vol_node;
	const struct iet_scmd *aca_task;
	bool prevent;
	bool read_only;
	bool stopped;
	bool aca;
	u8 kept_off;
	u8 nr_ua;
	u16 ua[IET_UA_MAX];
	struct iet_stats stats;
	struct rcu_head rcu;
};

/**
 * struct iet_orphan_wait - somebody waits for the orphans of a volume
 * @node: in vol->orphans->waits
 * @bars_only: for those that keep all initiators off
 * @all_back: called when there are none any more, perhaps several times; from
 *	any context, with the lock of the orphans held
 */
struct iet_orphan_wait {
	struct list_head node;
	bool bars_only;
	void (*all_back)(struct iet_orphan_wait *wait);
};

/**
 * struct iet_scmd - a SCSI task, as the device server sees it
 * @nexus: from whom
 * @cdb: command descriptor block
 * @cdb_len: its length in bytes, 16 or (AHS) more
 * @lun_raw: LUN field of the PDU (SAM-5 4.7)
 * @attr: enum iscsi_task_attr
 * @edtl: ExpectedDataTransferLength, bytes
 * @read_edtl: of bidirectional commands: the same for the read direction
 * @dir_out: W bit: the initiator will send data
 * @dir_in: R bit
 *
 * @op: row of the opcode table, NULL if there is none
 * @vol: the logical unit, with a reference, or NULL
 * @read_only: its initiator may not write to @vol
 * @wlun: addressed to the REPORT LUNS well-known logical unit
 * @lba: first block, where the CDB names one
 * @nr_blocks: blocks, where the CDB names them
 * @out_len: bytes of Data-Out that the CDB asks for; valid after prepare
 * @in_len: bytes of Data-In that the CDB yields; valid when done.  Bytes
 *	beyond @edtl are not sent: the transport reports the residual.
 * @tio: the data, from iet_scsi_alloc().  For writes the transport gets it
 *	before prepare; for reads the device server does.
 * @stable: data that is sent must not change until then: there is a digest of
 *	it, or it may be asked for once more
 * @charged: bytes that were taken from the budget for it
 *
 * @status: SAM status
 * @sense_len: bytes in @sense, 0 if there is none
 * @sense: sense data
 * @io: medium operation in progress
 * @work: for commands that run in a worker
 * @step: what @work or the end of @io goes on with, NULL: nothing is left
 * @err: how @io ended, for @step: 0 or a negative errno
 * @locate: of locate.c
 * @bad_lba: the first block that the medium has failed, if @bad_known
 * @bad_known: it is known
 * @state: what a command of several steps keeps, see iet_scsi_state()
 * @free_state: frees what @state refers to, or NULL
 * @span: the blocks it works on, and its turn, while @spanned
 * @spanned: it has @span, or waits for it
 * @aborted: it has been aborted while it ran: steps that have not begun are
 *	left out
 * @aca_task: it has the ACA attribute, and its place in the ACA condition
 * @aca_began: it has left an ACA condition
 * @done: called once when @status is set, after execute only
 * @barred: as an orphan it bars the volume for all initiators, under the lock
 *	of the orphans
 * @orphan_node: in vol->orphans when aborted in the backend
 */
struct iet_scmd {
	struct iet_nexus *nexus;
	const u8 *cdb;
	u16 cdb_len;
	u8 attr;
	bool dir_out;
	bool dir_in;
	u8 lun_raw[8];
	u32 edtl;
	u32 read_edtl;

	const struct iet_scsi_op *op;
	struct iet_volume *vol;
	bool read_only;
	bool wlun;
	u64 lba;
	u32 nr_blocks;
	u32 out_len;
	u32 in_len;
	struct iet_tio tio;
	bool stable;
	u32 charged;

	u8 status;
	u8 sense_len;
	u8 sense[IET_SENSE_MAX];
	struct iet_io io;
	struct work_struct work;
	void (*step)(struct iet_scmd *s);
	int err;
	struct iet_locate locate;
	u64 bad_lba;
	bool bad_known;
	void *state;
	void (*free_state)(void *state);
	struct iet_span span;
	bool spanned;
	bool aborted;
	bool barred;
	bool aca_task;
	bool aca_began;
	void (*done)(struct iet_scmd *s);
	struct list_head orphan_node;
};

/**
 * struct iet_writer - somebody who writes to a logical unit without having a
 * command of its own there: a copy
 * @node: in vol->orphans while a write is under way
 * @iname: InitiatorName on whose behalf
 * @cmd: the command that it belongs to, at whatever unit, or NULL
 * @aborted: it has been aborted; if there is a @cmd, that may say so, too
 */
struct iet_writer {
	struct list_head node;
	const char *iname;
	struct iet_scmd *cmd;
	bool aborted;
};

int iet_scsi_alloc(struct iet_scmd *s, u32 len, gfp_t gfp);
bool iet_scsi_borrow(struct iet_scmd *s, u32 len, gfp_t gfp);
bool iet_scsi_prepare(struct iet_scmd *s);
void iet_scsi_execute(struct iet_scmd *s);
void iet_scsi_refused(struct iet_scmd *s);
bool iet_scsi_has_turn(const struct iet_scmd *s);
void iet_scsi_leave(struct iet_scmd *s);
void iet_scsi_aborted(struct iet_scmd *s);
void iet_scsi_let_go(struct iet_scmd *s);
void iet_scsi_release(struct iet_scmd *s);
bool iet_scsi_is_write(const struct iet_scmd *s);

/* mode.c */
void iet_mode_init(struct iet_volume *vol);
void iet_mode_reset(struct iet_volume *vol);

/**
 * struct iet_nexus_find - a logical unit that is looked for
 * @match: is this the one?  Does not sleep.
 * @arg: for @match
 * @port: takes the initiator port that has it, IET_PORT_NAME_MAX bytes
 * @target: takes the name of its target, ISCSI_NAME_MAX + 1 bytes
 * @nexus: takes the I_T nexus that has it; for comparing only
 * @vol: takes the unit, with a reference
 * @read_only: takes whether the initiator may not write to it
 */
struct iet_nexus_find {
	bool (*match)(struct iet_volume *vol, const void *arg);
	const void *arg;
	char *port;
	char *target;
	const struct iet_nexus *nexus;
	struct iet_volume *vol;
	bool read_only;
};

/* nexus.c: I_T and I_T_L nexuses */
int iet_nexus_init(struct iet_nexus *nexus, struct iet_target *target,
		   const char *iname, const u8 *isid);
void iet_nexus_exit(struct iet_nexus *nexus);
int iet_nexus_add_lun(struct iet_nexus *nexus, struct iet_lun *lun);
int iet_nexus_set_map(struct iet_nexus *nexus, const struct iet_lun_map *map);
void iet_nexus_del_lun(struct iet_nexus *nexus, u32 lun);
struct iet_itl *iet_nexus_itl(struct iet_nexus *nexus, const u8 *lun_raw);
struct iet_volume *iet_nexus_get_volume(struct iet_nexus *nexus,
					const u8 *lun_raw);
void iet_nexus_set_peer(struct iet_nexus *nexus,
			const struct sockaddr_storage *addr);
bool iet_nexus_search(struct iet_nexus *own, struct iet_nexus_find *find);

/* ua.c: unit attention conditions (SAM-5 5.14) */
void iet_ua_add(struct iet_volume *vol, struct iet_itl *itl, u16 asc);
void iet_ua_insert(struct iet_itl *itl, u16 asc);
void iet_ua_volume(struct iet_volume *vol, u16 asc,
		   const struct iet_nexus *except);
void iet_ua_nexus(struct iet_nexus *nexus, u16 asc);
void iet_ua_clear_nexus(struct iet_nexus *nexus, u16 asc);
u16 iet_ua_take(struct iet_volume *vol, struct iet_itl *itl);
u16 iet_ua_peek(struct iet_volume *vol, struct iet_itl *itl);

/* orphan.c: aborted writes that a backend still holds */
void iet_orphan_add(struct iet_scmd *s);
void iet_orphan_del(struct iet_scmd *s);
bool iet_orphan_revive(struct iet_scmd *s);
void iet_orphan_bar(struct iet_scmd *s);
void iet_orphan_bar_all(struct iet_volume *vol,
			bool (*match)(const struct iet_scmd *s,
				      const void *arg),
			const void *arg);
void iet_orphan_wait(struct iet_volume *vol, struct iet_orphan_wait *wait);
void iet_orphan_unwait(struct iet_volume *vol, struct iet_orphan_wait *wait);
bool iet_orphan_blocks(struct iet_volume *vol, const struct iet_nexus *nexus);
bool iet_writer_begin(struct iet_volume *vol, struct iet_writer *w);
void iet_writer_end(struct iet_volume *vol, struct iet_writer *w);

#endif /* IET_SCSI_H */
