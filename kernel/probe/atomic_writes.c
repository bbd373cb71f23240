// SPDX-License-Identifier: GPL-2.0-only
/* 6.11 (9da3d1e912f3): before, there are no atomic writes */
#include <linux/blkdev.h>

u32 probe_atomic_writes(struct block_device *bdev);
u32 probe_atomic_writes(struct block_device *bdev)
{
	return bdev_can_atomic_write(bdev) ? (__force u64)REQ_ATOMIC >> 32 : 0;
}
