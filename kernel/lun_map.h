/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What an initiator may do with the LUNs of its target.
 */
#ifndef IET_LUN_MAP_H
#define IET_LUN_MAP_H

#include <linux/types.h>

#include "iet_netlink.h"

/**
 * struct iet_lun_rule - of some LUNs, as in IET_S_LUN_MAP
 * @first: the first
 * @last: the last
 * @access: enum iet_access
 */
struct iet_lun_rule {
	u32 first;
	u32 last;
	u32 access;
};

/**
 * struct iet_lun_map - of all LUNs, those that are not there yet as well
 * @nr: rules in @rules
 * @rules: the first that is about a LUN counts; others are not there
 */
struct iet_lun_map {
	u32 nr;
	struct iet_lun_rule rules[];
};

const char *iet_lun_map_refusal(const struct iet_lun_rule *rules, u32 nr);
enum iet_access iet_lun_map_access(const struct iet_lun_map *map, u32 lun);

#endif /* IET_LUN_MAP_H */
