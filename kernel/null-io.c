// SPDX-License-Identifier: GPL-2.0-only
/*
 * nullio: no medium.  Reads give zeroes, writes are thrown away.
 */
#include <linux/limits.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/netlink.h>
#include <linux/sizes.h>

#include "compat.h"
#include "iotype.h"
#include "tio.h"
#include "tio_math.h"
#include "volume.h"

#define DEFAULT_BLOCK_SIZE 512
#define DEFAULT_BYTES (64ULL << 30)

/* as much as a tio's large segments hold */
static struct page *zeroes;

/**
 * iet_nullio_init() - get memory for zeroes
 *
 * Context: module init.
 * Return: 0 or -ENOMEM.
 */
int iet_nullio_init(void)
{
	zeroes = alloc_pages(GFP_KERNEL | __GFP_ZERO | __GFP_COMP,
			     IET_TIO_LARGE_SHIFT - PAGE_SHIFT);
	return zeroes ? 0 : -ENOMEM;
}

/**
 * iet_nullio_exit() - undo iet_nullio_init()
 *
 * TCP may still hold some of it.  Context: module exit.
 */
void iet_nullio_exit(void)
{
	put_page(zeroes);
}

static int attach(struct iet_volume *vol, const struct iet_lun_args *args,
		  struct netlink_ext_ack *extack)
{
	u32 block_size = args->block_size ?: DEFAULT_BLOCK_SIZE;
	u64 bytes = DEFAULT_BYTES;

	if (args->iomode != IET_IOMODE_WT) {
		NL_SET_ERR_MSG(extack, "nullio has no IOMode");
		return -EINVAL;
	}
	if (args->blocks > div_u64(S64_MAX, block_size)) {
		NL_SET_ERR_MSG(extack, "too many blocks");
		return -EINVAL;
	}
	vol->hints.nonrot = true;
	if (args->blocks)
		bytes = args->blocks * block_size;
	return iet_iotype_geometry(vol, args, block_size, bytes, extack);
}

static int submit(struct iet_io *io, bool nowait)
{
	switch (io->op) {
	case IET_IO_READ:
		/* the pages may hold another initiator's data */
		iet_tio_zero(io->tio, io->tio_off, io->len);
		break;
	case IET_IO_WRITE:
	case IET_IO_FLUSH:
	case IET_IO_DISCARD:
	case IET_IO_WRITE_ZEROES:
	case IET_IO_PREFETCH:
		break;
	}
	io->done(io, 0);
	return 0;
}

/* Zeroes that are there already. */
static bool borrow(struct iet_volume *vol, u64 pos, struct iet_tio *tio)
{
	struct page *page = tio->shift == PAGE_SHIFT ? ZERO_PAGE(0) : zeroes;
	u32 nr = iet_tio_nr_segs(tio->shift, 0, tio->size);

	while (nr--) {
		get_page(page);
		iet_tio_lend(tio, page);
	}
	return true;
}

static u64 size(struct iet_volume *vol)
{
	return vol->nr_blocks;
}

const struct iet_iotype iet_nullio = {
	.name = "nullio",
	.discard_zeroes = true,
	.attach = attach,
	.submit = submit,
	.borrow = borrow,
	.size = size,
};
