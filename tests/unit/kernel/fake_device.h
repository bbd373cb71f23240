/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A logical unit in memory below the device server: one target, one volume at
 * LUN 0, one initiator.  What the backend was asked for is logged; it can be
 * told to fail.
 */
#ifndef FAKE_DEVICE_H
#define FAKE_DEVICE_H

#include "opcodes.h"
#include "preempt.h"
#include "state.h"
#include "target.h"
#include "volume.h"

#define FAKE_BLOCKS 1024
#define FAKE_SHIFT 9
#define FAKE_BYTES (FAKE_BLOCKS << FAKE_SHIFT)
#define FAKE_MAX_IO 512
#define FAKE_PORT "iqn.2026-01.org.example:host,i,0x400001370000"

enum fake_dir {
	DIR_NONE,
	DIR_IN,
	DIR_OUT,
	DIR_BOTH,
};

/**
 * struct fake_io - what the backend was asked for
 * @op: what
 * @flags: IET_IO_*
 * @pos: first byte
 * @len: bytes
 * @vol: where
 */
struct fake_io {
	enum iet_io_op op;
	u32 flags;
	u64 pos;
	u64 len;
	const struct iet_volume *vol;
};

/**
 * struct fake_device - the unit and its last command
 * @target: the target
 * @vol: the volume
 * @lun: its LUN
 * @itl: what the initiator sees of it
 * @nexus: the initiator
 * @medium: FAKE_BYTES
 * @other: another unit of the target, at LUN 1, as large
 * @other_lun: its LUN
 * @other_itl: what the initiator sees of it
 * @other_medium: FAKE_BYTES
 * @io: log of the backend
 * @nr_io: entries in it
 * @nr_copied: bytes that the backend has copied by itself
 * @fail_at: this io fails ...
 * @fail_with: ... with this errno
 * @bad_blocks: so many blocks from @bad_block on can't be read or written:
 *	@fail_with, for each io that has one of them
 * @bad_block: see there
 * @nr_keys: how often the key was changed; that fails with @fail_with
 * @work: waiting for a worker
 * @work_of_volume: the last one was for the workers of the first unit
 * @nr_steps: how often a worker ran
 * @limit: workers work only as much as @steps says
 * @steps: so many steps are left, with @limit
 * @used: bytes that the medium says are used
 * @available: bytes that it says are available
 * @held: a range that the next command has to wait for, and that is given up
 *	when it waits, or NULL
 * @abort: the next command is aborted while it waits
 * @short_cdb: there are 16 bytes of a CDB, even of variable length
 * @erase_meanwhile: somebody sanitizes the unit while it waits
 * @taken_away: the initiator loses the unit at LUN 0 before the next command,
 *	which has been taken, is executed
 * @meanwhile: called then, or NULL
 * @huge: the unit is said to be larger than the medium, of which what is beyond
 *	can be zeroed only
 * @before_io: called before each io, with its number, or NULL
 * @no_budget: there is no memory left for data
 * @saving: on its way to the state file, or NULL
 * @save_err: how it will end
 * @hold_save: it hangs
 * @kept: what the state file holds
 * @kept_part: enum iet_state_part of it
 * @kept_len: bytes of it
 * @nr_saves: how often it was written
 * @nr_preempts: how often tasks were to be aborted
 * @s: the command
 * @prepared: what iet_scsi_prepare() said
 * @nr_done: how often it ended
 */
struct fake_device {
	struct iet_target target;
	u64 size; /* blocks, 0: vol.nr_blocks */
	struct iet_volume vol;
	struct iet_orphans orphans[2]; /* of @vol, @other */
	struct iet_lun lun;
	struct iet_itl itl;
	struct iet_nexus nexus;
	u8 medium[FAKE_BYTES];
	struct iet_volume other;
	struct iet_lun other_lun;
	struct iet_itl other_itl;
	u8 other_medium[FAKE_BYTES];

	struct fake_io io[FAKE_MAX_IO];
	unsigned int nr_io;
	u64 nr_copied;
	unsigned int fail_at;
	int fail_with;
	u32 bad_blocks;
	u64 bad_block;
	unsigned int nr_keys;
	struct work_struct *work;
	bool work_of_volume;
	unsigned int nr_steps;
	bool limit;
	unsigned int steps;
	u64 used;
	u64 available;
	struct iet_span *held;
	bool abort;
	bool short_cdb;
	bool erase_meanwhile;
	bool taken_away;
	void (*meanwhile)(void);
	bool huge;
	void (*before_io)(unsigned int nr);
	bool no_budget;

	struct iet_state_save *saving;
	int save_err;
	bool hold_save;
	u8 kept[4096];
	u32 kept_len;
	u8 kept_part;
	unsigned int nr_saves;
	unsigned int nr_preempts;

	struct iet_scmd s;
	bool prepared;
	unsigned int nr_done;
};

extern struct fake_device fake;
/* units of this kind can copy by themselves */
extern const struct iet_iotype fake_sharing;

void fake_init(void);
void fake_run(const u8 *cdb, enum fake_dir dir, u32 edtl, const void *out);
void fake_run_from(struct iet_nexus *nexus, const u8 *cdb, enum fake_dir dir,
		   u32 edtl, const void *out);
void fake_work(void);
void fake_add_other(void);
const u8 *fake_in(void);
u16 fake_asc(void);
void fake_end(void);
void fake_state(void);
void fake_save_end(void);

#endif /* FAKE_DEVICE_H */
