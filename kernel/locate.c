// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which block did it?  A medium error is to name the first block that can't be
 * read or written (SBC-3 4.18.1), and a backend that moves many at once does
 * not say.  They are moved once more, in pieces until one fails, then that one
 * block by block: two more failures, whatever there was.
 *
 * Nobody waits for that for long: a disk may take its time for each failure,
 * and the initiator has a clock of its own.
 */
#include <linux/kernel.h>
#include <linux/jiffies.h>
#include <scsi/scsi_proto.h>

#include "compat.h"
#include "locate.h"
#include "opcodes.h"
#include "volume.h"

#define PIECE (64U << 10)
/* no piece is begun later than that */
#define DEADLINE (2 * HZ)

/* What was to happen when the operation ended happens now. */
static void go_on(struct iet_scmd *s)
{
	s->err = s->locate.err;
	s->step = s->locate.step;
	if (s->step)
		s->step(s);
	else
		iet_scsi_end(s, s->err);
}

static void found(struct iet_scmd *s, u64 pos)
{
	s->bad_lba = pos >> s->vol->blk_shift;
	s->bad_known = true;
}

static u64 end_of_piece(const struct iet_scmd *s)
{
	return min(s->io.pos + s->locate.piece, s->locate.end);
}

static void piece_done(struct iet_io *io, int err);

static void try_piece(struct iet_scmd *s)
{
	struct iet_io *io = &s->io;

	if (io->pos == s->locate.end || READ_ONCE(s->aborted) ||
	    time_after_eq(jiffies, s->locate.until)) {
		go_on(s);
		return;
	}
	io->len = end_of_piece(s) - io->pos;
	io->done = piece_done;
	iet_io_submit(io);
}

/* In a worker, when a piece has been moved or not. */
static void look(struct iet_scmd *s)
{
	struct iet_io *io = &s->io;

	if (!s->err) {
		io->pos += io->len;
		io->tio_off += io->len;
	} else if (io->len == 1U << s->vol->blk_shift) {
		found(s, io->pos);
		go_on(s);
		return;
	} else {
		s->locate.end = io->pos + io->len;
		s->locate.piece = 1U << s->vol->blk_shift;
	}
	try_piece(s);
}

static void piece_done(struct iet_io *io, int err)
{
	struct iet_scmd *s = container_of(io, struct iet_scmd, io);

	s->err = err;
	iet_scsi_in_worker(s, look);
}

/**
 * iet_locate() - a medium operation of a command has failed
 * @s: the command, with its step of afterwards
 * @err: negative errno
 *
 * Sets bad_lba and bad_known, if it can be found out.
 *
 * Context: any.
 *
 * Return: false: there is nothing to find out, or it is known already; true:
 * the step, or iet_scsi_end(), will be called in a worker
 */
bool iet_locate(struct iet_scmd *s, int err)
{
	struct iet_io *io = &s->io;
	struct iet_sense sense;

	/* a part of an atomic write must not be written */
	if (io->op == IET_IO_FLUSH || io->op == IET_IO_PREFETCH ||
	    io->flags & IET_IO_ATOMIC || READ_ONCE(s->aborted))
		return false;
	iet_scsi_explain(err, io->op != IET_IO_READ, &sense);
	if (sense.key != MEDIUM_ERROR)
		return false;
	if (io->len == 1U << s->vol->blk_shift) {
		found(s, io->pos);
		return false;
	}
	s->locate = (struct iet_locate){
		.step = s->step,
		.err = err,
		.end = io->pos + io->len,
		.piece = PIECE,
		.until = jiffies + DEADLINE,
	};
	iet_scsi_in_worker(s, try_piece);
	return true;
}
