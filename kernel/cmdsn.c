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
 * @window: commands that may be outstanding, 1 to %IET_CMDSN_WINDOW_MAX
 */
void iet_cmdsn_init(struct iet_cmdsn *sn, u32 exp, u32 window)
{
	*sn = (struct iet_cmdsn){
		.exp = exp,
		.max = exp + window - 1,
		.window = window,
	};
}

static u32 *plug_word(struct iet_cmdsn *sn, u32 cmd_sn)
{
	return &sn->plugged[cmd_sn % IET_CMDSN_WINDOW_MAX / 32];
}

static u32 plug_bit(u32 cmd_sn)
{
	return 1U << cmd_sn % 32;
}

/* of a CmdSN inside the window */
static bool is_plugged(struct iet_cmdsn *sn, u32 cmd_sn)
{
	return sn->nr_plugged && *plug_word(sn, cmd_sn) & plug_bit(cmd_sn);
}

/*
 * Opens the window by what is free.  MaxCmdSN never goes back
 * (RFC 7143 4.2.2.1), so it stays where it is if fewer places are free.
 */
static void open_window(struct iet_cmdsn *sn)
{
	u32 max = sn->exp + sn->window - sn->outstanding - 1;

	if (iscsi_sn_before(sn->max, max))
		sn->max = max;
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
 * moved on, after iet_cmdsn_skip().
 *
 * Return: what to do with the command
 */
enum iet_cmdsn_verdict iet_cmdsn_arrived(struct iet_cmdsn *sn, u32 cmd_sn,
					 bool immediate)
{
	if (immediate)
		return IET_CMDSN_NEXT;
	if (iet_cmdsn_outside(sn, cmd_sn) || is_plugged(sn, cmd_sn))
		return IET_CMDSN_OUTSIDE;
	if (cmd_sn != sn->exp)
		return IET_CMDSN_EARLY;
	sn->exp++;
	sn->outstanding++;
	return IET_CMDSN_NEXT;
}

/**
 * iet_cmdsn_plug - a CmdSN counts as received, and nothing is executed for it
 * @sn: numbering
 * @cmd_sn: CmdSN of a command that was aborted before its turn came
 *	(RFC 7143 11.5.5)
 *
 * iet_cmdsn_skip() is to follow.
 *
 * Return: false if it is not missing: outside the window, or plugged already
 */
bool iet_cmdsn_plug(struct iet_cmdsn *sn, u32 cmd_sn)
{
	if (iet_cmdsn_outside(sn, cmd_sn) || is_plugged(sn, cmd_sn))
		return false;
	*plug_word(sn, cmd_sn) |= plug_bit(cmd_sn);
	sn->nr_plugged++;
	return true;
}

/**
 * iet_cmdsn_skip - move ExpCmdSN over what is plugged
 * @sn: numbering
 */
void iet_cmdsn_skip(struct iet_cmdsn *sn)
{
	while (is_plugged(sn, sn->exp)) {
		*plug_word(sn, sn->exp) &= ~plug_bit(sn->exp);
		sn->nr_plugged--;
		sn->exp++;
	}
	open_window(sn);
}

/**
 * iet_cmdsn_rejected - the command that arrived last is rejected
 * @sn: numbering; neither has another one arrived since, nor has
 *	iet_cmdsn_skip() been called
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
 * Its place in the window is free again.
 */
void iet_cmdsn_answered(struct iet_cmdsn *sn)
{
	if (sn->outstanding)
		sn->outstanding--;
	open_window(sn);
}
