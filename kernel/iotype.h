/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * iotypes: what a volume keeps its blocks in.  One const table of operations
 * for each; the medium operations of SCSI commands are made of these few.
 */
#ifndef IET_IOTYPE_H
#define IET_IOTYPE_H

#include <linux/bio.h>
#include <linux/types.h>
#include <linux/workqueue.h>

struct iet_tio;
struct iet_volume;
struct iet_lun_args;
struct netlink_ext_ack;

enum iet_io_op {
	IET_IO_READ,
	IET_IO_WRITE,
	IET_IO_FLUSH, /* pos and len say what at least must be stable */
	IET_IO_DISCARD, /* unmap; what it reads as: iotype->discard_zeroes */
	IET_IO_WRITE_ZEROES,
	IET_IO_PREFETCH, /* a hint; it can't fail */
};

#define IET_IO_FUA BIT(0) /* changes: on stable storage before done */
#define IET_IO_UNMAP BIT(1) /* WRITE_ZEROES: may unmap as well */
/* WRITE: a power cut leaves all of it or nothing */
#define IET_IO_ATOMIC BIT(2)

/*
 * So many bytes are told to be zeroes, or discarded, by one operation: some
 * media are slow at it, and what is aborted ends between two of them.
 */
#define IET_ZEROES_MAX (64U << 20)

/**
 * struct iet_io - one medium operation
 * @vol: the volume; the submitter holds a reference until @done
 * @op: what to do
 * @flags: IET_IO_*
 * @pos: first byte on the medium; a multiple of the block size
 * @len: bytes; whole blocks, within the volume; READ and WRITE: not 0
 * @tio: data, for READ and WRITE
 * @tio_off: where in @tio the data begins, bytes; a multiple of the block size,
 *	since some drivers can't take a block that lies in two segments
 * @done: called exactly once, with 0 or a negative errno, from any context
 *	(also from within iet_io_submit(), also from hard interrupts).  It may
 *	free the io.  All of these are then as they were.
 *
 * The rest belongs to iotype.c and the iotype from submission to completion:
 *
 * @work: hands the io to a worker
 * @progress: bytes that are transferred already (fileio)
 * @nowait: submitted without waiting; to be done again if it has to (blockio)
 * @bio: the request (blockio)
 * @plain_done: @done of who wants plain data (crypt.c)
 */
struct iet_io {
	struct iet_volume *vol;
	enum iet_io_op op;
	u32 flags;
	u64 pos;
	u64 len;
	struct iet_tio *tio;
	u32 tio_off;
	void (*done)(struct iet_io *io, int err);

	struct work_struct work;
	u32 progress;
	bool nowait;
	struct bio bio;
	void (*plain_done)(struct iet_io *io, int err);
};

/**
 * struct iet_iotype - operations of a kind of medium
 * @name: as in the configuration and /proc/net/iet/volume
 * @needs_file: LUN_NEW must bring a file descriptor
 * @discard_zeroes: what has been discarded reads as zeroes
 * @attach: bind @vol to @args: check the file, set vol->blk_shift and
 *	vol->nr_blocks and what @args left open; may sleep, but must not do
 *	I/O.  0 or a negative errno with a text in @extack.
 * @submit: start @io.  With @nowait it must not sleep: -EAGAIN hands the io
 *	to a worker, which calls again without.  0: taken, io->done has been
 *	or will be called.  Other errors, and -EAGAIN without @nowait: not
 *	taken, io->done is called for it.
 * @extent: is the block at @pos mapped, and how many bytes from there on are as
 *	it is?  Sets *@mapped and *@len: whole blocks, at most as much as *@len
 *	says before.  May sleep and do I/O.  NULL: everything is mapped
 * @space: how much the blocks use and how much there is for more, bytes; may
 *	sleep for the file system.  0 or a negative errno.  NULL: not known
 * @borrow: lend a tio that is ready for it the pages that hold what is at @pos,
 *	if they are in memory, in pieces of the size that it is ready for.
 *	Must not sleep.  NULL: it has none to lend
 * @copy_range: let @dst share *@len bytes at @spos of @src, or copy them without
 *	our seeing them; both are of this iotype.  Sets *@len to what has been
 *	copied, at most as much as it says before.  -EOPNOTSUPP: *@len bytes
 *	must be read and written instead.  May sleep and do I/O.  NULL: the
 *	iotype can't
 * @size: look at the medium's size again: blocks, or 0 if it can't be told
 */
struct iet_iotype {
	const char *name;
	bool needs_file;
	bool discard_zeroes;
	int (*attach)(struct iet_volume *vol, const struct iet_lun_args *args,
		      struct netlink_ext_ack *extack);
	int (*submit)(struct iet_io *io, bool nowait);
	int (*extent)(struct iet_volume *vol, u64 pos, u64 *len, bool *mapped);
	int (*space)(struct iet_volume *vol, u64 *used, u64 *available);
	bool (*borrow)(struct iet_volume *vol, u64 pos, struct iet_tio *tio);
	int (*copy_range)(struct iet_volume *src, u64 spos,
			  struct iet_volume *dst, u64 dpos, u64 *len);
	u64 (*size)(struct iet_volume *vol);
};

extern const struct iet_iotype iet_fileio;
extern const struct iet_iotype iet_blockio;
extern const struct iet_iotype iet_nullio;

int iet_nullio_init(void);
void iet_nullio_exit(void);

const struct iet_iotype *iet_iotype_find(const char *name);

void iet_io_submit(struct iet_io *io);
int iet_io_copy_range(struct iet_volume *src, u64 spos, struct iet_volume *dst,
		      u64 dpos, u64 *len);

/* for crypt.c */
void iet_io_submit_below(struct iet_io *io);
void iet_io_run(struct iet_io *io);

/* for iotypes */
void iet_io_defer(struct iet_io *io);
int iet_iotype_geometry(struct iet_volume *vol, const struct iet_lun_args *args,
			u32 block_size, u64 bytes,
			struct netlink_ext_ack *extack);
void iet_iotype_atomic(struct iet_volume *vol, u32 sector);

#endif /* IET_IOTYPE_H */
