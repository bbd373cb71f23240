// SPDX-License-Identifier: GPL-2.0-only
/*
 * PERSISTENT RESERVE IN (SPC-4 6.15).
 */
#include <linux/kernel.h>
#include <linux/string.h>
#include <scsi/scsi_proto.h>

#include "compat.h"
#include "opcodes.h"
#include "param_data.h"
#include "transport_id.h"
#include "volume.h"

/* REPORT CAPABILITIES (SPC-4 6.15.4) */
#define CAP_SIP_C 0x08 /* SPEC_I_PT */
#define CAP_ATP_C 0x04 /* ALL_TG_PT */
#define CAP_PTPL_C 0x01 /* APTPL */
#define CAP_TMV 0x80
#define CAP_PTPL_A 0x01 /* APTPL is on */
#define CAP_TYPES_0 0xea /* by bit: types 1, 3, 5, 6, 7 */
#define CAP_TYPES_1 0x01 /* type 8 */

/**
 * struct pr_data - parameter data as it is being built
 * @s: the command
 * @off: where the next byte goes
 * @room: bytes that there is room for; what comes after is only counted
 */
struct pr_data {
	struct iet_scmd *s;
	u32 off;
	u32 room;
};

static void put(struct pr_data *d, const void *data, u32 len)
{
	if (d->off < d->room)
		iet_tio_write(&d->s->tio, d->off, data,
			      min(len, d->room - d->off));
	d->off += len;
}

static void put_key(struct pr_data *d, u64 key)
{
	u8 raw[8];

	put_unaligned_be64(key, raw);
	put(d, raw, sizeof(raw));
}

static void put_keys(struct pr_data *d, const struct iet_pr *pr)
{
	const struct iet_pr_reg *reg;

	list_for_each_entry(reg, &pr->regs.list, node)
		put_key(d, reg->key);
}

static void put_reservation(struct pr_data *d, const struct iet_pr *pr)
{
	u8 rest[8] = { [5] = pr->type };

	if (!pr->type)
		return;
	put_key(d, pr->holder ? pr->holder->key : 0);
	put(d, rest, sizeof(rest));
}

static void put_full_status(struct pr_data *d, const struct iet_pr *pr)
{
	u8 id[IET_TRANSPORT_ID_MAX];
	const struct iet_pr_reg *reg;

	list_for_each_entry(reg, &pr->regs.list, node) {
		u32 len = iet_transport_id_make(id, reg->port);
		u8 rest[16] = {};

		if (iet_pr_holds(pr, reg)) {
			rest[4] = 0x01; /* R_HOLDER */
			rest[5] = pr->type;
		}
		put_unaligned_be16(reg->target_port, rest + 10);
		put_unaligned_be32(len, rest + 12);
		put_key(d, reg->key);
		put(d, rest, sizeof(rest));
		put(d, id, len);
	}
}

static void (*const put_list[])(struct pr_data *d, const struct iet_pr *pr) = {
	put_keys, put_reservation, NULL, put_full_status
};

/* Returns the length of it all; PRGENERATION and ADDITIONAL LENGTH come first. */
static u32 build(struct iet_scmd *s, u32 room)
{
	struct iet_reservation *r = &s->vol->reservation;
	struct pr_data d = { .s = s, .off = 8, .room = room };
	unsigned long flags;
	u8 header[8];
	u32 len;

	spin_lock_irqsave(&r->lock, flags);
	put_list[s->op->sa](&d, &r->pr);
	put_unaligned_be32(r->pr.generation, header);
	spin_unlock_irqrestore(&r->lock, flags);
	len = d.off;
	put_unaligned_be32(len - sizeof(header), header + 4);
	d.off = 0;
	put(&d, header, sizeof(header));
	return len;
}

static bool refused_for_legacy(struct iet_scmd *s)
{
	if (!READ_ONCE(s->vol->reservation.legacy))
		return false;
	s->status = SAM_STAT_RESERVATION_CONFLICT;
	s->in_len = 0;
	return true;
}

/**
 * iet_spc_pr_in() - PERSISTENT RESERVE IN: READ KEYS, READ RESERVATION, READ
 *	FULL STATUS, SPC-4 6.15
 * @s: the command
 * @gfp: for the pages
 *
 * Return: see &struct iet_scsi_op
 */
int iet_spc_pr_in(struct iet_scmd *s, gfp_t gfp)
{
	if (refused_for_legacy(s))
		return 0;
	return iet_param_sized(s, build, gfp);
}

/**
 * iet_spc_pr_capabilities() - PERSISTENT RESERVE IN, REPORT CAPABILITIES
 * @s: the command
 * @buf: parameter data
 *
 * Return: bytes of parameter data, 0: refused
 */
int iet_spc_pr_capabilities(struct iet_scmd *s, u8 *buf)
{
	if (refused_for_legacy(s))
		return 0;
	put_unaligned_be16(8, buf);
	buf[2] = CAP_SIP_C | CAP_ATP_C;
	if (s->vol->state)
		buf[2] |= CAP_PTPL_C;
	buf[3] = CAP_TMV;
	if (READ_ONCE(s->vol->reservation.pr.aptpl))
		buf[3] |= CAP_PTPL_A;
	buf[4] = CAP_TYPES_0;
	buf[5] = CAP_TYPES_1;
	return 8;
}
