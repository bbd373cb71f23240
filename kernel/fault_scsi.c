// SPDX-License-Identifier: GPL-2.0-only
/*
 * Faults of commands: hooks of the device server.
 */
#include <linux/bits.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <scsi/scsi_proto.h>

#include "cdb.h"
#include "compat.h"
#include "fault.h"
#include "opcodes.h"
#include "sense.h"
#include "target.h"
#include "volume.h"

static void blocks_of(const struct iet_scmd *s, struct iet_fault_what *what)
{
	what->has_lba = true;
	what->lba = s->lba;
	what->lba_last = s->lba + max(s->nr_blocks, 1U) - 1;
	/* none, or all to the end; a refused one may want more than there is */
	if ((!s->nr_blocks && !(s->op->flags & IET_OP_LIMIT)) ||
	    what->lba_last < s->lba)
		what->lba_last = U64_MAX;
}

/**
 * iet_fault_of_scsi() - a command, as rules for faults see it
 * @s: the command, which iet_scsi_prepare() may have seen
 * @what: zeroed; set to it
 *
 * Context: any.
 */
void iet_fault_of_scsi(const struct iet_scmd *s, struct iet_fault_what *what)
{
	what->scsi = true;
	what->opcode = s->cdb[0];
	if (s->dir_in)
		what->direction = IET_FAULT_READ;
	else if (s->dir_out)
		what->direction = IET_FAULT_WRITE;
	what->has_lun = iet_lun_decode(s->lun_raw, &what->lun) == IET_LUN_UNIT;
	if (s->op && s->op->flags & IET_OP_MEDIUM)
		blocks_of(s, what);
}

static bool check(const struct iet_scmd *s, enum iet_fault_kind kind,
		  struct iet_fault_hit *hit)
{
	struct iet_fault_what what = {};

	if (!iet_fault_possible(s->nexus, BIT(kind)))
		return false;
	iet_fault_of_scsi(s, &what);
	return iet_fault_check(s->nexus, kind, &what, hit);
}

/**
 * iet_fault_refuses() - is a command that has been found good refused?
 * @s: the command, at the end of iet_scsi_prepare()
 *
 * Context: as of iet_scsi_prepare().
 * Return: true: its status is set
 */
bool iet_fault_refuses(struct iet_scmd *s)
{
	struct iet_fault_hit hit;

	if (!check(s, IET_FAULT_STATUS, &hit))
		return false;
	s->status = hit.code;
	s->in_len = 0;
	return true;
}

static bool is_read(const struct iet_scmd *s)
{
	return !(s->op->flags & IET_OP_WRITE);
}

/* An unrecovered error of the medium, unless the rule says otherwise. */
static void set_sense(struct iet_scmd *s, const struct iet_fault_hit *hit)
{
	struct iet_sense sense = {
		.key = MEDIUM_ERROR,
		.asc = is_read(s) ? IET_ASC_READ_ERROR : IET_ASC_WRITE_ERROR,
	};

	if (hit->has & BIT(IET_F_SENSE)) {
		sense.key = hit->code >> 16;
		sense.asc = hit->code;
	}
	if (sense.key == MEDIUM_ERROR && s->op->flags & IET_OP_MEDIUM) {
		sense.flags = IET_SENSE_INFO;
		sense.info = hit->lba;
	}
	iet_scsi_check(s, &sense);
}

static bool is_held(struct iet_scmd *s)
{
	struct iet_fault_held *held;
	struct iet_fault_hit hit;

	if (!s->vol ||
	    !iet_fault_possible(s->nexus,
				BIT(IET_FAULT_DELAY) | BIT(IET_FAULT_HANG)))
		return false;
	held = iet_fault_held_new();
	if (!held)
		return false;
	if (check(s, IET_FAULT_HANG, &hit) || check(s, IET_FAULT_DELAY, &hit))
		return iet_fault_hold(held, s, &hit);
	kfree(held);
	return false;
}

/**
 * iet_fault_takes() - does a command that is about to run not run now?
 * @s: the command, with its blocks locked
 *
 * Context: as of iet_scsi_execute().
 * Return: true: it has ended, or iet_scsi_go_on() will be called
 */
bool iet_fault_takes(struct iet_scmd *s)
{
	struct iet_fault_hit hit;

	if (check(s, IET_FAULT_SENSE, &hit)) {
		set_sense(s, &hit);
		iet_scsi_end(s, 0);
		return true;
	}
	return is_held(s);
}

/**
 * iet_fault_copies() - must what is read not be the page cache itself?
 * @s: the command
 *
 * Context: any.
 * Return: true: it may be changed on its way
 */
bool iet_fault_copies(const struct iet_scmd *s)
{
	return iet_fault_possible(s->nexus,
				  BIT(IET_FAULT_CORRUPT) | BIT(IET_FAULT_DATA));
}

/**
 * iet_fault_skips_io() - does a medium operation only seem to be done?
 * @s: the command, with @s->io set
 *
 * A write that is to be on stable storage becomes one that need not.
 *
 * Context: as of iet_scsi_io().
 * Return: true if it is not to be done
 */
bool iet_fault_skips_io(struct iet_scmd *s)
{
	bool flush = s->io.op == IET_IO_FLUSH;
	struct iet_fault_hit hit;

	if ((!flush && !(s->io.flags & IET_IO_FUA)) ||
	    !check(s, IET_FAULT_NO_FLUSH, &hit))
		return false;
	s->io.flags &= ~IET_IO_FUA;
	return flush;
}

/**
 * iet_fault_read() - blocks have been read: are they what they were?
 * @s: the command, whose @s->io has ended
 *
 * Not for one that writes: what it has read it may write back.
 *
 * Context: any, hard interrupts included.
 */
void iet_fault_read(struct iet_scmd *s)
{
	u8 shift = s->vol->blk_shift;
	struct iet_fault_what what = {};
	const struct iet_io *io = &s->io;
	struct iet_fault_hit hit;
	u64 nr;
	u32 off;
	u8 byte;

	if (io->op != IET_IO_READ || !io->tio || io->tio->borrowed ||
	    !is_read(s) || !(io->len >> shift))
		return;
	iet_fault_of_scsi(s, &what);
	what.has_lba = true;
	what.lba = io->pos >> shift;
	what.lba_last = ((io->pos + io->len) >> shift) - 1;
	if (!iet_fault_check(s->nexus, IET_FAULT_CORRUPT, &what, &hit))
		return;
	/* one of the blocks that are concerned, and a byte of it */
	nr = hit.lba_last - hit.lba + 1;
	off = (hit.lba - what.lba + ((nr * (hit.random >> 16)) >> 16)) << shift;
	off += (hit.has & BIT(IET_F_BYTE) ? hit.byte : hit.random) &
	       ((1U << shift) - 1);
	iet_tio_read(io->tio, io->tio_off + off, &byte, 1);
	byte ^= 0xff;
	iet_tio_write(io->tio, io->tio_off + off, &byte, 1);
}
