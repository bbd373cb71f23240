// SPDX-License-Identifier: GPL-2.0-only
/*
 * State files (iet_state.h): reading one when a volume is made, and writing
 * it, one save after the other, in a worker of its own: a disk below it that
 * hangs stalls nobody but the commands that wait for it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "noio.h"
#include "state.h"
#include "volume.h"

/**
 * struct iet_state - the state of a volume, a secret, since there may be a key
 * @vol: whose
 * @file: where it is kept
 * @node: in states
 * @lock: of @queue, @busy, @dead; taken from any context
 * @queue: iet_state_save.node, in the order of saving
 * @busy: @work has something to do
 * @dead: the volume has been killed: nothing is written any more
 * @work: writes
 * @buf: holds what was read, to which parts may point
 * @buf_len: bytes of it
 * @parts: the state as it is on stable storage; those that do not lie in @buf
 *	were saved, and are freed.  Of @work alone once the volume is in use.
 * @seq: sequence number of the last slot that is valid
 * @slot: which is written next
 *
 * Lifetime: that of the volume.
 */
struct iet_state {
	struct iet_volume *vol;
	struct file *file;
	struct list_head node;
	spinlock_t lock;
	struct list_head queue;
	bool busy;
	bool dead;
	struct work_struct work;
	u8 *buf;
	u32 buf_len;
	struct iet_state_data parts[IET_STATE_PARTS];
	u64 seq;
	unsigned int slot;
};

static struct workqueue_struct *state_wq;
/* the files in use, so that none has two writers */
static DEFINE_MUTEX(states_lock);
static LIST_HEAD(states);

static loff_t slot_pos(unsigned int slot)
{
	return (loff_t)slot * IET_STATE_SLOT_SIZE;
}

/* --- reading -------------------------------------------------------------- */

static int read_exact(struct file *file, void *buf, size_t len, loff_t pos)
{
	ssize_t n = kernel_read(file, buf, len, &pos);

	if (n < 0)
		return n;
	return n == len ? 0 : -EILSEQ;
}

/**
 * struct slot - what was found in one
 * @err: as of iet_state_decode(), or of reading
 * @buf: all of it
 * @len: bytes of it
 * @seq: its sequence number
 * @parts: what it holds
 */
struct slot {
	int err;
	u8 *buf;
	u32 len;
	u64 seq;
	struct iet_state_data parts[IET_STATE_PARTS];
};

static void read_slot(const struct iet_state *st, unsigned int i,
		      struct slot *slot)
{
	u8 header[IET_STATE_HEADER_V1];

	slot->err = read_exact(st->file, header, sizeof(header), slot_pos(i));
	if (!slot->err)
		slot->err = iet_state_peek(header, &slot->len);
	if (slot->err)
		return;
	slot->buf = kvmalloc(slot->len, GFP_KERNEL);
	if (!slot->buf) {
		slot->err = -ENOMEM;
		return;
	}
	slot->err = read_exact(st->file, slot->buf, slot->len, slot_pos(i));
	/* what was peeked at may have been written over since */
	if (!slot->err && memcmp(slot->buf, header, sizeof(header)))
		slot->err = -EILSEQ;
	if (!slot->err)
		slot->err = iet_state_decode(slot->buf, st->vol->scsi_id,
					     &slot->seq, slot->parts);
}

static bool is_valid(const struct slot *slot)
{
	return !slot->err;
}

/* A slot that a power cut has spoilt, or that was never written. */
static bool is_unused(const struct slot *slot)
{
	return slot->err == -ENODATA || slot->err == -EILSEQ;
}

/*
 * 0, or why this file must not be written: it can't be read, or is somebody
 * else's.  An empty one, or one with rubbish in both slots, is begun anew.
 */
static int choose(struct iet_state *st, struct slot *slots)
{
	unsigned int i, best;

	for (i = 0; i < 2; i++)
		if (!is_valid(&slots[i]) && !is_unused(&slots[i]))
			return slots[i].err;
	if (!is_valid(&slots[0]) && !is_valid(&slots[1])) {
		if (slots[0].err == -EILSEQ || slots[1].err == -EILSEQ)
			pr_warn("%s: nothing valid in its state file: reservations and saved pages are lost\n",
				st->vol->path);
		return 0;
	}
	best = !is_valid(&slots[0]) ||
	       (is_valid(&slots[1]) && slots[1].seq > slots[0].seq);
	st->buf = slots[best].buf;
	st->buf_len = slots[best].len;
	slots[best].buf = NULL;
	st->seq = slots[best].seq;
	st->slot = !best;
	memcpy(st->parts, slots[best].parts, sizeof(st->parts));
	return 0;
}

static int load(struct iet_state *st)
{
	struct slot *slots = kcalloc(2, sizeof(*slots), GFP_KERNEL);
	unsigned int i;
	int err;

	if (!slots)
		return -ENOMEM;
	for (i = 0; i < 2; i++)
		read_slot(st, i, &slots[i]);
	err = choose(st, slots);
	for (i = 0; i < 2; i++)
		kvfree_sensitive(slots[i].buf, slots[i].len);
	kfree(slots);
	return err;
}

/* --- writing -------------------------------------------------------------- */

static int write_exact(struct file *file, const void *buf, size_t len,
		       loff_t pos)
{
	ssize_t n = kernel_write(file, buf, len, &pos);

	if (n < 0)
		return n;
	return n == len ? 0 : -EIO;
}

/* What was refused must not come to life: the slot is made invalid. */
static void spoil(struct iet_state *st)
{
	static const u8 zeroes[IET_STATE_HEADER_V1];

	if (!write_exact(st->file, zeroes, sizeof(zeroes), slot_pos(st->slot)))
		vfs_fsync(st->file, 1);
}

static int write_slot(struct iet_state *st, const struct iet_state_data *parts)
{
	u32 size = iet_state_size(st->vol->scsi_id, parts);
	u8 *buf;
	int err;

	if (size > IET_STATE_SLOT_SIZE)
		return -EFBIG;
	buf = kvmalloc(size, GFP_KERNEL);
	if (!buf)
		return -ENOMEM;
	iet_state_encode(buf, st->seq + 1, st->vol->scsi_id, parts);
	err = write_exact(st->file, buf, size, slot_pos(st->slot));
	if (!err)
		err = vfs_fsync(st->file, 1);
	if (err)
		spoil(st);
	kvfree_sensitive(buf, size);
	return err;
}

static void free_part(struct iet_state *st, const struct iet_state_data *part)
{
	const u8 *p = part->data;

	if (p < st->buf || p >= st->buf + st->buf_len)
		kvfree_sensitive(part->data, part->len);
}

static int save(struct iet_state *st, const struct iet_state_save *sv)
{
	struct iet_state_data parts[IET_STATE_PARTS];
	int err;

	memcpy(parts, st->parts, sizeof(parts));
	parts[sv->part] = (struct iet_state_data){ sv->data, sv->len };
	err = write_slot(st, parts);
	if (err) {
		pr_warn_ratelimited(
			"%s: can't write its state file: error %d\n",
			st->vol->path, err);
		return err;
	}
	st->seq++;
	st->slot = !st->slot;
	free_part(st, &st->parts[sv->part]);
	st->parts[sv->part] = parts[sv->part];
	return 0;
}

/* The next one to write, or NULL; *@dead: it must not be. */
static struct iet_state_save *next_save(struct iet_state *st, bool *dead)
{
	struct iet_state_save *sv;
	unsigned long flags;

	spin_lock_irqsave(&st->lock, flags);
	sv = list_first_entry_or_null(&st->queue, struct iet_state_save, node);
	if (sv)
		list_del(&sv->node);
	st->busy = sv;
	*dead = st->dead;
	spin_unlock_irqrestore(&st->lock, flags);
	return sv;
}

static void state_work(struct work_struct *work)
{
	struct iet_state *st = container_of(work, struct iet_state, work);
	struct iet_noio noio = iet_noio_begin();
	struct iet_state_save *sv;
	bool dead;

	while ((sv = next_save(st, &dead)))
		sv->done(sv, dead ? -ESHUTDOWN : save(st, sv));
	iet_noio_end(noio);
}

/* --- interface ------------------------------------------------------------ */

static int check_file(const struct file *file)
{
	if (!S_ISREG(file_inode(file)->i_mode) || file->f_flags & O_APPEND)
		return -EINVAL;
	if ((file->f_mode & (FMODE_READ | FMODE_WRITE)) !=
	    (FMODE_READ | FMODE_WRITE))
		return -EACCES;
	return 0;
}

/*
 * A volume that was deleted just now may still be in the list: it writes no
 * more, unless it is just writing.
 */
static int check_unused(const struct file *file)
{
	struct iet_state *st;
	unsigned long flags;
	int err = 0;

	list_for_each_entry(st, &states, node) {
		if (file_inode(st->file) != file_inode(file))
			continue;
		spin_lock_irqsave(&st->lock, flags);
		if (!st->dead)
			err = -EBUSY;
		else if (st->busy)
			err = -EAGAIN;
		spin_unlock_irqrestore(&st->lock, flags);
		if (err)
			break;
	}
	return err;
}

static int claim(struct iet_state *st)
{
	int err;

	mutex_lock(&states_lock);
	err = check_unused(st->file);
	if (!err)
		list_add(&st->node, &states);
	mutex_unlock(&states_lock);
	return err;
}

static void destroy(struct iet_state *st)
{
	unsigned int i;

	mutex_lock(&states_lock);
	list_del_init(&st->node);
	mutex_unlock(&states_lock);
	for (i = 0; i < IET_STATE_PARTS; i++)
		free_part(st, &st->parts[i]);
	kvfree_sensitive(st->buf, st->buf_len);
	__fput_sync(st->file); /* as in volume.c */
	kfree(st);
}

/**
 * iet_state_open() - give a volume its state file, and read it
 * @vol: new volume, with its identity
 * @file: the file; a reference is taken
 *
 * Who hands the file over has read it just now, so that it is in memory.
 *
 * Context: process context without locks; sleeps.
 *
 * Return: 0; -EINVAL: no regular file, or written by a later release; -EACCES:
 * not open for reading and writing; -EBUSY: another volume has it; -EAGAIN: one
 * that has been deleted is still writing it; -EXDEV: it is the state of another
 * logical unit; -ENOMEM; or what reading has said
 */
int iet_state_open(struct iet_volume *vol, struct file *file)
{
	struct iet_state *st;
	int err = check_file(file);

	if (err)
		return err;
	st = kzalloc(sizeof(*st), GFP_KERNEL);
	if (!st)
		return -ENOMEM;
	st->vol = vol;
	st->file = get_file(file);
	INIT_LIST_HEAD(&st->node);
	INIT_LIST_HEAD(&st->queue);
	spin_lock_init(&st->lock);
	INIT_WORK(&st->work, state_work);
	err = claim(st);
	if (!err)
		err = load(st);
	if (err)
		destroy(st);
	else
		vol->state = st;
	return err;
}

/**
 * iet_state_kill() - a volume has been deleted: write no more
 * @vol: the volume
 *
 * What has begun is written to its end.
 *
 * Context: any.
 */
void iet_state_kill(struct iet_volume *vol)
{
	struct iet_state *st = vol->state;
	unsigned long flags;

	if (!st)
		return;
	spin_lock_irqsave(&st->lock, flags);
	st->dead = true;
	spin_unlock_irqrestore(&st->lock, flags);
}

/**
 * iet_state_close() - let go of a volume's state file
 * @vol: volume that no command uses
 *
 * Context: sleeps.
 */
void iet_state_close(struct iet_volume *vol)
{
	if (!vol->state)
		return;
	flush_work(&vol->state->work);
	destroy(vol->state);
	vol->state = NULL;
}

/**
 * iet_state_get() - a part of the state, as it was read
 * @vol: volume that is being made
 * @part: enum iet_state_part
 * @len: set to its length, bytes
 *
 * Return: the bytes, or NULL if there are none
 */
const void *iet_state_get(const struct iet_volume *vol, u8 part, u32 *len)
{
	*len = vol->state ? vol->state->parts[part].len : 0;
	return *len ? vol->state->parts[part].data : NULL;
}

/**
 * iet_state_save() - replace a part of the state
 * @vol: volume with a state; the caller has a reference until @save->done
 * @save: what to do
 *
 * Context: any; does not sleep.
 */
void iet_state_save(struct iet_volume *vol, struct iet_state_save *save)
{
	struct iet_state *st = vol->state;
	unsigned long flags;

	spin_lock_irqsave(&st->lock, flags);
	list_add_tail(&save->node, &st->queue);
	if (!st->busy)
		queue_work(state_wq, &st->work);
	st->busy = true;
	spin_unlock_irqrestore(&st->lock, flags);
}

/**
 * iet_state_init() - get ready for state files
 *
 * Return: 0 or -ENOMEM
 */
int iet_state_init(void)
{
	state_wq = alloc_workqueue("iet-state", WQ_UNBOUND | WQ_MEM_RECLAIM,
				   WQ_UNBOUND_MAX_ACTIVE);
	return state_wq ? 0 : -ENOMEM;
}

/**
 * iet_state_exit() - undo iet_state_init()
 */
void iet_state_exit(void)
{
	destroy_workqueue(state_wq);
}
