// SPDX-License-Identifier: GPL-2.0-only
/*
 * fileio: a regular file, or a block device, through the page cache.
 *
 * The file's own read_iter and write_iter are called, not vfs_iter_*(), whose
 * rules of freeze protection have changed between kernels.
 */
#include <linux/blkdev.h>
#include <linux/fadvise.h>
#include <linux/fs.h>
#include <linux/falloc.h>
#include <linux/mm.h>
#include <linux/netlink.h>
#include <linux/sizes.h>
#include <linux/statfs.h>
#include <linux/uio.h>

#include "compat.h"
#include "file-cache.h"
#include "iotype.h"
#include "tio.h"
#include "volume.h"

#define DEFAULT_BLOCK_SIZE 512

/*
 * Only what is in the page cache: with IOCB_NOWAIT alone, reading ahead would
 * be started by us, which waits for memory, metadata and the device's tags.
 */
#define IOCB_CACHED (IOCB_NOWAIT | IOCB_NOIO)

/* more than this is better copied by another CPU than by a network thread */
#define INLINE_MAX SZ_256K

static int check_file(struct file *file, struct netlink_ext_ack *extack)
{
	umode_t mode = file->f_mapping->host->i_mode;

	if (!S_ISREG(mode) && !S_ISBLK(mode)) {
		NL_SET_ERR_MSG(extack,
			       "neither a regular file nor a block device");
		return -EINVAL;
	}
	if (!file->f_op->read_iter ||
	    (file->f_mode & FMODE_WRITE && !file->f_op->write_iter)) {
		NL_SET_ERR_MSG(extack, "the file system can't do this");
		return -EINVAL;
	}
	if (file->f_flags & (O_DIRECT | O_APPEND)) {
		NL_SET_ERR_MSG(extack, "opened with O_DIRECT or O_APPEND");
		return -EINVAL;
	}
	return 0;
}

/* The disk below, if it is known.  A file's blocks may be anywhere on it. */
static struct block_device *disk_of(struct inode *inode)
{
	return S_ISBLK(inode->i_mode) ? I_BDEV(inode) : inode->i_sb->s_bdev;
}

static int attach(struct iet_volume *vol, const struct iet_lun_args *args,
		  struct netlink_ext_ack *extack)
{
	struct file *file = args->file;
	struct inode *inode = file->f_mapping->host;
	struct block_device *disk = disk_of(inode);
	int err = check_file(file, extack);

	if (err)
		return err;
	if (args->thin && !file->f_op->fallocate) {
		NL_SET_ERR_MSG(
			extack,
			"the file system has no holes: ThinProvisioned=No");
		return -EOPNOTSUPP;
	}
	vol->mode_default.wce = args->iomode == IET_IOMODE_WB;
	vol->hints.nonrot = disk && !bdev_rot(disk);
	vol->unmap_granularity = i_blocksize(inode);
	err = iet_iotype_geometry(vol, args, DEFAULT_BLOCK_SIZE,
				  i_size_read(inode), extack);
	if (err)
		return err;
	/* what is below may write a part of a page, but not of a sector */
	iet_iotype_atomic(vol,
			  disk ? bdev_logical_block_size(disk) : SECTOR_SIZE);
	/* Access times are metadata, which a read would have to wait for. */
	spin_lock(&file->f_lock);
	file->f_flags |= O_NOATIME;
	spin_unlock(&file->f_lock);
	return 0;
}

static u64 size(struct iet_volume *vol)
{
	return i_size_read(vol->file->f_mapping->host) >> vol->blk_shift;
}

/*
 * One call into the file system, for what is left of @io.  The end of the
 * file is an error, since the volume was as large as the file once.
 */
static int transfer_some(struct iet_io *io, int ki_flags)
{
	struct file *file = io->vol->file;
	u32 off = io->tio_off + io->progress;
	u32 len = io->len - io->progress;
	struct iov_iter iter;
	struct kiocb iocb;
	ssize_t n;

	init_sync_kiocb(&iocb, file);
	iocb.ki_pos = io->pos + io->progress;
	iocb.ki_flags |= ki_flags;
	if (io->op == IET_IO_READ) {
		iet_tio_iter(io->tio, &iter, ITER_DEST, off, len);
		n = file->f_op->read_iter(&iocb, &iter);
	} else {
		iet_tio_iter(io->tio, &iter, ITER_SOURCE, off, len);
		n = file->f_op->write_iter(&iocb, &iter);
	}
	if (n <= 0)
		return n ?: -EIO;
	io->progress += n;
	return 0;
}

static int transfer(struct iet_io *io, int ki_flags)
{
	int err = 0;

	while (!err && io->progress < io->len)
		err = transfer_some(io, ki_flags);
	return err;
}

static int read_cached(struct iet_io *io)
{
	int err;

	if (io->len > INLINE_MAX)
		return -EAGAIN;
	if (iet_file_cache_usable(io->vol->file))
		return iet_file_cache_copy(io) ? 0 : -EAGAIN;
	if (!(io->vol->file->f_mode & FMODE_NOWAIT))
		return -EAGAIN;
	err = transfer(io, IOCB_CACHED);
	/* whatever it was, the worker will see whether it stays so */
	return err ? -EAGAIN : 0;
}

static int write_file(struct iet_io *io)
{
	struct file *file = io->vol->file;
	int err;

	file_start_write(file);
	err = transfer(io, io->flags & IET_IO_FUA ? IOCB_DSYNC : 0);
	file_end_write(file);
	return err;
}

static int flush_file(struct iet_io *io)
{
	loff_t end = io->len ? io->pos + io->len - 1 : LLONG_MAX;

	return vfs_fsync_range(io->vol->file, io->pos, end, 1);
}

/* so many pages of zeroes are written by one call into the file system */
#define ZERO_PAGES 32

/* One call into the file system: how much of it is written, or an errno. */
static ssize_t write_some_zeroes(struct file *file, struct bio_vec *zeroes,
				 u64 pos, u64 len)
{
	struct iov_iter iter;
	struct kiocb iocb;
	ssize_t n;

	iov_iter_bvec(&iter, ITER_SOURCE, zeroes, ZERO_PAGES,
		      min_t(u64, len, ZERO_PAGES * PAGE_SIZE));
	init_sync_kiocb(&iocb, file);
	iocb.ki_pos = pos;
	n = file->f_op->write_iter(&iocb, &iter);
	return n ?: -EIO;
}

static int write_zeroes(const struct iet_io *io)
{
	struct file *file = io->vol->file;
	struct bio_vec zeroes[ZERO_PAGES];
	ssize_t n = 0;
	u64 done;
	int i;

	for (i = 0; i < ZERO_PAGES; i++)
		zeroes[i] = (struct bio_vec){ .bv_page = ZERO_PAGE(0),
					      .bv_len = PAGE_SIZE };
	file_start_write(file);
	for (done = 0; done < io->len; done += n) {
		n = write_some_zeroes(file, zeroes, io->pos + done,
				      io->len - done);
		if (n < 0)
			break;
	}
	file_end_write(file);
	return min_t(ssize_t, n, 0);
}

/*
 * By the file system if it can, on which it depends whether it can do it for
 * parts of its blocks; otherwise by writing.
 */
static int zero_range(struct iet_io *io)
{
	bool unmap = io->op == IET_IO_DISCARD || io->flags & IET_IO_UNMAP;
	loff_t pos = io->pos, len = io->len;
	int err;

	err = vfs_fallocate(io->vol->file,
			    FALLOC_FL_KEEP_SIZE |
				    (unmap ? FALLOC_FL_PUNCH_HOLE :
					     FALLOC_FL_ZERO_RANGE),
			    pos, len);
	if (err == -EOPNOTSUPP || err == -EINVAL)
		err = write_zeroes(io);
	if (!err && io->flags & IET_IO_FUA)
		err = vfs_fsync_range(io->vol->file, pos, pos + len - 1, 1);
	return err;
}

static int read_ahead(struct iet_io *io)
{
	vfs_fadvise(io->vol->file, io->pos, io->len, POSIX_FADV_WILLNEED);
	return 0;
}

/*
 * Where the file can't tell, as a block device can't, all is data.  A block of
 * which a part is data is mapped.
 */
static int extent(struct iet_volume *vol, u64 pos, u64 *len, bool *mapped)
{
	u64 mask = (1U << vol->blk_shift) - 1;
	loff_t data = vfs_llseek(vol->file, pos, SEEK_DATA), end;

	if (data == -ENXIO) { /* none until the end of the file */
		*mapped = false;
		return 0;
	}
	*mapped = true;
	if (data < 0)
		return data == -EINVAL || data == -EOPNOTSUPP ? 0 : data;
	data &= ~mask;
	if (data > (loff_t)pos) {
		*mapped = false;
		*len = min_t(u64, *len, data - pos);
		return 0;
	}
	end = vfs_llseek(vol->file, pos, SEEK_HOLE);
	if (end > (loff_t)pos)
		*len = min_t(u64, *len, round_up(end - pos, mask + 1));
	else
		*len = mask + 1;
	return 0;
}

static int space(struct iet_volume *vol, u64 *used, u64 *available)
{
	struct inode *inode = file_inode(vol->file);
	struct kstatfs st;
	int err;

	if (!S_ISREG(inode->i_mode))
		return -EOPNOTSUPP;
	err = vfs_statfs(&vol->file->f_path, &st);
	if (err)
		return err;
	*used = (u64)inode->i_blocks << SECTOR_SHIFT;
	*available = st.f_bavail * st.f_bsize;
	return 0;
}

/*
 * One call: the file system's locks are held that long, and an abort waits for
 * it.  Sharing costs metadata only; a server that copies may take long.
 */
#define SHARE_MAX SZ_64M
#define COPY_MAX SZ_4M

/* File systems can share whole blocks of theirs only. */
static int share_range(struct iet_volume *src, u64 spos, struct iet_volume *dst,
		       u64 dpos, u64 *len)
{
	u64 block = max3(i_blocksize(file_inode(dst->file)),
			 1U << src->blk_shift, 1U << dst->blk_shift);
	u64 head = -spos & (block - 1);
	loff_t n;

	if ((spos ^ dpos) & (block - 1))
		return -EOPNOTSUPP;
	if (head || *len < block) {
		*len = min(*len, head ?: *len);
		return -EOPNOTSUPP;
	}
	n = min_t(u64, round_down(*len, block), SHARE_MAX);
	n = vfs_clone_file_range(src->file, spos, dst->file, dpos, n, 0);
	if (n > 0)
		*len = n;
	return n > 0 ? 0 : n ?: -EIO;
}

/* Over a network, or in layers: what can copy without us. */
static int copy_behind(struct iet_volume *src, u64 spos, struct iet_volume *dst,
		       u64 dpos, u64 *len)
{
	ssize_t n;

	n = vfs_copy_file_range(src->file, spos, dst->file, dpos,
				min_t(u64, *len, COPY_MAX), 0);
	if (n > 0)
		*len = n;
	return n > 0 ? 0 : n ?: -EIO;
}

static int copy_range(struct iet_volume *src, u64 spos, struct iet_volume *dst,
		      u64 dpos, u64 *len)
{
	const struct file_operations *fop = dst->file->f_op;
	int err = -EOPNOTSUPP;

	if (fop != src->file->f_op ||
	    file_inode(src->file)->i_sb != file_inode(dst->file)->i_sb)
		return -EOPNOTSUPP;
	if (fop->remap_file_range)
		err = share_range(src, spos, dst, dpos, len);
	if (err == -EOPNOTSUPP && fop->copy_file_range)
		err = copy_behind(src, spos, dst, dpos, len);
	/* what file systems say when they can't do it just so */
	return err == -EINVAL || err == -EXDEV || err == -ETXTBSY ?
		       -EOPNOTSUPP :
		       err;
}

/*
 * Less than this is copied, which costs little more then, and keeps the blocks
 * of COMPARE AND WRITE whole for who reads them.
 */
#define BORROW_MIN SZ_16K

static bool borrow(struct iet_volume *vol, u64 pos, struct iet_tio *tio)
{
	return tio->size >= BORROW_MIN && iet_file_cache_usable(vol->file) &&
	       iet_file_cache_borrow(vol, pos, tio);
}

static int submit(struct iet_io *io, bool nowait)
{
	int err = -EINVAL;

	if (nowait && io->op != IET_IO_READ)
		return -EAGAIN;
	switch (io->op) {
	case IET_IO_READ:
		err = nowait ? read_cached(io) : transfer(io, 0);
		break;
	case IET_IO_WRITE:
		err = write_file(io);
		break;
	case IET_IO_FLUSH:
		err = flush_file(io);
		break;
	case IET_IO_DISCARD:
	case IET_IO_WRITE_ZEROES:
		err = zero_range(io);
		break;
	case IET_IO_PREFETCH:
		err = read_ahead(io);
		break;
	}
	if (!err)
		io->done(io, 0);
	return err;
}

const struct iet_iotype iet_fileio = {
	.name = "fileio",
	.needs_file = true,
	.discard_zeroes = true,
	.attach = attach,
	.submit = submit,
	.extent = extent,
	.space = space,
	.borrow = borrow,
	.copy_range = copy_range,
	.size = size,
};
