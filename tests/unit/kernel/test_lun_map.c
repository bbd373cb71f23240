// SPDX-License-Identifier: GPL-2.0-only
/* what an initiator may do with LUNs */
#include "ktap.h"
#include "lun_map.h"

static void access_of(void)
{
	static const struct {
		u32 lun, access;
	} rows[] = {
		{ 0, IET_ACCESS_RW },	{ 1, IET_ACCESS_NONE },
		{ 2, IET_ACCESS_RO },	{ 5, IET_ACCESS_RO },
		{ 6, IET_ACCESS_NONE }, { 16383, IET_ACCESS_RW },
	};
	static const struct iet_lun_rule rules[] = {
		{ 0, 0, IET_ACCESS_RW },
		{ 2, 5, IET_ACCESS_RO },
		{ 5, 5, IET_ACCESS_RW }, /* too late */
		{ 16383, 16383, IET_ACCESS_RW },
	};
	struct iet_lun_map *map = calloc(1, sizeof(*map) + sizeof(rules));
	unsigned int i;

	CHECK_EQ(iet_lun_map_access(NULL, 7), IET_ACCESS_RW);
	CHECK_EQ(iet_lun_map_access(map, 0), IET_ACCESS_NONE);
	map->nr = ARRAY_SIZE(rules);
	memcpy(map->rules, rules, sizeof(rules));
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		CHECK_EQ(iet_lun_map_access(map, rows[i].lun), rows[i].access);
	free(map);
}

static void refusals(void)
{
	static const struct {
		struct iet_lun_rule rule;
		bool good;
	} rows[] = {
		{ { 0, 16383, IET_ACCESS_RW }, true },
		{ { 0, 16384, IET_ACCESS_RW }, false },
		{ { 5, 4, IET_ACCESS_RW }, false },
		{ { ~0U, ~0U, IET_ACCESS_RW }, false },
		{ { 0, 0, 3 }, false },
	};
	unsigned int i;

	CHECK(!iet_lun_map_refusal(NULL, 0));
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		CHECK_EQ(!iet_lun_map_refusal(&rows[i].rule, 1), rows[i].good);
}

int main(void)
{
	ktap_run(access_of);
	ktap_run(refusals);
	return ktap_done();
}
