// SPDX-License-Identifier: GPL-2.0-only
/*
 * REPORT SUPPORTED OPERATION CODES (SPC-4 6.35): the table of commands, as
 * initiators see it; and REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS (6.36).
 */
#include <linux/kernel.h>
#include <linux/string.h>

#include "compat.h"
#include "opcodes.h"

#define CDB2_RCTD 0x80
#define CDB2_REPD 0x80

/* REPORTING OPTIONS */
enum reporting_options {
	REPORT_ALL,
	REPORT_OPCODE,
	REPORT_SERVICE_ACTION,
	REPORT_EITHER, /* a service action of 0 stands for: there is none */
};

#define ALL_HEADER 4
#define DESCRIPTOR 8
#define TIMEOUTS 12
#define ONE_HEADER 4

/* byte 5 of a command descriptor */
#define DESC_CTDP 0x02
#define DESC_SERVACTV 0x01

/* byte 1 of the one_command format */
#define ONE_CTDP 0x80
#define SUPPORT_NONE 0x01
#define SUPPORT_STANDARD 0x03

/* seconds that a command had better be given, as initiators usually do */
#define RECOMMENDED 60

/*
 * How long a command takes is not known (a nominal timeout of 0); what works
 * on all of the medium, as FORMAT UNIT does, or copies, takes as long as that is
 * large.
 */
static u16 put_timeouts(const struct iet_scsi_op *op, u8 *buf)
{
	bool all = op->flags & IET_OP_COPY ||
		   (op->flags & IET_OP_WRITE && op->flags & IET_OP_ATOMIC &&
		    !(op->flags & IET_OP_MEDIUM));

	put_unaligned_be16(TIMEOUTS - 2, buf);
	put_unaligned_be32(all ? 0 : RECOMMENDED, buf + 8);
	return TIMEOUTS;
}

static u16 put_descriptor(const struct iet_scsi_op *op, bool timeouts, u8 *buf)
{
	buf[0] = op->opcode;
	if (op->flags & IET_OP_SA) {
		put_unaligned_be16(op->sa, buf + 2);
		buf[5] = DESC_SERVACTV;
	}
	put_unaligned_be16(op->len, buf + 6);
	if (!timeouts)
		return DESCRIPTOR;
	buf[5] |= DESC_CTDP;
	return DESCRIPTOR + put_timeouts(op, buf + DESCRIPTOR);
}

static int report_all(const struct iet_scmd *s, bool timeouts, u8 *buf)
{
	u16 len = ALL_HEADER;
	unsigned int i;

	for (i = 0; i < iet_scsi_nr_ops; i++) {
		if (!iet_op_supported(&iet_scsi_ops[i], s))
			continue;
		if (WARN_ON_ONCE(len + DESCRIPTOR + TIMEOUTS > IET_PARAM_MAX))
			break;
		len += put_descriptor(&iet_scsi_ops[i], timeouts, buf + len);
	}
	put_unaligned_be32(len - ALL_HEADER, buf);
	return len;
}

static int report_one(const struct iet_scmd *s, const struct iet_scsi_op *op,
		      bool timeouts, u8 *buf)
{
	u16 len = ONE_HEADER;

	if (!op) {
		buf[1] = SUPPORT_NONE;
		return len;
	}
	buf[1] = SUPPORT_STANDARD;
	put_unaligned_be16(op->len, buf + 2);
	memcpy(buf + len, op->usage, op->len);
	if (s->vol)
		buf[len + iet_cdb_control(op->opcode)] |= IET_CDB_NACA;
	len += op->len;
	if (timeouts) {
		buf[1] |= ONE_CTDP;
		len += put_timeouts(op, buf + len);
	}
	return len;
}

/**
 * iet_spc_report_opcodes() - REPORT SUPPORTED OPERATION CODES, SPC-4 6.35
 * @s: the command
 * @buf: parameter data
 *
 * Return: bytes of parameter data, 0: refused
 */
int iet_spc_report_opcodes(struct iet_scmd *s, u8 *buf)
{
	bool timeouts = s->cdb[2] & CDB2_RCTD;
	u8 options = s->cdb[2] & 0x07, opcode = s->cdb[3];
	u16 sa = get_unaligned_be16(s->cdb + 4);
	const struct iet_scsi_op *op = NULL;
	bool known, has_sa = false;

	if (options == REPORT_ALL)
		return report_all(s, timeouts, buf);
	known = iet_op_known(opcode, &has_sa);
	if (options > REPORT_EITHER ||
	    (known && options == REPORT_OPCODE && has_sa) ||
	    (known && options == REPORT_SERVICE_ACTION && !has_sa)) {
		iet_scsi_invalid_field(s, 2, 2);
		return 0;
	}
	/* without service actions a 0 is right, and the first option ignores it */
	if (options == REPORT_OPCODE || has_sa || !sa)
		op = iet_op_find(opcode, sa);
	if (op && !iet_op_supported(op, s))
		op = NULL;
	return report_one(s, op, timeouts, buf);
}

#define TMF_BASIC 4
#define TMF_EXTENDED 16

/**
 * iet_spc_report_tmfs() - REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS, 6.36
 * @s: the command
 * @buf: parameter data
 *
 * They are those of the transport, on this I_T nexus.  There is nothing to say
 * about how long they take.
 *
 * Return: bytes of parameter data
 */
int iet_spc_report_tmfs(struct iet_scmd *s, u8 *buf)
{
	memcpy(buf, s->nexus->tmfs, sizeof(s->nexus->tmfs));
	if (!(s->cdb[2] & CDB2_REPD))
		return TMF_BASIC;
	buf[3] = TMF_EXTENDED - TMF_BASIC;
	return TMF_EXTENDED;
}
