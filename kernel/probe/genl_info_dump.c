// SPDX-License-Identifier: GPL-2.0-only
/* 6.6 (7288dd2fd488): before, genl_dumpit_info() has the attributes */
#include <net/genetlink.h>

struct nlattr **probe_genl_info_dump(struct netlink_callback *cb);
struct nlattr **probe_genl_info_dump(struct netlink_callback *cb)
{
	return genl_info_dump(cb)->attrs;
}
