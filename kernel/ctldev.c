// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/ietctl: holding it open and claimed says "the daemon is here".
 * Everything else goes by netlink.
 */
#include <linux/atomic.h>
#include <linux/capability.h>
#include <linux/compat.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/uaccess.h>

#include "compat.h"
#include "ctldev.h"
#include "event.h"
#include "iet_ctl.h"

/* the open file that made the claim; only compared, never dereferenced */
static struct file *owner;

static int ctl_open(struct inode *inode, struct file *file)
{
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	return nonseekable_open(inode, file);
}

static int ctl_release(struct inode *inode, struct file *file)
{
	if (cmpxchg(&owner, file, NULL) == file)
		iet_event_target(0, IET_EVENT_DAEMON_GONE);
	return 0;
}

static int claim(struct file *file, const void __user *arg)
{
	struct iet_ctl_claim c;
	struct file *old;

	if (copy_from_user(&c, arg, sizeof(c)))
		return -EFAULT;
	if (c.version != IET_CTL_VERSION)
		return -EPROTO;
	if (c.flags)
		return -EINVAL;
	old = cmpxchg(&owner, NULL, file);
	return old && old != file ? -EBUSY : 0;
}

static long ctl_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	if (cmd != IET_CTL_CLAIM)
		return -ENOTTY;
	return claim(file, (const void __user *)arg);
}

static const struct file_operations ctl_fops = {
	.owner = THIS_MODULE,
	.open = ctl_open,
	.release = ctl_release,
	.unlocked_ioctl = ctl_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static struct miscdevice ctl_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = IET_CTL_DEVICE,
	.fops = &ctl_fops,
	.mode = 0600,
};

/**
 * iet_ctl_claimed() - is there a daemon?
 *
 * Context: any.
 *
 * Return: whether a process holds the device claimed.
 */
bool iet_ctl_claimed(void)
{
	return READ_ONCE(owner);
}

/**
 * iet_ctl_init() - make /dev/ietctl
 *
 * Return: 0 or a negative errno.
 */
int iet_ctl_init(void)
{
	return misc_register(&ctl_device);
}

/**
 * iet_ctl_exit() - remove /dev/ietctl
 *
 * An open file holds the module, so there is none.
 */
void iet_ctl_exit(void)
{
	misc_deregister(&ctl_device);
}
