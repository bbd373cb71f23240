// SPDX-License-Identifier: GPL-2.0-only
/*
 * blockio: a block device, past its page cache.
 *
 * One bio for each operation, embedded in it, that borrows the segments of
 * the tio: nothing is allocated here, and the block layer splits what is too
 * large for the device.  The first attempt is REQ_NOWAIT; if that would have
 * to wait for a tag, a frozen queue or memory, or for a split, the operation
 * is done again, whole, by a worker.
 *
 * The device was opened, claimed with O_EXCL, by the process that configured
 * it.  What other programs left in its page cache must have been written back
 * by then: a handler can't wait for a disk.
 */
#include <linux/bio.h>
#include <linux/blk-integrity.h>
#include <linux/blk-mq.h>
#include <linux/blkdev.h>
#include <linux/fs.h>
#include <linux/netlink.h>

#include "compat.h"
#include "iotype.h"
#include "tio.h"
#include "tio_math.h"
#include "volume.h"

/*
 * REQ_SYNC and REQ_IDLE, as for O_DIRECT: somebody waits for the write, and
 * writeback throttling, which sleeps even in spite of REQ_NOWAIT, lets it
 * pass.  A flush has no segment in common with other requests; some stacked
 * drivers sleep while they prepare it.
 */
static const struct {
	blk_opf_t opf;
	bool may_nowait;
	bool has_data;
} ops[] = {
	[IET_IO_READ] = { REQ_OP_READ, true, true },
	[IET_IO_WRITE] = { REQ_OP_WRITE | REQ_SYNC | REQ_IDLE, true, true },
	[IET_IO_FLUSH] = { REQ_OP_WRITE | REQ_PREFLUSH, false, false },
};

static int check_device(struct block_device *bdev, u32 iomode, u32 block_size,
			struct netlink_ext_ack *extack)
{
	if (iomode != IET_IOMODE_RO && bdev_read_only(bdev)) {
		NL_SET_ERR_MSG(extack, "the device is read-only");
		return -EACCES;
	}
	if (bdev_is_zoned(bdev)) {
		NL_SET_ERR_MSG(extack, "the device is zoned");
		return -EINVAL;
	}
	if (block_size && block_size < bdev_logical_block_size(bdev)) {
		NL_SET_ERR_MSG(extack,
			       "the block size is smaller than the device's");
		return -EINVAL;
	}
	return 0;
}

/*
 * A device that knows atomic writes says how long they may be; of any other it
 * is its physical block that is never torn.  Where there is a boundary, writes
 * as long as can be must not cross it wherever they begin.
 */
static void set_atomic(struct iet_volume *vol)
{
	u32 bs = 1U << vol->blk_shift, min, max, boundary;

	iet_iotype_atomic(vol, bdev_physical_block_size(vol->bdev));
	iet_bdev_atomic_writes(vol->bdev, &min, &max, &boundary);
	min = max(min, bs);
	max = min_t(u32, max, IET_TIO_MAX);
	if (max <= min)
		return;
	vol->atomic_device = true;
	vol->atomic_max = rounddown(max, min);
	vol->atomic_min = min;
	vol->atomic_align = boundary ? vol->atomic_max : min;
}

static void set_hints(struct iet_hints *hints, struct block_device *bdev)
{
	int offset = bdev_alignment_offset(bdev);

	hints->phys_block_size = bdev_physical_block_size(bdev);
	hints->align_offset = max(offset, 0); /* negative: it can't be told */
	hints->io_min = bdev_io_min(bdev);
	hints->io_opt = bdev_io_opt(bdev);
	hints->nonrot = !bdev_rot(bdev);
}

static int attach(struct iet_volume *vol, const struct iet_lun_args *args,
		  struct netlink_ext_ack *extack)
{
	struct inode *inode = args->file->f_mapping->host;
	struct block_device *bdev;
	int err;

	if (!S_ISBLK(inode->i_mode)) {
		NL_SET_ERR_MSG(extack, "not a block device");
		return -EINVAL;
	}
	bdev = I_BDEV(inode);
	err = check_device(bdev, args->iomode, args->block_size, extack);
	if (err)
		return err;
	if (args->thin && !bdev_max_discard_sectors(bdev)) {
		NL_SET_ERR_MSG(extack,
			       "the device can't discard: ThinProvisioned=No");
		return -EOPNOTSUPP;
	}
	vol->bdev = bdev;
	set_hints(&vol->hints, bdev);
	vol->unmap_granularity = bdev_discard_granularity(bdev);
	vol->mode_default.wce = args->iomode == IET_IOMODE_WB &&
				bdev_write_cache(bdev);
	err = iet_iotype_geometry(vol, args, bdev_logical_block_size(bdev),
				  bdev_nr_bytes(bdev), extack);
	if (!err)
		set_atomic(vol);
	return err;
}

static u64 size(struct iet_volume *vol)
{
	return bdev_nr_bytes(vol->bdev) >> vol->blk_shift;
}

/*
 * Does the device keep the promise of REQ_NOWAIT?  Drivers whose queue_rq()
 * may sleep are called from submit_bio(), and protection information is
 * allocated there.
 */
static bool may_nowait(struct block_device *bdev)
{
	struct blk_mq_tag_set *set = bdev_get_queue(bdev)->tag_set;

	return bdev_nowait(bdev) && !bdev_get_integrity(bdev) &&
	       !(set && set->flags & BLK_MQ_F_BLOCKING);
}

/* Runs in any context.  A device may deny REQ_NOWAIT by "not supported". */
static void bio_done(struct bio *bio)
{
	struct iet_io *io = container_of(bio, struct iet_io, bio);
	blk_status_t status = bio->bi_status;

	bio_uninit(bio);
	if (io->nowait &&
	    (status == BLK_STS_AGAIN || status == BLK_STS_NOTSUPP))
		iet_io_defer(io);
	else
		io->done(io, blk_status_to_errno(status));
}

/* As bio_iov_bvec_set() does: the segments stay the tio's. */
static void borrow_segments(struct bio *bio, struct iet_io *io)
{
	u8 shift = io->tio->shift;

	bio->bi_io_vec = io->tio->bv + iet_tio_seg(shift, io->tio_off);
	bio->bi_vcnt = iet_tio_nr_segs(shift, io->tio_off, io->len);
	bio->bi_iter.bi_bvec_done = iet_tio_seg_off(shift, io->tio_off);
	bio->bi_iter.bi_size = io->len;
	bio_set_flag(bio, BIO_CLONED);
}

/*
 * The block layer makes as many requests of these as the device needs, and
 * waits for them; it writes zeroes where the device can't do better.  There is
 * no FUA for them, hence the flush.
 */
static int change_range(struct iet_io *io)
{
	struct block_device *bdev = io->vol->bdev;
	sector_t sector = io->pos >> SECTOR_SHIFT;
	sector_t nr = io->len >> SECTOR_SHIFT;
	int err;

	if (io->op == IET_IO_DISCARD)
		err = blkdev_issue_discard(bdev, sector, nr, GFP_NOIO);
	else
		err = blkdev_issue_zeroout(
			bdev, sector, nr, GFP_NOIO,
			io->flags & IET_IO_UNMAP ? 0 : BLKDEV_ZERO_NOUNMAP);
	if (!err && io->flags & IET_IO_FUA)
		err = blkdev_issue_flush(bdev);
	return err;
}

static int submit_range(struct iet_io *io, bool nowait)
{
	int err;

	if (nowait)
		return -EAGAIN;
	err = change_range(io);
	if (!err)
		io->done(io, 0);
	return err;
}

static int submit_bio_of(struct iet_io *io, bool nowait)
{
	struct block_device *bdev = io->vol->bdev;
	struct bio *bio = &io->bio;
	blk_opf_t opf;

	if (nowait && !(ops[io->op].may_nowait && may_nowait(bdev)))
		return -EAGAIN;
	opf = ops[io->op].opf;
	if (nowait)
		opf |= REQ_NOWAIT;
	if (io->flags & IET_IO_FUA && io->op == IET_IO_WRITE)
		opf |= REQ_FUA;
	if (io->flags & IET_IO_ATOMIC && io->vol->atomic_device)
		opf |= REQ_ATOMIC;

	io->nowait = nowait;
	bio_init(bio, bdev, NULL, 0, opf);
	bio->bi_iter.bi_sector = io->pos >> SECTOR_SHIFT;
	bio->bi_end_io = bio_done;
	if (ops[io->op].has_data)
		borrow_segments(bio, io);
	submit_bio(bio);
	return 0;
}

static int submit(struct iet_io *io, bool nowait)
{
	switch (io->op) {
	case IET_IO_DISCARD:
	case IET_IO_WRITE_ZEROES:
		return submit_range(io, nowait);
	case IET_IO_PREFETCH: /* nothing to fetch it into */
		io->done(io, 0);
		return 0;
	default:
		return submit_bio_of(io, nowait);
	}
}

const struct iet_iotype iet_blockio = {
	.name = "blockio",
	.needs_file = true,
	.attach = attach,
	.submit = submit,
	.size = size,
};
