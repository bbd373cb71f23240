/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The command window of a session (RFC 7143 4.2.2.1): pure arithmetic.
 */
#ifndef IET_CMDSN_H
#define IET_CMDSN_H

#include <linux/types.h>

/* the largest window: no two CmdSNs in it have the same place in @plugged */
#define IET_CMDSN_WINDOW_MAX 256

/**
 * struct iet_cmdsn - command numbering of a session
 * @exp: ExpCmdSN: the next CmdSN to be executed
 * @max: MaxCmdSN: the last that may be sent
 * @window: commands that may be outstanding (QueuedCommands)
 * @outstanding: non-immediate commands accepted and not yet answered
 * @nr_plugged: CmdSNs from @exp on that count as received although nothing
 *	is to be executed for them
 * @plugged: a bit for each of them, at CmdSN modulo the size
 */
struct iet_cmdsn {
	u32 exp;
	u32 max;
	u32 window;
	u32 outstanding;
	u32 nr_plugged;
	u32 plugged[IET_CMDSN_WINDOW_MAX / 32];
};

enum iet_cmdsn_verdict {
	IET_CMDSN_NEXT, /* execute now; ExpCmdSN has moved on */
	IET_CMDSN_EARLY, /* inside the window, but a gap is before it */
	IET_CMDSN_OUTSIDE, /* drop silently */
};

void iet_cmdsn_init(struct iet_cmdsn *sn, u32 exp, u32 window);
enum iet_cmdsn_verdict iet_cmdsn_arrived(struct iet_cmdsn *sn, u32 cmd_sn,
					 bool immediate);
bool iet_cmdsn_outside(const struct iet_cmdsn *sn, u32 cmd_sn);
bool iet_cmdsn_plug(struct iet_cmdsn *sn, u32 cmd_sn);
void iet_cmdsn_skip(struct iet_cmdsn *sn);
void iet_cmdsn_rejected(struct iet_cmdsn *sn);
void iet_cmdsn_answered(struct iet_cmdsn *sn);

#endif /* IET_CMDSN_H */
