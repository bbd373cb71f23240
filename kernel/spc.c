// SPDX-License-Identifier: GPL-2.0-only
/*
 * Primary commands (SPC-4): TEST UNIT READY, REQUEST SENSE, REPORT LUNS, SEND
 * DIAGNOSTIC.  INQUIRY, MODE SENSE and REPORT SUPPORTED OPERATION CODES have
 * files of their own.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <scsi/scsi_proto.h>

#include "compat.h"
#include "opcodes.h"
#include "ready.h"
#include "target.h"
#include "volume.h"

#define CDB1_DESC 0x01
#define CDB1_SELFTEST 0x04

/* SELECT REPORT of REPORT LUNS (SPC-4 6.33) */
enum select_report {
	SELECT_UNITS,
	SELECT_WELL_KNOWN,
	SELECT_ALL,
};

#define LUN_LIST_HEADER 8
#define LUN_LIST_ENTRY 8

static const u8 report_luns_wlun[LUN_LIST_ENTRY] = { 0xc1, 0x01 };

/**
 * iet_spc_test_unit_ready() - TEST UNIT READY, SPC-4 6.47
 * @s: the command
 * @gfp: unused
 *
 * All there is to say has been said by the checks before.
 *
 * Return: 0
 */
int iet_spc_test_unit_ready(struct iet_scmd *s, gfp_t gfp)
{
	return 0;
}

/**
 * iet_spc_request_sense() - REQUEST SENSE, SPC-4 6.39
 * @s: the command
 * @buf: parameter data
 *
 * Sense data of commands goes with their status, so what is left to ask for is
 * a unit attention, which ends with this, and why the unit is not ready.
 *
 * Return: bytes of parameter data
 */
int iet_spc_request_sense(struct iet_scmd *s, u8 *buf)
{
	struct iet_sense sense = { .key = NO_SENSE };
	struct iet_itl *itl;

	if (s->vol) {
		rcu_read_lock();
		itl = iet_scsi_itl(s);
		if (itl)
			sense.asc = iet_ua_take(s->vol, itl);
		if (sense.asc)
			sense.key = UNIT_ATTENTION;
		else
			iet_ready_sense(s->vol, itl, &sense);
		rcu_read_unlock();
	} else if (!s->wlun) {
		sense.key = ILLEGAL_REQUEST;
		sense.asc = IET_ASC_LUN_NOT_SUPPORTED;
	}
	return s->cdb[1] & CDB1_DESC ? iet_sense_desc(buf, &sense) :
				       iet_sense_fixed(buf, &sense);
}

static u32 count_luns(struct iet_nexus *nexus)
{
	struct iet_itl *itl;
	unsigned long lun;
	u32 nr = 0;

	rcu_read_lock();
	xa_for_each(&nexus->itls, lun, itl)
		nr++;
	rcu_read_unlock();
	return nr;
}

/* Writes as much of @entry as there is room for; returns where it ends. */
static u32 put_entry(struct iet_scmd *s, u32 off, const u8 *entry, u32 room)
{
	if (off < room)
		iet_tio_write(&s->tio, off, entry,
			      min_t(u32, LUN_LIST_ENTRY, room - off));
	return off + LUN_LIST_ENTRY;
}

/* Returns the length of the list, at most @nr units long, with its header. */
static u32 put_luns(struct iet_scmd *s, u8 select, u32 nr, u32 room)
{
	u32 off = LUN_LIST_HEADER;
	u8 entry[LUN_LIST_ENTRY];
	struct iet_itl *itl;
	unsigned long lun;

	if (select != SELECT_UNITS)
		off = put_entry(s, off, report_luns_wlun, room);
	if (select != SELECT_WELL_KNOWN) {
		rcu_read_lock();
		xa_for_each(&s->nexus->itls, lun, itl) {
			if (!nr--)
				break;
			iet_lun_encode(lun, entry);
			off = put_entry(s, off, entry, room);
		}
		rcu_read_unlock();
	}
	memset(entry, 0, sizeof(entry));
	put_unaligned_be32(off - LUN_LIST_HEADER, entry);
	put_entry(s, 0, entry, room);
	return off;
}

/**
 * iet_spc_report_luns() - REPORT LUNS, SPC-4 6.33
 * @s: the command
 * @gfp: for the pages
 *
 * An allocation length below 16 just truncates.
 *
 * Return: see &struct iet_scsi_op
 */
int iet_spc_report_luns(struct iet_scmd *s, gfp_t gfp)
{
	u8 select = s->cdb[2];
	u32 nr, room;
	int err;

	if (select > SELECT_ALL) {
		iet_scsi_invalid_field(s, 2, 7);
		return 0;
	}
	/* Cleared first: a change from now on makes a new one. */
	iet_ua_clear_nexus(s->nexus, IET_ASC_LUNS_CHANGED);
	nr = count_luns(s->nexus);
	room = LUN_LIST_HEADER + (nr + 1) * LUN_LIST_ENTRY;
	room = min3(room, s->in_len, s->edtl);
	err = iet_scsi_alloc(s, room, gfp);
	if (err)
		return err;
	s->in_len = min(s->in_len, put_luns(s, select, nr, room));
	return 0;
}

static void self_test_done(struct iet_scmd *s)
{
	if (s->err)
		iet_scsi_refuse(s, HARDWARE_ERROR, IET_ASC_SELF_TEST_FAILED);
	iet_scsi_end(s, 0);
}

/**
 * iet_spc_send_diagnostic() - SEND DIAGNOSTIC, SPC-4 6.42
 * @s: the command
 * @gfp: for a block
 *
 * There is the default self-test: can the medium be read?  There are no
 * diagnostic pages.
 *
 * Return: see &struct iet_scsi_op
 */
int iet_spc_send_diagnostic(struct iet_scmd *s, gfp_t gfp)
{
	u32 len = 1U << s->vol->blk_shift;
	int err;

	if (!(s->cdb[1] & CDB1_SELFTEST))
		return 0;
	err = iet_scsi_alloc(s, len, gfp);
	if (err)
		return err;
	return iet_scsi_io(s, IET_IO_READ, 0, &s->tio, 0, len, self_test_done);
}
