// SPDX-License-Identifier: GPL-2.0-only
/*
 * Logical block provisioning (SBC-3 4.7): UNMAP and GET LBA STATUS, which thin
 * provisioned units know.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <scsi/scsi_proto.h>

#include "compat.h"
#include "opcodes.h"
#include "param_data.h"
#include "volume.h"

/* of the CDB of UNMAP, byte 1 */
#define ANCHOR 0x01

#define UNMAP_HEADER 8
#define UNMAP_DESCRIPTOR 16

#define STATUS_HEADER 8
#define STATUS_DESCRIPTOR 16
#define STATUS_DEALLOCATED 0x01
/* most descriptors that are returned; initiators ask again for the rest */
#define STATUS_MAX ((IET_PARAM_MAX - STATUS_HEADER) / STATUS_DESCRIPTOR)

/**
 * struct unmap - state of an UNMAP
 * @nr: descriptors
 * @next: which is to be done next
 * @done: what has been done of it, blocks
 * @first: the first block of all of them
 * @end: the block after the last
 * @d: the descriptors
 *
 * Lifetime: iet_scmd.state, from execute to release.
 */
struct unmap {
	u16 nr;
	u16 next;
	u32 done;
	u64 first;
	u64 end;
	struct {
		u64 lba;
		u32 nr_blocks;
	} d[IET_UNMAP_DESCRIPTORS];
};

/* --- UNMAP ---------------------------------------------------------------- */

/*
 * Is the list whole?  Its length in bytes goes to *@len.  A last descriptor
 * that is not whole is left out (SBC-3 5.28.2).
 */
static bool list_length(struct iet_scmd *s, u32 have, u16 *len)
{
	u8 header[UNMAP_HEADER];

	if (have < sizeof(header)) {
		iet_scsi_refuse(s, ILLEGAL_REQUEST, IET_ASC_PARAM_LENGTH);
		return false;
	}
	iet_tio_read(&s->tio, 0, header, sizeof(header));
	*len = round_down(get_unaligned_be16(header + 2), UNMAP_DESCRIPTOR);
	if (get_unaligned_be16(header) + 2 < *len + UNMAP_HEADER) {
		iet_scsi_invalid_param(s, 0, 7);
		return false;
	}
	if (*len + UNMAP_HEADER > have) {
		iet_scsi_refuse(s, ILLEGAL_REQUEST, IET_ASC_PARAM_LENGTH);
		return false;
	}
	if (*len / UNMAP_DESCRIPTOR > IET_UNMAP_DESCRIPTORS) {
		iet_scsi_invalid_param(s, 2, 7);
		return false;
	}
	return true;
}

/* Nothing is unmapped if one of the ranges is bad. */
static bool get_descriptors(struct iet_scmd *s, struct unmap *u, u16 len)
{
	u64 nr_blocks = READ_ONCE(s->vol->nr_blocks), lba;
	u8 raw[UNMAP_DESCRIPTOR];
	u16 off;
	u32 nr;

	u->first = U64_MAX;
	for (off = 0; off < len; off += sizeof(raw)) {
		iet_tio_read(&s->tio, UNMAP_HEADER + off, raw, sizeof(raw));
		lba = get_unaligned_be64(raw);
		nr = get_unaligned_be32(raw + 8);
		if (lba > nr_blocks || nr > nr_blocks - lba) {
			iet_scsi_refuse(s, ILLEGAL_REQUEST,
					IET_ASC_LBA_OUT_OF_RANGE);
			return false;
		}
		if (!nr)
			continue;
		u->first = min(u->first, lba);
		u->end = max(u->end, lba + nr);
		u->d[u->nr].lba = lba;
		u->d[u->nr++].nr_blocks = nr;
	}
	return true;
}

static void unmap_done(struct iet_scmd *s);

static u32 step_blocks(const struct iet_scmd *s)
{
	return IET_ZEROES_MAX >> s->vol->blk_shift;
}

/* Is one operation all that there is to do? */
static bool in_one_step(const struct iet_scmd *s, const struct unmap *u)
{
	return u->nr == 1 && u->d[0].nr_blocks <= step_blocks(s);
}

/*
 * To anchor is to write zeroes without unmapping: what is written there later
 * has its space.  The medium does not tell such blocks from others, so they
 * count as mapped, which SBC-3 4.7.4 allows at any time.
 */
static int unmap_next(struct iet_scmd *s)
{
	struct unmap *u = s->state;
	u32 left = u->d[u->next].nr_blocks - u->done;
	u32 nr = min(left, step_blocks(s));
	enum iet_io_op op = s->cdb[1] & ANCHOR ? IET_IO_WRITE_ZEROES :
						 IET_IO_DISCARD;
	u32 flags = 0;

	if (in_one_step(s, u) && !iet_volume_caches(s->vol))
		flags = IET_IO_FUA;
	s->lba = u->d[u->next].lba + u->done;
	u->done += nr;
	if (nr == left) {
		u->done = 0;
		u->next++;
	}
	return iet_scsi_io(s, op, flags, NULL, 0, (u64)nr << s->vol->blk_shift,
			   unmap_done);
}

/* One flush at the end costs less than one for each step. */
static void unmap_flush(struct iet_scmd *s)
{
	const struct unmap *u = s->state;

	s->lba = u->first;
	iet_scsi_io(s, IET_IO_FLUSH, 0, NULL, 0,
		    (u->end - u->first) << s->vol->blk_shift, NULL);
}

static void unmap_done(struct iet_scmd *s)
{
	struct unmap *u = s->state;
	bool more = u->next < u->nr;

	if (s->err || (more && iet_scsi_stopped(s)))
		iet_scsi_end(s, s->err);
	else if (more)
		unmap_next(s);
	else if (in_one_step(s, u) || iet_volume_caches(s->vol))
		iet_scsi_end(s, 0);
	else
		unmap_flush(s);
}

/**
 * iet_sbc_unmap() - UNMAP, SBC-3 5.28
 * @s: the command
 * @gfp: for the list
 *
 * Range after range, in steps.  Without a write cache they are unmapped on
 * stable storage as well: what has been unmapped does not come back.
 *
 * Return: see &struct iet_scsi_op
 */
int iet_sbc_unmap(struct iet_scmd *s, gfp_t gfp)
{
	u32 have = min(s->out_len, s->edtl);
	struct unmap *u;
	u16 len;

	if (!have || !list_length(s, have, &len))
		return 0;
	u = iet_scsi_state(s, sizeof(*u), NULL, gfp);
	if (!u)
		return -ENOMEM;
	if (!get_descriptors(s, u, len) || !u->nr)
		return 0;
	return unmap_next(s);
}

/* --- GET LBA STATUS ------------------------------------------------------- */

static int extent(struct iet_volume *vol, u64 lba, u64 *nr, bool *mapped)
{
	u64 len = *nr << vol->blk_shift;
	int err;

	*mapped = !READ_ONCE(vol->unmapped);
	if (!vol->iotype->extent)
		return 0;
	err = vol->iotype->extent(vol, lba << vol->blk_shift, &len, mapped);
	*nr = len >> vol->blk_shift;
	return err;
}

static void put_extent(u8 *d, u64 lba, u32 nr, bool mapped)
{
	put_unaligned_be64(lba, d);
	put_unaligned_be32(nr, d + 8);
	d[12] = mapped ? 0 : STATUS_DEALLOCATED;
}

/* Returns the bytes of parameter data, or a negative errno. */
static int put_extents(struct iet_scmd *s, u8 *buf, unsigned int max)
{
	u64 lba = s->lba, end = READ_ONCE(s->vol->nr_blocks), nr;
	u32 len = STATUS_HEADER;
	bool mapped;
	int err;

	while (max-- && lba < end) {
		nr = min_t(u64, end - lba, U32_MAX);
		err = extent(s->vol, lba, &nr, &mapped);
		if (err)
			return err;
		put_extent(buf + len, lba, nr, mapped);
		len += STATUS_DESCRIPTOR;
		lba += nr;
	}
	put_unaligned_be32(len - 4, buf);
	return len;
}

static void status_work(struct iet_scmd *s)
{
	iet_param_end(s, put_extents(s, s->state, STATUS_MAX));
}

/**
 * iet_sbc_lba_status() - GET LBA STATUS, SBC-3 5.6
 * @s: the command
 * @gfp: for the answer
 *
 * In a worker: the file system may have to read its metadata.
 *
 * Return: see &struct iet_scsi_op
 */
int iet_sbc_lba_status(struct iet_scmd *s, gfp_t gfp)
{
	s->lba = get_unaligned_be64(s->cdb + 2);
	if (s->lba >= READ_ONCE(s->vol->nr_blocks)) {
		iet_scsi_refuse(s, ILLEGAL_REQUEST, IET_ASC_LBA_OUT_OF_RANGE);
		return 0;
	}
	return iet_param_in_worker(s, status_work, gfp);
}
