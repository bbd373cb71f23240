// SPDX-License-Identifier: GPL-2.0-only
/*
 * WRITE BUFFER and READ BUFFER (SPC-4 6.49, 6.21): an echo buffer, by which
 * initiators try the way to a unit.  There is no firmware to load.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <scsi/scsi_proto.h>

#include "compat.h"
#include "opcodes.h"
#include "volume.h"

#define MODE 0x1f
#define MODE_ECHO 0x0a
#define MODE_ECHO_DESCRIPTOR 0x0b

#define ECHO_MAX IET_PARAM_MAX
#define EBOS 0x01 /* who reads what another has written over is told so */

/**
 * struct iet_echo - the echo buffer of a logical unit
 * @owner: the initiator port that has written it
 * @len: bytes of data
 * @data: what has been written
 *
 * Lifetime: iet_volume.echo, from the first WRITE BUFFER on; under vol->lock.
 */
struct iet_echo {
	char owner[sizeof_field(struct iet_nexus, initiator)];
	u32 len;
	u8 data[ECHO_MAX];
};

static int bad_mode(struct iet_scmd *s)
{
	iet_scsi_invalid_field(s, 1, 4);
	return 0;
}

/**
 * iet_spc_write_buffer() - WRITE BUFFER, SPC-4 6.49
 * @s: the command
 * @gfp: for the buffer
 *
 * Return: see &struct iet_scsi_op
 */
int iet_spc_write_buffer(struct iet_scmd *s, gfp_t gfp)
{
	u32 len = min(s->out_len, s->edtl);
	struct iet_echo *echo;
	unsigned long flags;

	if ((s->cdb[1] & MODE) != MODE_ECHO)
		return bad_mode(s);
	if (s->out_len > ECHO_MAX) {
		iet_scsi_invalid_field(s, 6, 7);
		return 0;
	}
	echo = kmalloc(sizeof(*echo), gfp);
	if (!echo)
		return -ENOMEM;
	strscpy(echo->owner, s->nexus->initiator, sizeof(echo->owner));
	echo->len = iet_tio_read(&s->tio, 0, echo->data, len);
	spin_lock_irqsave(&s->vol->lock, flags);
	swap(echo, s->vol->echo);
	spin_unlock_irqrestore(&s->vol->lock, flags);
	kfree(echo);
	return 0;
}

static int read_echo(struct iet_scmd *s, u8 *buf)
{
	const struct iet_echo *echo;
	unsigned long flags;
	int len = -1;

	spin_lock_irqsave(&s->vol->lock, flags);
	echo = s->vol->echo;
	if (echo && !strcmp(echo->owner, s->nexus->initiator)) {
		len = echo->len;
		memcpy(buf, echo->data, len);
	}
	spin_unlock_irqrestore(&s->vol->lock, flags);
	if (len >= 0)
		return len;
	if (echo)
		iet_scsi_refuse(s, ABORTED_COMMAND, IET_ASC_ECHO_OVERWRITTEN);
	else
		iet_scsi_refuse(s, ILLEGAL_REQUEST, IET_ASC_SEQUENCE_ERROR);
	return 0;
}

/**
 * iet_spc_read_buffer() - READ BUFFER, SPC-4 6.21
 * @s: the command
 * @buf: parameter data
 *
 * Return: bytes of parameter data, 0: refused
 */
int iet_spc_read_buffer(struct iet_scmd *s, u8 *buf)
{
	switch (s->cdb[1] & MODE) {
	case MODE_ECHO:
		return read_echo(s, buf);
	case MODE_ECHO_DESCRIPTOR:
		buf[0] = EBOS;
		put_unaligned_be16(ECHO_MAX, buf + 2);
		return 4;
	default:
		return bad_mode(s);
	}
}
