// SPDX-License-Identifier: GPL-2.0-only
/*
 * The command window of a session (RFC 7143 4.2.2.1): pure arithmetic,
 * without locks; the caller has them.
 */
#include <linux/kernel.h>

#include "cmdsn.h"
#include "iscsi_proto.h"

/**
 * iet_cmdsn_init - start the numbering of a session
 * @sn: numbering
 * @exp: CmdSN of the first command of the full feature phase
 * @window: commands that may be outstanding, 1 and up
 */
void iet_cmdsn_init(struct iet_cmdsn *sn, u32 exp, u32 window)
{
	sn->exp = exp;
	sn->window = window;
	sn->outstanding = 0;
	sn->max = exp + window - 1;
}

/**
 * iet_cmdsn_outside - is a non-immediate command outside the window?
 * @sn: numbering
 * @cmd_sn: CmdSN of the command
 *
 * Return: true if the command is to be ignored silently
 */
bool iet_cmdsn_outside(const struct iet_cmdsn *sn, u32 cmd_sn)
{
	return iscsi_sn_before(cmd_sn, sn->exp) ||
	       iscsi_sn_before(sn->max, cmd_sn);
}

/**
 * iet_cmdsn_arrived - classify a command by its CmdSN
 * @sn: numbering
 * @cmd_sn: CmdSN of the command
 * @immediate: I bit: the command carries a CmdSN but does not consume it, and
 *	is never ignored
 *
 * An early command is to be kept and asked about again when ExpCmdSN has
 * moved on.
 *
 * Return: what to do with the command
 */
enum iet_cmdsn_verdict iet_cmdsn_arrived(struct iet_cmdsn *sn, u32 cmd_sn,
					 bool immediate)
{
	if (immediate)
		return IET_CMDSN_NEXT;
	if (iet_cmdsn_outside(sn, cmd_sn))
		return IET_CMDSN_OUTSIDE;
	if (cmd_sn != sn->exp)
		return IET_CMDSN_EARLY;
	sn->exp++;
	sn->outstanding++;
	return IET_CMDSN_NEXT;
}

/**
 * iet_cmdsn_rejected - the command that arrived last is rejected
 * @sn: numbering
 *
 * Its CmdSN is expected again (RFC 7143 7.3).
 */
void iet_cmdsn_rejected(struct iet_cmdsn *sn)
{
	sn->exp--;
	sn->outstanding--;
}

/**
 * iet_cmdsn_answered - a non-immediate command has ended
 * @sn: numbering
 *
 * Opens the window by what is free.  MaxCmdSN never goes back
 * (RFC 7143 4.2.2.1), so it stays where it is if fewer places are free.
 */
void iet_cmdsn_answered(struct iet_cmdsn *sn)
{
	u32 max;

	if (sn->outstanding)
		sn->outstanding--;
	max = sn->exp + sn->window - sn->outstanding - 1;
	if (iscsi_sn_before(sn->max, max))
		sn->max = max;
}
