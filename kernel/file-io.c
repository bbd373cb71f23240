// SPDX-License-Identifier: GPL-2.0-only
/*
 * fileio: a regular file, or a block device, through the page cache.
 *
 * The file's own read_iter and write_iter are called, not vfs_iter_*(), whose
 * rules of freeze protection have changed between kernels.
 */
#include <linux/fs.h>
#include <linux/netlink.h>
#include <linux/sizes.h>
#include <linux/uio.h>

#include "compat.h"
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

static int attach(struct iet_volume *vol, const struct iet_lun_args *args,
		  struct netlink_ext_ack *extack)
{
	struct file *file = args->file;
	int err = check_file(file, extack);

	if (err)
		return err;
	vol->wce = args->iomode == IET_IOMODE_WB;
	err = iet_iotype_geometry(vol, args, DEFAULT_BLOCK_SIZE,
				  i_size_read(file->f_mapping->host), extack);
	if (err)
		return err;
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

	if (!(io->vol->file->f_mode & FMODE_NOWAIT) || io->len > INLINE_MAX)
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

static int submit(struct iet_io *io, bool nowait)
{
	int err;

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
	default:
		err = -EOPNOTSUPP;
	}
	if (!err)
		io->done(io, 0);
	return err;
}

const struct iet_iotype iet_fileio = {
	.name = "fileio",
	.needs_file = true,
	.attach = attach,
	.submit = submit,
	.size = size,
};
