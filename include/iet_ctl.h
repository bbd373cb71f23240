/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note OR BSD-3-Clause */
/*
 * /dev/ietctl: holding it open with the claim made says "the daemon is here".
 * Closing it tells the module that the daemon is gone and changes nothing
 * else; everything else goes by generic netlink (iet_netlink.h).
 */
#ifndef IET_CTL_H
#define IET_CTL_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define IET_CTL_DEVICE "ietctl"
#define IET_CTL_VERSION 1

/**
 * struct iet_ctl_claim - argument of %IET_CTL_CLAIM
 * @version: %IET_CTL_VERSION that the caller was built with
 * @flags: zero
 *
 * Errors: EBUSY if another process is the daemon, EPROTO if @version is not
 * the module's, EINVAL if @flags are not zero.
 */
struct iet_ctl_claim {
	__u32 version;
	__u32 flags;
};

#define IET_CTL_CLAIM _IOW('i', 64, struct iet_ctl_claim)

#endif /* IET_CTL_H */
