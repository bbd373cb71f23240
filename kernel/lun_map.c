// SPDX-License-Identifier: GPL-2.0-only
/*
 * LUN maps: plain C.  Who gets which is the daemon's to say.
 */
#include <linux/kernel.h>

#include "lun_map.h"

/**
 * iet_lun_map_refusal() - are these rules?
 * @rules: from a request
 * @nr: how many
 *
 * Return: NULL, or the refusal
 */
const char *iet_lun_map_refusal(const struct iet_lun_rule *rules, u32 nr)
{
	u32 i;

	for (i = 0; i < nr; i++) {
		if (rules[i].first > rules[i].last ||
		    rules[i].last > IET_LUN_MAX)
			return "a rule of a LUN map is of no LUNs";
		if (rules[i].access > IET_ACCESS_RW)
			return "unknown access in a LUN map";
	}
	return NULL;
}

/**
 * iet_lun_map_access() - what may an initiator do with a LUN?
 * @map: its map; NULL: there is none, and everything may be done
 * @lun: number
 *
 * Return: enum iet_access
 */
enum iet_access iet_lun_map_access(const struct iet_lun_map *map, u32 lun)
{
	u32 i;

	if (!map)
		return IET_ACCESS_RW;
	for (i = 0; i < map->nr; i++)
		if (lun >= map->rules[i].first && lun <= map->rules[i].last)
			return map->rules[i].access;
	return IET_ACCESS_NONE;
}
