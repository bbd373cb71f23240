/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copying a range of one logical unit to another, or to the same one.
 *
 * In steps that are bounded in size, so that an abort is obeyed soon.  Nobody
 * waits for a step: each is started in one of the destination's workers and
 * goes on there when the medium is done.
 */
#ifndef IET_COPY_ENGINE_H
#define IET_COPY_ENGINE_H

#include <linux/types.h>
#include <linux/workqueue.h>

#include "iotype.h"
#include "scsi.h"
#include "span.h"
#include "tio.h"

/* what is read and written at once, bytes */
#define IET_COPY_CHUNK (256U << 10)

/**
 * struct iet_copy_job - a range that is being copied
 * @src: from where, NULL: zeroes; the caller holds a reference
 * @dst: to where; the caller holds a reference
 * @src_pos: first byte there, a multiple of its block size
 * @dst_pos: first byte there, a multiple of its block size
 * @len: bytes, more than 0.  If that is no whole number of @src's blocks, the
 *	rest of the last one is not looked at; if it is no whole number of
 *	@dst's, the rest of the last one becomes zeroes.
 * @check: called in a worker before and after each step, and between reading
 *	and writing: 0: go on, or a negative errno to end with
 * @done: called once in a worker, with 0 or a negative errno
 * @writer: on whose behalf; iname, cmd and aborted are set
 *
 * @copied: bytes that are at @dst
 * @refused: the error is @check's, or it has been aborted
 * @reading: it was @src that failed
 *
 * @tio: what has been read
 * @io: in progress
 * @work: goes on with @step
 * @step: what is to be done next
 * @src_span: the blocks that are read
 * @dst_span: the blocks that are written
 * @n: bytes of this step
 * @by_hand: up to here, @copied counted, nobody but us can copy
 * @backward: from the end, since the ranges overlap
 * @cached: something was written that must not stay in a cache
 * @err: how @io ended
 *
 * Lifetime: the caller's; not to be touched from iet_copy_start() to @done.
 */
struct iet_copy_job {
	struct iet_volume *src;
	struct iet_volume *dst;
	u64 src_pos;
	u64 dst_pos;
	u64 len;
	int (*check)(struct iet_copy_job *job);
	void (*done)(struct iet_copy_job *job, int err);
	struct iet_writer writer;

	u64 copied;
	bool refused;
	bool reading;

	struct iet_tio tio;
	struct iet_io io;
	struct work_struct work;
	void (*step)(struct iet_copy_job *job);
	struct iet_span src_span;
	struct iet_span dst_span;
	u64 n;
	u64 by_hand;
	bool backward;
	bool cached;
	int err;
};

void iet_copy_start(struct iet_copy_job *job);

#endif /* IET_COPY_ENGINE_H */
