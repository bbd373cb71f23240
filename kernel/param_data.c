// SPDX-License-Identifier: GPL-2.0-only
/*
 * Parameter data for Data-In: built, and cut to what the CDB and the initiator
 * have room for.
 *
 * The pages come first in each of the ways: building may take what must not
 * get lost when there is no memory, a unit attention for one.
 */

#include <linux/kernel.h>
#include <linux/slab.h>

#include "opcodes.h"
#include "param_data.h"
#include "scsi.h"

static u32 room_for(const struct iet_scmd *s, u32 len)
{
	return min3(len, s->in_len, s->edtl);
}

static void put(struct iet_scmd *s, const u8 *buf, u32 len)
{
	u32 room = room_for(s, IET_PARAM_MAX);

	s->in_len = min(s->in_len, len);
	iet_tio_write(&s->tio, 0, buf, min(room, s->in_len));
}

/**
 * iet_param_in() - answer with what the opcode's param() builds
 * @s: the command
 * @gfp: for the pages and the buffer
 *
 * Return: 0, -ENOMEM or -EAGAIN, see iet_scsi_alloc()
 */
int iet_param_in(struct iet_scmd *s, gfp_t gfp)
{
	u8 *buf = kzalloc(IET_PARAM_MAX, gfp);
	int err;

	if (!buf)
		return -ENOMEM;
	err = iet_scsi_alloc(s, room_for(s, IET_PARAM_MAX), gfp);
	if (!err)
		put(s, buf, s->op->param(s, buf));
	kfree(buf);
	return err;
}

/**
 * iet_param_sized() - answer with data that may be longer than IET_PARAM_MAX
 * @s: the command
 * @build: puts no more than that many bytes into @s->tio, and returns the
 *	length of it all; it is called without room first, for the length
 * @gfp: for the pages
 *
 * Return: 0, -ENOMEM or -EAGAIN, see iet_scsi_alloc()
 */
int iet_param_sized(struct iet_scmd *s, u32 (*build)(struct iet_scmd *, u32),
		    gfp_t gfp)
{
	u32 len = build(s, 0), room = room_for(s, len);
	int err = iet_scsi_alloc(s, room, gfp);

	if (err)
		return err;
	/* there is no room for what has come since */
	s->in_len = min3(s->in_len, len, build(s, room));
	return 0;
}

/**
 * iet_param_in_worker() - answer with what is built where one may sleep
 * @s: the command
 * @work: builds up to IET_PARAM_MAX bytes in @s->state, which is zeroed, and
 *	calls iet_param_end()
 * @gfp: for the pages and @s->state
 *
 * Return: see &struct iet_scsi_op
 */
int iet_param_in_worker(struct iet_scmd *s, void (*work)(struct iet_scmd *),
			gfp_t gfp)
{
	int err;

	if (!iet_scsi_state(s, IET_PARAM_MAX, NULL, gfp))
		return -ENOMEM;
	err = iet_scsi_alloc(s, room_for(s, IET_PARAM_MAX), gfp);
	return err ? err : iet_scsi_in_worker(s, work);
}

/**
 * iet_param_end() - what iet_param_in_worker() asked for is built
 * @s: the command
 * @len: bytes in @s->state, or a negative errno
 */
void iet_param_end(struct iet_scmd *s, int len)
{
	if (len >= 0)
		put(s, s->state, len);
	iet_scsi_end(s, min(len, 0));
}
