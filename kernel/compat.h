/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between kernel versions: the only file that knows.  The code
 * is written for the newest kernel; an older one gets a function of ours or a
 * fallback under upstream's name here.  probe.h is made from probe/ (Kbuild).
 */
#ifndef IET_COMPAT_H
#define IET_COMPAT_H

#include <linux/blkdev.h>
#include <linux/bvec.h>
#include <linux/minmax.h>
#include <linux/net.h>
#include <linux/socket.h>
#include <linux/uio.h>
#include <net/genetlink.h>

#include "probe.h"

#ifdef HAVE_HEX_H
#include <linux/hex.h>
#endif

#ifdef HAVE_UNALIGNED_H
#include <linux/unaligned.h>
#else
#include <asm/unaligned.h>
#endif

/* 6.2 (de4eda9de2d9) */
#ifndef ITER_SOURCE
#define ITER_SOURCE WRITE
#define ITER_DEST READ
#endif

#ifndef HAVE_BDEV_ROT
static inline bool bdev_rot(struct block_device *bdev)
{
	return !bdev_nonrot(bdev);
}
#endif

/**
 * iet_bdev_atomic_writes() - what a block device writes whole or not at all
 * @bdev: the device
 * @min: a multiple of that much, bytes
 * @max: at most that much, bytes; 0: nothing, or before 6.11
 * @boundary: not across a multiple of that much, bytes; 0: across anything
 */
#ifdef HAVE_ATOMIC_WRITES
static inline void iet_bdev_atomic_writes(struct block_device *bdev, u32 *min,
					  u32 *max, u32 *boundary)
{
	struct request_queue *q = bdev_get_queue(bdev);

	*min = queue_atomic_write_unit_min_bytes(q);
	*max = bdev_can_atomic_write(bdev) ?
		       queue_atomic_write_unit_max_bytes(q) :
		       0;
	*boundary = queue_atomic_write_boundary_bytes(q);
}
#else
#define REQ_ATOMIC ((__force blk_opf_t)0)
static inline void iet_bdev_atomic_writes(struct block_device *bdev, u32 *min,
					  u32 *max, u32 *boundary)
{
	*min = *max = *boundary = 0;
}
#endif

/**
 * iet_genl_dump_attrs() - the attributes of a dump request
 * @cb: dump state of a genetlink family
 *
 * Return: the parsed attributes, by attribute type.
 */
static inline struct nlattr **iet_genl_dump_attrs(struct netlink_callback *cb)
{
#ifdef HAVE_GENL_INFO_DUMP
	return genl_info_dump(cb)->attrs;
#else
	return genl_dumpit_info(cb)->attrs;
#endif
}

/**
 * iet_sock_send_bvec() - send pages without copying them
 * @sock: TCP socket
 * @bv: segments; no slab pages
 * @nr: how many
 * @off: where in the segments to begin, bytes
 * @len: bytes to send; @bv holds at least @off + @len
 * @flags: MSG_DONTWAIT, MSG_MORE ...
 *
 * The pages stay referenced by the socket until the peer has acknowledged
 * them, and must not change before.  Context: sleeps unless MSG_DONTWAIT.
 *
 * Return: the number of bytes queued, which may be less than @len, or a
 * negative errno if it is none.
 */
#ifdef HAVE_SENDPAGE
static inline int iet_sock_send_bvec(struct socket *sock, struct bio_vec *bv,
				     unsigned int nr, size_t off, size_t len,
				     int flags)
{
	size_t sent = 0;

	for (; nr && off >= bv->bv_len; bv++, nr--)
		off -= bv->bv_len;
	for (; nr && sent < len; bv++, nr--, off = 0) {
		size_t n = min_t(size_t, bv->bv_len - off, len - sent);
		int more = sent + n < len ? MSG_MORE | MSG_SENDPAGE_NOTLAST : 0;
		int err = kernel_sendpage(sock, bv->bv_page,
					  bv->bv_offset + off, n, flags | more);

		if (err <= 0)
			return sent ? sent : err;
		sent += err;
		if (err < n)
			break;
	}
	return sent;
}
#else
static inline int iet_sock_send_bvec(struct socket *sock, struct bio_vec *bv,
				     unsigned int nr, size_t off, size_t len,
				     int flags)
{
	struct msghdr msg = { .msg_flags = flags | MSG_SPLICE_PAGES };

	iov_iter_bvec(&msg.msg_iter, ITER_SOURCE, bv, nr, off + len);
	iov_iter_advance(&msg.msg_iter, off);
	return sock_sendmsg(sock, &msg);
}
#endif

#endif /* IET_COMPAT_H */
