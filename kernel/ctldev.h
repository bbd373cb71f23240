/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * /dev/ietctl: who is the daemon.
 */
#ifndef IET_CTLDEV_H
#define IET_CTLDEV_H

#include <linux/types.h>

int iet_ctl_init(void);
void iet_ctl_exit(void);
bool iet_ctl_claimed(void);

#endif /* IET_CTLDEV_H */
