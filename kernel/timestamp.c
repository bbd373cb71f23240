// SPDX-License-Identifier: GPL-2.0-only
/*
 * REPORT TIMESTAMP and SET TIMESTAMP (SPC-4 6.38, 6.46): the machine's clock,
 * unless an initiator has set the unit's.
 */
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <scsi/scsi_proto.h>

#include "compat.h"
#include "opcodes.h"
#include "volume.h"

#define PARAM_LEN 12

/* TIMESTAMP ORIGIN (SPC-4 5.17.1) */
#define ORIGIN_SET 0x02
#define ORIGIN_CLOCK 0x03

static s64 clock_ms(void)
{
	return ktime_to_ms(ktime_get_real());
}

/**
 * iet_spc_report_timestamp() - REPORT TIMESTAMP, SPC-4 6.38
 * @s: the command
 * @buf: parameter data
 *
 * Return: bytes of parameter data
 */
int iet_spc_report_timestamp(struct iet_scmd *s, u8 *buf)
{
	s64 offset = READ_ONCE(s->vol->clock_offset);
	u64 ms = clock_ms() + offset;

	put_unaligned_be16(PARAM_LEN - 2, buf);
	buf[2] = READ_ONCE(s->vol->clock_set) ? ORIGIN_SET : ORIGIN_CLOCK;
	put_unaligned_be16(ms >> 32, buf + 4);
	put_unaligned_be32(ms, buf + 6);
	return PARAM_LEN;
}

/**
 * iet_spc_set_timestamp() - SET TIMESTAMP, SPC-4 6.46
 * @s: the command
 * @gfp: unused
 *
 * The machine's own clock is not touched.
 *
 * Return: 0
 */
int iet_spc_set_timestamp(struct iet_scmd *s, gfp_t gfp)
{
	u8 list[PARAM_LEN];
	u64 ms;

	if (!s->out_len)
		return 0;
	if (min(s->out_len, s->edtl) < PARAM_LEN) {
		iet_scsi_refuse(s, ILLEGAL_REQUEST, IET_ASC_PARAM_LENGTH);
		return 0;
	}
	iet_tio_read(&s->tio, 0, list, PARAM_LEN);
	ms = (u64)get_unaligned_be16(list + 4) << 32 |
	     get_unaligned_be32(list + 6);
	WRITE_ONCE(s->vol->clock_offset, (s64)ms - clock_ms());
	WRITE_ONCE(s->vol->clock_set, true);
	iet_ua_volume(s->vol, IET_ASC_TIMESTAMP_CHANGED, s->nexus);
	return 0;
}
