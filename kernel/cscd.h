/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copy sources and copy destinations (SPC-4 6.4.5): which logical unit a
 * descriptor names, and whether the initiator may use it.
 */
#ifndef IET_CSCD_H
#define IET_CSCD_H

#include <linux/types.h>

#include "iscsi_proto.h"
#include "reservation.h"

struct iet_scmd;
struct iet_target;
struct iet_volume;

#define IET_CSCD_LEN 32
#define IET_CSCD_IDENTIFICATION 0xe4 /* descriptor type */
#define IET_CSCD_SELF 0xffff /* id of the unit that got the command */

/**
 * struct iet_cscd - a copy source or destination
 * @vol: the unit, with a reference, or NULL: none that the initiator has
 * @disk: the descriptor says that it is a block device
 * @pad: PAD bit: what is less than a block may be left out, or filled up
 * @block_len: DISK BLOCK LENGTH
 * @read_only: the initiator may not write to it
 * @nr_resets: of the unit, when it was found
 * @nexus: the I_T nexus that has the unit; for comparing only
 * @port: its initiator port
 * @target: its target port
 */
struct iet_cscd {
	struct iet_volume *vol;
	bool disk;
	bool pad;
	bool read_only;
	u32 block_len;
	unsigned int nr_resets;
	const struct iet_nexus *nexus;
	char port[IET_PORT_NAME_MAX];
	char target[ISCSI_NAME_MAX + 1];
};

void iet_cscd_find(const struct iet_scmd *s, const u8 *d,
		   struct iet_cscd *cscd);
void iet_cscd_self(const struct iet_scmd *s, struct iet_cscd *cscd);
void iet_cscd_put(struct iet_cscd *cscd);
void iet_cscd_describe(struct iet_volume *vol, u8 *d);
u32 iet_cscd_describe_target(const struct iet_target *target, u8 *d, u32 room);

#endif /* IET_CSCD_H */
