/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Arithmetic of a tio's segments.  All segments but the last are of the same
 * size, so that an offset leads to its segment without a search.  Pure
 * functions.
 */
#ifndef IET_TIO_MATH_H
#define IET_TIO_MATH_H

#include <asm/page.h>
#include <linux/types.h>

/*
 * Much data is in pieces of 32 KiB, which is as much as the page allocator
 * likes to give.
 */
#define IET_TIO_LARGE_SHIFT (PAGE_SHIFT > 15 ? PAGE_SHIFT : 15)
#define IET_TIO_LARGE_MIN (64U << 10)

/**
 * iet_tio_seg() - the segment that holds a byte
 * @shift: size of a segment, log2 of bytes
 * @off: offset of the byte in the transfer
 *
 * Return: index of the segment.
 */
static inline u32 iet_tio_seg(u8 shift, u32 off)
{
	return off >> shift;
}

/**
 * iet_tio_seg_off() - where in its segment a byte is
 * @shift: size of a segment, log2 of bytes
 * @off: offset of the byte in the transfer
 *
 * Return: offset in the segment, bytes.
 */
static inline u32 iet_tio_seg_off(u8 shift, u32 off)
{
	return off & ((1U << shift) - 1);
}

/**
 * iet_tio_piece() - the first piece of a range that lies in one segment
 * @shift: size of a segment, log2 of bytes
 * @off: begin of the range, bytes
 * @len: length of the range, bytes
 *
 * Return: length of the piece, bytes; 0 only if @len is.
 */
static inline u32 iet_tio_piece(u8 shift, u32 off, u32 len)
{
	u32 room = (1U << shift) - iet_tio_seg_off(shift, off);

	return len < room ? len : room;
}

/**
 * iet_tio_nr_segs() - how many segments a range touches
 * @shift: size of a segment, log2 of bytes
 * @off: begin of the range, bytes
 * @len: length of the range, bytes
 *
 * Return: number of segments, 0 only if @len is.
 */
static inline u32 iet_tio_nr_segs(u8 shift, u32 off, u32 len)
{
	u64 end = (u64)iet_tio_seg_off(shift, off) + len;

	return len ? (end + (1U << shift) - 1) >> shift : 0;
}

/**
 * iet_tio_seg_len() - how long a segment is
 * @shift: size of a segment, log2 of bytes
 * @size: length of the transfer, bytes
 * @seg: index of a segment, less than iet_tio_nr_segs(@shift, 0, @size)
 *
 * Return: length of the segment, bytes.
 */
static inline u32 iet_tio_seg_len(u8 shift, u32 size, u32 seg)
{
	u32 off = seg << shift;

	return iet_tio_piece(shift, off, size - off);
}

/**
 * iet_tio_clip() - the part of a range that exists
 * @size: length of the transfer, bytes
 * @off: begin of the range, bytes
 * @len: length of the range, bytes
 *
 * Return: how many bytes of the range are within the transfer.
 */
static inline u32 iet_tio_clip(u32 size, u32 off, u32 len)
{
	u32 left = off < size ? size - off : 0;

	return len < left ? len : left;
}

#endif /* IET_TIO_MATH_H */
