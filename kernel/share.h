/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One logical unit through several LUNs: volumes are found again by their
 * medium.  All of it under iet_config_lock.
 */
#ifndef IET_SHARE_H
#define IET_SHARE_H

#include <linux/types.h>

struct file;
struct iet_lun_args;
struct iet_volume;
struct netlink_ext_ack;

void iet_share_add(struct iet_volume *vol);
void iet_share_del(struct iet_volume *vol);
void iet_share_exit(void);
struct iet_volume *iet_share_find(const struct file *file, bool ro);
int iet_share_check_crypt(const struct iet_lun_args *args,
			  struct netlink_ext_ack *extack);
int iet_share_check(const struct iet_volume *vol,
		    const struct iet_lun_args *args,
		    struct netlink_ext_ack *extack);

#endif /* IET_SHARE_H */
