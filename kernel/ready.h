/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Is a logical unit ready?  If it is not, few commands work.
 */
#ifndef IET_READY_H
#define IET_READY_H

#include <linux/types.h>

struct iet_itl;
struct iet_nexus;
struct iet_scmd;
struct iet_sense;
struct iet_volume;

/* iet_volume.condition */
enum iet_condition {
	IET_READY,
	IET_NO_MEDIUM, /* ejected */
	IET_FORMATTING,
	IET_FORMAT_FAILED,
	IET_SANITIZING,
	IET_SANITIZE_FAILED,
};

bool iet_ready_check(struct iet_scmd *s, const struct iet_itl *itl);
bool iet_ready_sense(const struct iet_volume *vol, const struct iet_itl *itl,
		     struct iet_sense *sense);
void iet_ready_reset(struct iet_volume *vol, const struct iet_nexus *nexus);

#endif /* IET_READY_H */
