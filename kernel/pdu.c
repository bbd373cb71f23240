// SPDX-License-Identifier: GPL-2.0-only
/*
 * Checks of request PDUs, from one table: see pdu.h.
 */
#include <linux/errno.h>
#include <linux/kernel.h>

#include "compat.h"
#include "pdu.h"

/* what a request may have */
#define PDU_AHS BIT(0) /* additional header segments */
#define PDU_DATA BIT(1) /* a data segment */
#define PDU_IMMEDIATE BIT(2) /* the I bit */
#define PDU_CMD_SN BIT(3) /* it has a CmdSN */

typedef u8 (*pdu_check_fn)(const struct iscsi_hdr *hdr,
			   const struct iet_pdu_limits *lim);

/* Each returns 0 or an enum iscsi_reject_reason. */

static u8 check_scsi_cmd(const struct iscsi_hdr *hdr,
			 const struct iet_pdu_limits *lim)
{
	const struct iscsi_scsi_cmd_hdr *cmd = (const void *)hdr;
	u32 len = iscsi_dlength(hdr);
	bool write = cmd->flags & ISCSI_CMD_WRITE;
	bool final = cmd->flags & ISCSI_FLAG_FINAL;

	if ((cmd->flags & ISCSI_CMD_ATTR_MASK) > ISCSI_ATTR_ACA)
		return ISCSI_REJECT_INVALID_PDU_FIELD;
	if (cmd->itt == cpu_to_be32(ISCSI_RESERVED_TAG))
		return ISCSI_REJECT_INVALID_PDU_FIELD;
	if (!final && (!write || lim->initial_r2t))
		return ISCSI_REJECT_PROTOCOL_ERROR;
	if (!len)
		return 0;
	if (!write || !lim->immediate_data)
		return ISCSI_REJECT_PROTOCOL_ERROR;
	if (len > lim->first_burst || len > be32_to_cpu(cmd->data_length))
		return ISCSI_REJECT_PROTOCOL_ERROR;
	return 0;
}

static u8 check_nop_out(const struct iscsi_hdr *hdr,
			const struct iet_pdu_limits *lim)
{
	const struct iscsi_nop_out_hdr *nop = (const void *)hdr;

	/* an answer to our NOP-In must be immediate (11.18.1) */
	if (nop->itt == cpu_to_be32(ISCSI_RESERVED_TAG) &&
	    !(nop->opcode & ISCSI_OP_IMMEDIATE))
		return ISCSI_REJECT_PROTOCOL_ERROR;
	return 0;
}

static u8 check_text(const struct iscsi_hdr *hdr,
		     const struct iet_pdu_limits *lim)
{
	const u8 both = ISCSI_FLAG_FINAL | ISCSI_FLAG_TEXT_CONTINUE;

	if ((hdr->flags & both) == both)
		return ISCSI_REJECT_PROTOCOL_ERROR;
	return 0;
}

/* A login in the full feature phase is a protocol error (11.12). */
static u8 check_login(const struct iscsi_hdr *hdr,
		      const struct iet_pdu_limits *lim)
{
	return ISCSI_REJECT_PROTOCOL_ERROR;
}

struct pdu_rule {
	u8 has;
	bool known;
	pdu_check_fn check;
};

static const struct pdu_rule rules[] = {
	[ISCSI_OP_NOP_OUT] = { PDU_DATA | PDU_IMMEDIATE | PDU_CMD_SN, true,
			       check_nop_out },
	[ISCSI_OP_SCSI_CMD] = { PDU_AHS | PDU_DATA | PDU_IMMEDIATE | PDU_CMD_SN,
				true, check_scsi_cmd },
	[ISCSI_OP_TMF_REQ] = { PDU_IMMEDIATE | PDU_CMD_SN, true },
	[ISCSI_OP_LOGIN_REQ] = { PDU_DATA | PDU_IMMEDIATE, true, check_login },
	[ISCSI_OP_TEXT_REQ] = { PDU_DATA | PDU_IMMEDIATE | PDU_CMD_SN, true,
				check_text },
	[ISCSI_OP_DATA_OUT] = { PDU_DATA, true },
	[ISCSI_OP_LOGOUT_REQ] = { PDU_IMMEDIATE | PDU_CMD_SN, true },
	[ISCSI_OP_SNACK_REQ] = { 0, true },
};

static const struct pdu_rule *find_rule(const struct iscsi_hdr *hdr)
{
	u8 op = iscsi_opcode(hdr);

	if (op >= ARRAY_SIZE(rules) || !rules[op].known)
		return NULL;
	return &rules[op];
}

/**
 * iet_pdu_check - check a request's header
 * @hdr: the BHS as received, digest checked
 * @lim: what was negotiated
 * @reason: enum iscsi_reject_reason, set unless the verdict is %IET_PDU_OK
 *
 * Return: what to do with the PDU
 */
enum iet_pdu_verdict iet_pdu_check(const struct iscsi_hdr *hdr,
				   const struct iet_pdu_limits *lim, u8 *reason)
{
	const struct pdu_rule *rule = find_rule(hdr);

	/* nobody knows where the next PDU of such a peer begins */
	if (iscsi_dlength(hdr) > lim->max_recv) {
		*reason = ISCSI_REJECT_PROTOCOL_ERROR;
		return IET_PDU_FATAL;
	}
	if (!rule) {
		*reason = ISCSI_REJECT_CMD_NOT_SUPPORTED;
		return IET_PDU_REJECT;
	}
	if ((hdr->ahs_len && !(rule->has & PDU_AHS)) ||
	    (iscsi_dlength(hdr) && !(rule->has & PDU_DATA)) ||
	    ((hdr->opcode & ISCSI_OP_IMMEDIATE) &&
	     !(rule->has & PDU_IMMEDIATE))) {
		*reason = ISCSI_REJECT_INVALID_PDU_FIELD;
		return IET_PDU_REJECT;
	}
	*reason = rule->check ? rule->check(hdr, lim) : 0;
	return *reason ? IET_PDU_REJECT : IET_PDU_OK;
}

/**
 * iet_pdu_has_cmd_sn - does this request count in the command window?
 * @hdr: BHS
 *
 * Return: true if it has a CmdSN that it consumes, that is, is not immediate
 */
bool iet_pdu_has_cmd_sn(const struct iscsi_hdr *hdr)
{
	const struct pdu_rule *rule = find_rule(hdr);

	return rule && (rule->has & PDU_CMD_SN) &&
	       !(hdr->opcode & ISCSI_OP_IMMEDIATE);
}

/**
 * iet_pdu_cmd_sn - CmdSN of a request that has one
 * @hdr: BHS
 *
 * Return: the CmdSN
 */
u32 iet_pdu_cmd_sn(const struct iscsi_hdr *hdr)
{
	return be32_to_cpu(((const struct iscsi_scsi_cmd_hdr *)hdr)->cmd_sn);
}

/**
 * iet_pdu_exp_stat_sn - ExpStatSN, at the same place in every request
 * @hdr: BHS
 *
 * Return: the ExpStatSN
 */
u32 iet_pdu_exp_stat_sn(const struct iscsi_hdr *hdr)
{
	const struct iscsi_scsi_cmd_hdr *cmd = (const void *)hdr;

	return be32_to_cpu(cmd->exp_stat_sn);
}

static bool is_ext_cdb(const u8 *seg, u32 len, struct iet_pdu_ahs *out)
{
	if (seg[2] != ISCSI_AHS_EXT_CDB || out->ext)
		return false;
	out->ext = seg + sizeof(struct iscsi_ahs_hdr);
	out->ext_len = len - 1;
	return true;
}

static bool is_read_len(const u8 *seg, u32 len, struct iet_pdu_ahs *out)
{
	if (seg[2] != ISCSI_AHS_BIDI_READ_LEN || len != 5)
		return false;
	out->read_len = get_unaligned_be32(seg + sizeof(struct iscsi_ahs_hdr));
	return true;
}

/**
 * iet_pdu_ahs - read the additional header segments of a command
 * @ahs: additional header segments (RFC 7143 11.2.2)
 * @ahs_len: their length in bytes, a multiple of four
 * @bidi: the command has both the R and the W bit
 * @out: what they say
 *
 * Return: 0, or -EINVAL if a segment runs over the end, has a type that is
 * unknown or has no place in this command, or comes twice
 */
int iet_pdu_ahs(const u8 *ahs, u32 ahs_len, bool bidi, struct iet_pdu_ahs *out)
{
	bool has_read_len = false;
	u32 off = 0;

	*out = (struct iet_pdu_ahs){};
	while (off < ahs_len) {
		u32 left = ahs_len - off;
		u32 len;

		if (left < sizeof(struct iscsi_ahs_hdr))
			return -EINVAL;
		/* the length counts the reserved byte, not length and type */
		len = get_unaligned_be16(ahs + off);
		if (len < 2 || len + 3 > left)
			return -EINVAL;
		if (bidi && !has_read_len && is_read_len(ahs + off, len, out))
			has_read_len = true;
		else if (!is_ext_cdb(ahs + off, len, out))
			return -EINVAL;
		off += len + 3;
		off += iscsi_pad(off);
	}
	return 0;
}
