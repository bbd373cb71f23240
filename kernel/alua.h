/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Asymmetric logical unit access (SPC-4 5.15).
 *
 * Each target is a target port group of one port; both have its port_id.  All
 * targets that map a volume are its target port groups.
 */
#ifndef IET_ALUA_H
#define IET_ALUA_H

#include <linux/types.h>

#include "iet_netlink.h"

struct iet_nexus;
struct iet_scmd;
struct iet_target;

/* what the last change of the state was (SPC-4 6.37, STATUS CODE) */
enum iet_alua_status {
	IET_ALUA_NO_STATUS,
	IET_ALUA_BY_COMMAND, /* by SET TARGET PORT GROUPS */
	IET_ALUA_BY_ITSELF, /* by the administrator, for initiators */
};

/**
 * struct iet_alua - asymmetric access of a target port group
 * @state: enum iet_alua_state
 * @preferred: PREF
 * @explicit: initiators may change @state
 * @status: enum iet_alua_status
 *
 * Changed under alua.c's lock, read without.
 */
struct iet_alua {
	u8 state;
	bool preferred;
	bool explicit;
	u8 status;
};

void iet_alua_set(struct iet_target *target, const struct iet_alua *want);
bool iet_alua_check(struct iet_scmd *s);
u8 iet_alua_tpgs(const struct iet_nexus *nexus);

#endif /* IET_ALUA_H */
