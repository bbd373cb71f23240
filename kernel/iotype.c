// SPDX-License-Identifier: GPL-2.0-only
/*
 * iotypes: their registry, and the one door through which medium operations
 * go: tried at once by the submitter, handed to a worker of the volume if it
 * would have to wait.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/log2.h>
#include <linux/netlink.h>
#include <linux/printk.h>
#include <linux/string.h>

#include "compat.h"
#include "crypt.h"
#include "iotype.h"
#include "noio.h"
#include "volume.h"

#define BLOCK_SIZE_MIN 512
#define BLOCK_SIZE_MAX 4096

static const struct iet_iotype *const iotypes[] = {
	&iet_fileio,
	&iet_blockio,
	&iet_nullio,
};

/**
 * iet_iotype_find() - an iotype by its name
 * @name: as in the configuration
 *
 * Context: any.
 * Return: the iotype, or NULL if there is none of that name.
 */
const struct iet_iotype *iet_iotype_find(const char *name)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(iotypes); i++)
		if (!strcmp(iotypes[i]->name, name))
			return iotypes[i];
	return NULL;
}

/**
 * iet_iotype_geometry() - set a volume's block size and size
 * @vol: volume being attached
 * @args: what LUN_NEW asked for
 * @block_size: what to use if @args has none, bytes
 * @bytes: size of the medium, bytes; what is less than a block at its end is
 *	left unused
 * @extack: takes the reason of a refusal
 *
 * Context: any.
 * Return: 0; -EINVAL: no such block size, or not one block.
 */
int iet_iotype_geometry(struct iet_volume *vol, const struct iet_lun_args *args,
			u32 block_size, u64 bytes,
			struct netlink_ext_ack *extack)
{
	if (args->block_size)
		block_size = args->block_size;
	if (!is_power_of_2(block_size) || block_size < BLOCK_SIZE_MIN ||
	    block_size > BLOCK_SIZE_MAX) {
		NL_SET_ERR_MSG(extack,
			       "the block size is not 512, 1024, 2048 or 4096");
		return -EINVAL;
	}
	if (bytes < block_size) {
		NL_SET_ERR_MSG(extack, "the medium is smaller than one block");
		return -EINVAL;
	}
	vol->blk_shift = ilog2(block_size);
	vol->nr_blocks = bytes >> vol->blk_shift;
	if (bytes & (block_size - 1))
		pr_notice("%s: the last %u bytes are no whole block: unused\n",
			  vol->path, (u32)bytes & (block_size - 1));
	return 0;
}

/**
 * iet_iotype_atomic() - what a volume can write through a power cut
 * @vol: volume being attached, its block size is set
 * @sector: bytes that the medium never writes a part of
 *
 * What is less than a block is of no use.
 *
 * Context: any.
 */
void iet_iotype_atomic(struct iet_volume *vol, u32 sector)
{
	u32 bs = 1U << vol->blk_shift;

	if (sector < bs)
		return;
	vol->atomic_max = bs;
	vol->atomic_min = bs;
	vol->atomic_align = bs;
}

/**
 * iet_io_run() - carry a medium operation out by the iotype
 * @io: as of iet_io_submit(), encrypted already
 *
 * Context: a worker; sleeps.
 */
void iet_io_run(struct iet_io *io)
{
	struct iet_noio noio = iet_noio_begin();
	int err;

	io->progress = 0;
	err = io->vol->iotype->submit(io, false);
	if (err)
		io->done(io, err);
	iet_noio_end(noio);
}

static void run_work(struct work_struct *work)
{
	iet_io_run(container_of(work, struct iet_io, work));
}

/**
 * iet_io_defer() - hand an io to a worker of its volume
 * @io: taken by its iotype with nowait, and now found to need to wait
 *
 * The worker submits it once more, without nowait.
 *
 * Context: any, also hard interrupts.
 */
void iet_io_defer(struct iet_io *io)
{
	INIT_WORK(&io->work, run_work);
	queue_work(io->vol->wq, &io->work);
}

static bool maps_blocks(const struct iet_io *io)
{
	return io->op == IET_IO_WRITE ||
	       (io->op == IET_IO_WRITE_ZEROES && !(io->flags & IET_IO_UNMAP));
}

/**
 * iet_io_submit_below() - start a medium operation by the iotype
 * @io: as of iet_io_submit(), encrypted already
 *
 * Context: process context; does not sleep.
 */
void iet_io_submit_below(struct iet_io *io)
{
	int err;

	io->progress = 0;
	err = io->vol->iotype->submit(io, true);
	if (err == -EAGAIN)
		iet_io_defer(io);
	else if (err)
		io->done(io, err);
}

/**
 * iet_io_submit() - start a medium operation
 * @io: the first part of struct iet_io is set; the caller holds a reference to
 *	io->vol and keeps it until io->done
 *
 * io->done may have been called before this returns: the caller must not
 * touch @io any more.  Operations that were not ordered by waiting for done
 * may be carried out in any order.
 *
 * Context: process context; does not sleep.
 */
void iet_io_submit(struct iet_io *io)
{
	if (unlikely(READ_ONCE(io->vol->unmapped)) && maps_blocks(io))
		WRITE_ONCE(io->vol->unmapped, false);
	if (unlikely(io->vol->crypt) && iet_crypt_changes(io))
		iet_crypt_submit(io);
	else
		iet_io_submit_below(io);
}

/**
 * iet_io_copy_range() - have the medium copy
 * @src: from where; the caller holds a reference
 * @spos: first byte there
 * @dst: to where, of the same iotype, which can copy, and neither encrypted;
 *	the caller holds a reference
 * @dpos: first byte there
 * @len: bytes; set to what has been copied, or with -EOPNOTSUPP to what the
 *	caller has to read and write before it tries again
 *
 * Context: a worker; sleeps and does I/O.
 * Return: 0, -EOPNOTSUPP, or another negative errno.
 */
int iet_io_copy_range(struct iet_volume *src, u64 spos, struct iet_volume *dst,
		      u64 dpos, u64 *len)
{
	struct iet_noio noio = iet_noio_begin();
	int err = dst->iotype->copy_range(src, spos, dst, dpos, len);

	iet_noio_end(noio);
	return err;
}
