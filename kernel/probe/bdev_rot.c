// SPDX-License-Identifier: GPL-2.0-only
/* 7.0: before, there is bdev_nonrot() */
#include <linux/blkdev.h>

bool probe_bdev_rot(struct block_device *bdev);
bool probe_bdev_rot(struct block_device *bdev)
{
	return bdev_rot(bdev);
}
