/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Arithmetic of a tio's segments.  All segments but the last are full pages,
 * so that an offset leads to its segment without a search.  Pure functions.
 */
#ifndef IET_TIO_MATH_H
#define IET_TIO_MATH_H

#include <asm/page.h>
#include <linux/types.h>

#define IET_TIO_SEG_MASK ((u32)PAGE_SIZE - 1)

/**
 * iet_tio_seg() - the segment that holds a byte
 * @off: offset of the byte in the transfer
 *
 * Return: index of the segment.
 */
static inline u32 iet_tio_seg(u32 off)
{
	return off >> PAGE_SHIFT;
}

/**
 * iet_tio_seg_off() - where in its segment a byte is
 * @off: offset of the byte in the transfer
 *
 * Return: offset in the segment, bytes.
 */
static inline u32 iet_tio_seg_off(u32 off)
{
	return off & IET_TIO_SEG_MASK;
}

/**
 * iet_tio_piece() - the first piece of a range that lies in one segment
 * @off: begin of the range, bytes
 * @len: length of the range, bytes
 *
 * Return: length of the piece, bytes; 0 only if @len is.
 */
static inline u32 iet_tio_piece(u32 off, u32 len)
{
	u32 room = (u32)PAGE_SIZE - iet_tio_seg_off(off);

	return len < room ? len : room;
}

/**
 * iet_tio_nr_segs() - how many segments a range touches
 * @off: begin of the range, bytes
 * @len: length of the range, bytes
 *
 * Return: number of segments, 0 only if @len is.
 */
static inline u32 iet_tio_nr_segs(u32 off, u32 len)
{
	u64 end = (u64)iet_tio_seg_off(off) + len;

	return len ? (end + IET_TIO_SEG_MASK) >> PAGE_SHIFT : 0;
}

/**
 * iet_tio_seg_len() - how long a segment is
 * @size: length of the transfer, bytes
 * @seg: index of a segment, less than iet_tio_nr_segs(0, @size)
 *
 * Return: length of the segment, bytes.
 */
static inline u32 iet_tio_seg_len(u32 size, u32 seg)
{
	u32 off = seg << PAGE_SHIFT;

	return iet_tio_piece(off, size - off);
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
