// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sense data of copies (SPC-4 5.17.7.4): COPY ABORTED, with the segment that
 * failed, and what its source or destination has said.
 */
#include <linux/kernel.h>
#include <linux/string.h>
#include <scsi/scsi_proto.h>

#include "compat.h"
#include "copy_op.h"
#include "volume.h"

/* sense key specific: a field of the segment descriptor */
#define SKS_SEGMENT 0xa0 /* SKSV, SD */

#define DESC_COMMAND_SPECIFIC 0x01
#define DESC_SKS 0x02
#define DESC_FORWARDED 0x0c
#define FORWARDED_SOURCE 0x01
#define FORWARDED_DESTINATION 0x02

/* The status and the sense data of who failed; returns how long they are. */
static u8 put_forwarded(u8 *p, const struct iet_copy_fault *f)
{
	p[0] = f->status;
	if (f->status != SAM_STAT_CHECK_CONDITION)
		return 1;
	return 1 + iet_sense_fixed(p + 1, &f->sense);
}

/*
 * COMMAND-SPECIFIC INFORMATION is four bytes: where the status of the source
 * begins, where that of the destination does, and the segment.
 */
static u8 put_fixed(u8 *buf, const struct iet_sense *sense,
		    const struct iet_copy_fault *f)
{
	u8 len = iet_sense_fixed(buf, sense);

	put_unaligned_be16(f->segment, buf + 10);
	if (f->field) {
		buf[15] = SKS_SEGMENT;
		put_unaligned_be16(f->field, buf + 16);
	}
	if (f->status) {
		buf[8 + f->of_dst] = len;
		len += put_forwarded(buf + len, f);
	}
	buf[7] = len - 8;
	return len;
}

static u8 put_desc(u8 *buf, const struct iet_sense *sense,
		   const struct iet_copy_fault *f)
{
	u8 *d = buf + iet_sense_desc(buf, sense);
	u8 len;

	memset(d, 0, 20);
	d[0] = DESC_COMMAND_SPECIFIC;
	d[1] = 10;
	put_unaligned_be16(f->segment, d + 10);
	d += 12;
	if (f->field) {
		d[0] = DESC_SKS;
		d[1] = 6;
		d[4] = SKS_SEGMENT;
		put_unaligned_be16(f->field, d + 5);
		d += 8;
	}
	if (f->status) {
		d[0] = DESC_FORWARDED;
		d[2] = f->of_dst ? FORWARDED_DESTINATION : FORWARDED_SOURCE;
		len = put_forwarded(d + 3, f);
		d[1] = 1 + len;
		d += 3 + len;
	}
	buf[7] = d - buf - 8;
	return d - buf;
}

/**
 * iet_copy_refuse() - end an operation with CHECK CONDITION
 * @c: the operation; iet_copy_end() is still to be called
 * @sense: why
 */
void iet_copy_refuse(struct iet_copy *c, const struct iet_sense *sense)
{
	c->status = SAM_STAT_CHECK_CONDITION;
	if (READ_ONCE(c->mgr->mode.d_sense))
		c->sense_len = iet_sense_desc(c->sense, sense);
	else
		c->sense_len = iet_sense_fixed(c->sense, sense);
}

/**
 * iet_copy_abort() - end an operation with COPY ABORTED
 * @c: the operation; iet_copy_end() is still to be called
 * @f: why
 */
void iet_copy_abort(struct iet_copy *c, const struct iet_copy_fault *f)
{
	struct iet_sense sense = {
		.key = COPY_ABORTED,
		.asc = f->asc,
		.flags = IET_SENSE_INFO,
		.info = f->residue,
	};

	c->status = SAM_STAT_CHECK_CONDITION;
	if (READ_ONCE(c->mgr->mode.d_sense))
		c->sense_len = put_desc(c->sense, &sense, f);
	else
		c->sense_len = put_fixed(c->sense, &sense, f);
}
