// SPDX-License-Identifier: GPL-2.0-only
/*
 * Block commands (SBC-3): READ, WRITE, READ CAPACITY, SYNCHRONIZE CACHE,
 * PRE-FETCH and READ DEFECT DATA.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/math64.h>

#include "compat.h"
#include "opcodes.h"
#include "volume.h"

#define FLAG_FUA 0x08

/* byte 14 of READ CAPACITY(16) */
#define CAP16_LBPME 0x80 /* thin provisioned */
#define CAP16_LBPRZ 0x40 /* what is unmapped reads as zeroes */

/* not in 6-byte commands, which keep a part of the LBA there */
static bool is_fua(const struct iet_scmd *s)
{
	return s->op->layout != IET_CDB_RW6 && (iet_scsi_flags(s) & FLAG_FUA);
}

/**
 * iet_sbc_read_capacity10() - READ CAPACITY(10), SBC-3 5.15
 * @s: the command
 * @buf: parameter data
 *
 * Return: bytes of parameter data
 */
int iet_sbc_read_capacity10(struct iet_scmd *s, u8 *buf)
{
	u64 last = READ_ONCE(s->vol->nr_blocks) - 1;

	put_unaligned_be32(min_t(u64, last, U32_MAX), buf);
	put_unaligned_be32(1U << s->vol->blk_shift, buf + 4);
	return 8;
}

/**
 * iet_sbc_read_capacity16() - READ CAPACITY(16), SBC-3 5.16
 * @s: the command
 * @buf: parameter data
 *
 * No protection information.
 *
 * Return: bytes of parameter data
 */
int iet_sbc_read_capacity16(struct iet_scmd *s, u8 *buf)
{
	struct iet_props props;

	iet_props_get(s->vol, &props);
	put_unaligned_be64(READ_ONCE(s->vol->nr_blocks) - 1, buf);
	put_unaligned_be32(1U << s->vol->blk_shift, buf + 8);
	buf[13] = iet_props_phys_exponent(s->vol, &props);
	put_unaligned_be16(iet_props_lowest_aligned(s->vol, &props), buf + 14);
	if (s->vol->thin)
		buf[14] |= CAP16_LBPME |
			   (s->vol->iotype->discard_zeroes ? CAP16_LBPRZ : 0);
	return 32;
}

/**
 * iet_sbc_write_flags() - how durable a write is to be
 * @s: the command
 *
 * Without a write cache, as with FUA, blocks are on stable storage before
 * status GOOD is sent.
 *
 * Return: IET_IO_*
 */
u32 iet_sbc_write_flags(const struct iet_scmd *s)
{
	return is_fua(s) || !iet_volume_caches(s->vol) ? IET_IO_FUA : 0;
}

static int read_medium(struct iet_scmd *s)
{
	return iet_scsi_io(s, IET_IO_READ, 0, &s->tio, 0, s->tio.size, NULL);
}

static void read_after_flush(struct iet_scmd *s)
{
	if (s->err)
		iet_scsi_end(s, s->err);
	else
		read_medium(s);
}

/**
 * iet_sbc_read() - READ(6), (10), (12), (16), SBC-3 5.10 to 5.13
 * @s: the command
 * @gfp: for the pages
 *
 * Reads the whole blocks that it takes to fill what the initiator expects.
 * With FUA, data that is in the cache only goes to the medium first.
 *
 * Return: see &struct iet_scsi_op
 */
int iet_sbc_read(struct iet_scmd *s, gfp_t gfp)
{
	u32 len = round_up(min(s->in_len, s->edtl), 1U << s->vol->blk_shift);
	bool flush = is_fua(s) && iet_volume_caches(s->vol);
	int err;

	if (!len)
		return 0;
	if (!flush && iet_scsi_borrow(s, len, gfp))
		return 0;
	err = iet_scsi_alloc(s, len, gfp);
	if (err)
		return err;
	if (flush)
		return iet_scsi_io(s, IET_IO_FLUSH, 0, NULL, 0, len,
				   read_after_flush);
	return read_medium(s);
}

/**
 * iet_sbc_write() - WRITE(6), (10), (12), (16), SBC-3 5.28 to 5.31
 * @s: the command
 * @gfp: for the pages, if a part of a block has come
 *
 * Writes what has come.
 *
 * Return: see &struct iet_scsi_op
 */
int iet_sbc_write(struct iet_scmd *s, gfp_t gfp)
{
	u32 len = iet_scsi_out_bytes(s);

	if (iet_scsi_out_part(s))
		return iet_sbc_write_part(s, gfp);
	if (!len)
		return 0;
	return iet_scsi_io(s, IET_IO_WRITE, iet_sbc_write_flags(s), &s->tio, 0,
			   len, NULL);
}

/**
 * iet_sbc_write_atomic() - WRITE ATOMIC(16), SBC-4 5.48
 * @s: the command
 * @gfp: unused
 *
 * As far as other commands are concerned, any write is atomic with its blocks
 * to itself.  What is promised beyond, that a power cut leaves all of it or
 * nothing, is the medium's to keep: hence the limit.  Nor is a part of it ever
 * written because the rest has not come.
 *
 * Return: see &struct iet_scsi_op
 */
int iet_sbc_write_atomic(struct iet_scmd *s, gfp_t gfp)
{
	u32 len = s->nr_blocks << s->vol->blk_shift;
	u32 flags = iet_sbc_write_flags(s) | IET_IO_ATOMIC;
	u32 rest;

	if (len > s->vol->atomic_max || len % s->vol->atomic_min) {
		iet_scsi_invalid_field(s, 12, 7);
		return 0;
	}
	div_u64_rem(s->lba << s->vol->blk_shift, s->vol->atomic_align, &rest);
	if (len && rest) {
		iet_scsi_invalid_field(s, 2, 7);
		return 0;
	}
	if (!len || iet_scsi_out_bytes(s) < len)
		return 0;
	return iet_scsi_io(s, IET_IO_WRITE, flags, &s->tio, 0, len, NULL);
}

/* a length of 0 in the CDB means: to the end of the medium */
static u64 range_bytes(const struct iet_scmd *s)
{
	u64 nr = s->nr_blocks ?: READ_ONCE(s->vol->nr_blocks) - s->lba;

	return nr << s->vol->blk_shift;
}

/**
 * iet_sbc_sync_cache() - SYNCHRONIZE CACHE(10), (16), SBC-3 5.24, 5.25
 * @s: the command
 * @gfp: unused
 *
 * IMMED is not obeyed in that status waits for the flush: a flush that failed
 * after its status was sent could only be told by deferred sense data, which
 * initiators are known to overlook.
 *
 * Return: see &struct iet_scsi_op
 */
int iet_sbc_sync_cache(struct iet_scmd *s, gfp_t gfp)
{
	return iet_scsi_io(s, IET_IO_FLUSH, 0, NULL, 0, range_bytes(s), NULL);
}

/**
 * iet_sbc_prefetch() - PRE-FETCH(10), (16), SBC-3 5.9
 * @s: the command
 * @gfp: unused
 *
 * No more than one command can read later, so that nobody turns the whole
 * cache over.  Status is GOOD and not CONDITION MET, which would promise that
 * all of it is in the cache now.  With IMMED as without: it is the medium's
 * reading ahead that is begun.
 *
 * Return: see &struct iet_scsi_op
 */
int iet_sbc_prefetch(struct iet_scmd *s, gfp_t gfp)
{
	return iet_scsi_io(s, IET_IO_PREFETCH, 0, NULL, 0,
			   min_t(u64, range_bytes(s), IET_TIO_MAX), NULL);
}

/**
 * iet_sbc_read_defects() - READ DEFECT DATA(10), (12), SBC-3 5.17, 5.18
 * @s: the command
 * @buf: parameter data
 *
 * The lists of defects are empty, in whatever format.
 *
 * Return: bytes of parameter data
 */
int iet_sbc_read_defects(struct iet_scmd *s, u8 *buf)
{
	bool ten = s->op->len == 10;

	buf[1] = s->cdb[ten ? 2 : 1] & 0x1f;
	return ten ? 4 : 8;
}
