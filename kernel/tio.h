/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tio, target I/O: the pages that hold the data of one transfer.
 *
 * Pages come from per-CPU caches of recycled ones; those of large transfers are
 * compound ones, if they can be had.  A page that was given to
 * the network stack stays referenced by its skbs until the peer has
 * acknowledged it, so it is used again only when nobody else holds a reference
 * any more.
 *
 * Lifetime: embedded in a command; iet_tio_alloc() fills it, iet_tio_free()
 * empties it.  No locking: whoever runs the command owns it.
 */
#ifndef IET_TIO_H
#define IET_TIO_H

#include <linux/bvec.h>
#include <linux/gfp.h>
#include <linux/types.h>
#include <linux/uio.h>

#define IET_TIO_INLINE 8

/* largest transfer of one command, bytes: Block Limits says the same */
#define IET_TIO_MAX (32U << 20)

/**
 * struct iet_tio - the pages of a transfer
 * @bv: segments, @inline_bv or an array of its own
 * @paged_bv: that array is a page
 * @nr: segments in use
 * @size: bytes held; all segments but the last are full pages
 * @shift: size of these pages, log2 of bytes
 * @borrowed: the pages are somebody else's: to be read only
 * @inline_bv: enough for small transfers
 */
struct iet_tio {
	struct bio_vec *bv;
	unsigned int nr;
	u32 size;
	u8 shift;
	bool borrowed;
	bool paged_bv;
	struct bio_vec inline_bv[IET_TIO_INLINE];
};

int iet_tio_init_caches(void);
void iet_tio_exit_caches(void);

int iet_tio_alloc(struct iet_tio *tio, u32 len, gfp_t gfp);
int iet_tio_borrow(struct iet_tio *tio, u32 len, u8 shift, gfp_t gfp);
void iet_tio_lend(struct iet_tio *tio, struct page *page);
void iet_tio_free(struct iet_tio *tio);

void *iet_tio_address(const struct iet_tio *tio, u32 off);
void iet_tio_iter(struct iet_tio *tio, struct iov_iter *iter,
		  unsigned int direction, u32 off, u32 len);
u32 iet_tio_write(struct iet_tio *tio, u32 off, const void *buf, u32 len);
u32 iet_tio_read(struct iet_tio *tio, u32 off, void *buf, u32 len);
void iet_tio_zero(struct iet_tio *tio, u32 off, u32 len);
u32 iet_tio_crc32c(struct iet_tio *tio, u32 off, u32 len, u32 crc);

#endif /* IET_TIO_H */
