// SPDX-License-Identifier: GPL-2.0-only
/*
 * What has become of a copy (SPC-4 6.25 to 6.28, 6.30), and what EXTENDED COPY
 * can do (6.26).
 */
#include <linux/kernel.h>
#include <linux/string.h>

#include "compat.h"
#include "copy_op.h"
#include "cscd.h"
#include "opcodes.h"
#include "rod_token.h"
#include "volume.h"
#include "xcopy_list.h"

/* TRANSFER COUNT UNITS */
#define UNITS_BYTES 0x00
#define UNITS_KIB 0x01
#define UNITS_MIB 0x02
#define UNITS_GIB 0x03
#define UNITS_BLOCKS 0xf1

/* COPY OPERATION STATUS of LID1 */
#define LID1_IN_PROGRESS 0x00
#define LID1_DONE 0x01
#define LID1_FAILED 0x02

/* ESTIMATED STATUS UPDATE DELAY, milliseconds */
#define DELAY 100
#define DELAY_NONE 0xfffffffe

#define STATUS1_LEN 12
#define STATUS4_LEN 32
#define FAILURE_LEN 60
#define PARAMETERS_LEN 48

/* service actions that copy whole blocks of the unit that got them */
#define SA_POPULATE_TOKEN 0x10
#define SA_WRITE_USING_TOKEN 0x11

static bool look(struct iet_scmd *s, u32 list_id, struct iet_copy_view *view,
		 u8 *token)
{
	if (iet_copy_look(s, list_id, view, token))
		return true;
	iet_scsi_invalid_field(s, 2, 7);
	return false;
}

static u8 status1(const struct iet_copy_view *view)
{
	if (iet_copy_running(view))
		return LID1_IN_PROGRESS;
	return view->state == IET_COPY_DONE ? LID1_DONE : LID1_FAILED;
}

/**
 * iet_spc_copy_status1() - RECEIVE COPY STATUS(LID1), SPC-4 6.27
 * @s: the command
 * @buf: parameter data
 *
 * Return: bytes of parameter data, 0: refused
 */
int iet_spc_copy_status1(struct iet_scmd *s, u8 *buf)
{
	struct iet_copy_view view;
	u8 units = UNITS_BYTES;
	u64 count;

	if (!look(s, s->cdb[2], &view, NULL))
		return 0;
	for (count = view.bytes; count > U32_MAX; count >>= 10)
		units++;
	put_unaligned_be32(STATUS1_LEN - 4, buf);
	buf[4] = status1(&view);
	put_unaligned_be16(view.segments, buf + 5);
	buf[7] = units;
	put_unaligned_be32(count, buf + 8);
	return STATUS1_LEN;
}

/**
 * iet_spc_copy_failure() - RECEIVE COPY FAILURE DETAILS(LID1), SPC-4 6.25
 * @s: the command
 * @buf: parameter data
 *
 * Return: bytes of parameter data, 0: refused
 */
int iet_spc_copy_failure(struct iet_scmd *s, u8 *buf)
{
	struct iet_copy_view view;

	if (!look(s, s->cdb[2], &view, NULL))
		return 0;
	if (iet_copy_running(&view) || view.state == IET_COPY_DONE)
		return 4; /* no failure, no details */
	put_unaligned_be32(FAILURE_LEN - 4 + view.sense_len, buf);
	buf[56] = view.status;
	put_unaligned_be16(view.sense_len, buf + 58);
	memcpy(buf + FAILURE_LEN, view.sense, view.sense_len);
	return FAILURE_LEN + view.sense_len;
}

/**
 * iet_spc_copy_parameters() - RECEIVE COPY OPERATING PARAMETERS, SPC-4 6.26
 * @s: the command
 * @buf: parameter data
 *
 * Return: bytes of parameter data
 */
int iet_spc_copy_parameters(struct iet_scmd *s, u8 *buf)
{
	put_unaligned_be32(PARAMETERS_LEN - 4, buf);
	buf[4] = 0x01; /* SNLID: there need not be a list identifier */
	put_unaligned_be16(IET_XCOPY_CSCDS_MAX, buf + 8);
	put_unaligned_be16(IET_XCOPY_SEGMENTS_MAX, buf + 10);
	put_unaligned_be32(IET_XCOPY_LIST_MAX, buf + 12);
	/* as long as a segment can say; no inline or held data, no streams */
	put_unaligned_be32(U32_MAX, buf + 16);
	put_unaligned_be16(IET_COPY_KEEP, buf + 34);
	buf[36] = IET_COPY_KEEP;
	buf[37] = s->vol->blk_shift;
	buf[43] = PARAMETERS_LEN - 44;
	buf[44] = IET_SEGMENT_BLOCK_TO_BLOCK;
	buf[45] = IET_SEGMENT_VERIFY;
	buf[46] = IET_SEGMENT_OFFSETS;
	buf[47] = IET_CSCD_IDENTIFICATION;
	return PARAMETERS_LEN;
}

static int put_status4(const struct iet_scmd *s, u8 *buf,
		       const struct iet_copy_view *view)
{
	bool blocks = view->sa == SA_POPULATE_TOKEN ||
		      view->sa == SA_WRITE_USING_TOKEN;

	buf[4] = view->sa;
	buf[5] = view->state;
	put_unaligned_be32(iet_copy_running(view) ? DELAY : DELAY_NONE,
			   buf + 8);
	buf[12] = view->status;
	buf[13] = view->sense_len;
	buf[14] = view->sense_len;
	buf[15] = blocks ? UNITS_BLOCKS : UNITS_BYTES;
	put_unaligned_be64(blocks ? view->bytes >> s->vol->blk_shift :
				    view->bytes,
			   buf + 16);
	put_unaligned_be16(view->segments, buf + 24);
	memcpy(buf + STATUS4_LEN, view->sense, view->sense_len);
	return STATUS4_LEN + view->sense_len;
}

/**
 * iet_spc_copy_status4() - RECEIVE COPY STATUS(LID4), SPC-4 6.28
 * @s: the command
 * @buf: parameter data
 *
 * Return: bytes of parameter data, 0: refused
 */
int iet_spc_copy_status4(struct iet_scmd *s, u8 *buf)
{
	struct iet_copy_view view;
	int len;

	if (!look(s, get_unaligned_be32(s->cdb + 2), &view, NULL))
		return 0;
	len = put_status4(s, buf, &view);
	put_unaligned_be32(len - 4, buf);
	return len;
}

/**
 * iet_spc_rod_token_info() - RECEIVE ROD TOKEN INFORMATION, SPC-4 6.30
 * @s: the command
 * @buf: parameter data
 *
 * Return: bytes of parameter data, 0: refused
 */
int iet_spc_rod_token_info(struct iet_scmd *s, u8 *buf)
{
	u8 token[IET_ROD_TOKEN_LEN];
	struct iet_copy_view view;
	int len;

	if (!look(s, get_unaligned_be32(s->cdb + 2), &view, token))
		return 0;
	len = put_status4(s, buf, &view);
	if (view.has_token) {
		put_unaligned_be32(2 + sizeof(token), buf + len);
		memcpy(buf + len + 6, token, sizeof(token));
		len += 2 + sizeof(token);
	}
	len += 4;
	put_unaligned_be32(len - 4, buf);
	return len;
}
