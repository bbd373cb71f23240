// SPDX-License-Identifier: GPL-2.0-only
/*
 * Encrypted media: their keys, and the way of reads and writes through the
 * cipher.
 *
 * The key is in the state file, and nowhere else: who has the medium has
 * nothing.  It is made when there is none, and is on stable storage before
 * anything is encrypted with it; changing it is all that CRYPTOGRAPHIC ERASE
 * does.  It never leaves the module but to that file.
 *
 * A read goes to the pages of who wants the data, and is decrypted there.  A
 * write is encrypted into other pages, chunk by chunk, since the initiator's
 * data may be needed again as it came.  Both in the volume's workers.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/completion.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/netlink.h>
#include <linux/percpu-refcount.h>
#include <linux/printk.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "cipher.h"
#include "compat.h"
#include "crypt.h"
#include "netlink.h"
#include "opcodes.h"
#include "state.h"
#include "tio.h"
#include "volume.h"

/* the part of the state: which cipher, 7 reserved bytes, the key */
#define PART_LEN (8 + IET_CIPHER_KEY)
#define PART_AT_KEY 8
#define AES_XTS_512 1 /* AES-256 in XTS mode, data units of 512 bytes */

/**
 * struct iet_crypt - encryption of a volume
 * @vol: the volume
 * @cipher: with the key
 * @lock: of @saved and @part, held while the key is saved
 * @saved: the key is on stable storage
 * @part: of the state, with a new key; all zero once it is saved
 * @work: saves a key that was made when the volume was
 *
 * Lifetime: that of the volume.
 */
struct iet_crypt {
	struct iet_volume *vol;
	struct iet_cipher *cipher;
	struct mutex lock;
	bool saved;
	u8 part[PART_LEN];
	struct work_struct work;
};

/* --- the key -------------------------------------------------------------- */

static int make_key(u8 *part)
{
	memset(part, 0, PART_LEN);
	part[0] = AES_XTS_512;
	return get_random_bytes_wait(part + PART_AT_KEY, IET_CIPHER_KEY);
}

/**
 * struct saving - a save that is waited for
 * @save: what is saved
 * @done: that has ended
 * @err: how
 */
struct saving {
	struct iet_state_save save;
	struct completion done;
	int err;
};

static void save_done(struct iet_state_save *save, int err)
{
	struct saving *s = container_of(save, struct saving, save);

	s->err = err;
	complete(&s->done);
}

static int save_part(struct iet_volume *vol, const u8 *part)
{
	struct saving s = {
		.save = {
			.part = IET_STATE_KEY,
			.data = kvmalloc(PART_LEN, IET_GFP_WORKER),
			.len = PART_LEN,
			.done = save_done,
		},
	};

	if (!s.save.data)
		return -ENOMEM;
	memcpy(s.save.data, part, PART_LEN);
	init_completion(&s.done);
	iet_state_save(vol, &s.save);
	wait_for_completion(&s.done);
	if (s.err)
		kvfree_sensitive(s.save.data, PART_LEN);
	return s.err;
}

/* Whoever is first to write saves the key; the others wait. */
static int save_first_key(struct iet_crypt *c)
{
	int err = 0;

	if (likely(smp_load_acquire(&c->saved)))
		return 0;
	mutex_lock(&c->lock);
	if (!c->saved) {
		err = save_part(c->vol, c->part);
		if (!err) {
			memzero_explicit(c->part, PART_LEN);
			smp_store_release(&c->saved, true);
		}
	}
	mutex_unlock(&c->lock);
	return err;
}

static void save_work(struct work_struct *work)
{
	struct iet_crypt *c = container_of(work, struct iet_crypt, work);
	int err = save_first_key(c);

	if (err && err != -ESHUTDOWN)
		pr_err("%s: its key can't be kept, so that nothing can be written: error %d\n",
		       c->vol->path, err);
	percpu_ref_put(&c->vol->ref);
}

/**
 * iet_crypt_new_key() - make all that is on a medium unreadable
 * @vol: encrypted volume, of which nobody reads or writes anything
 *
 * A power cut leaves the old key or the new one.  The state file has two slots:
 * when both have been written, the old one is not in it any more.
 *
 * Context: a worker; sleeps for the state file.
 * Return: 0; or a negative errno: the old key may still be in the file, and may
 * be the one that counts
 */
int iet_crypt_new_key(struct iet_volume *vol)
{
	struct iet_crypt *c = vol->crypt;
	u8 part[PART_LEN];
	int err = make_key(part);

	if (err)
		return err;
	mutex_lock(&c->lock);
	err = save_part(vol, part);
	if (!err) {
		smp_store_release(&c->saved, true);
		memzero_explicit(c->part, PART_LEN);
		err = iet_cipher_set_key(c->cipher, part + PART_AT_KEY);
	}
	if (!err)
		err = save_part(vol, part);
	mutex_unlock(&c->lock);
	memzero_explicit(part, PART_LEN);
	return err;
}

/* --- the volume ----------------------------------------------------------- */

/* Takes the key from the state file, or makes one if that is wanted. */
static int find_key(struct iet_crypt *c, u32 encrypted,
		    struct netlink_ext_ack *extack)
{
	const u8 *part;
	u32 len;

	if (!c->vol->state)
		return iet_nl_refuse(
			extack, NULL,
			"an encrypted logical unit needs a state file of its own, for its key",
			-EINVAL);
	part = iet_state_get(c->vol, IET_STATE_KEY, &len);
	if (!part && encrypted != IET_ENCRYPTED_NEW)
		return iet_nl_refuse(
			extack, NULL,
			"there is no key in its state file, and its medium is not empty",
			-ENOKEY);
	if (!part)
		return make_key(c->part);
	if (len != PART_LEN || part[0] != AES_XTS_512)
		return iet_nl_refuse(
			extack, NULL,
			"the key in its state file is of a later release",
			-EINVAL);
	memcpy(c->part, part, PART_LEN);
	c->saved = true;
	return 0;
}

static int find_cipher(struct iet_crypt *c, struct netlink_ext_ack *extack)
{
	c->cipher = iet_cipher_alloc(c->part + PART_AT_KEY);
	if (!IS_ERR(c->cipher))
		return 0;
	if (PTR_ERR(c->cipher) == -ENOENT)
		return iet_nl_refuse(extack, NULL,
				     "the kernel has no cipher xts(aes)",
				     -EOPNOTSUPP);
	return PTR_ERR(c->cipher);
}

static int begin_plain(const struct iet_volume *vol,
		       struct netlink_ext_ack *extack)
{
	u32 len;

	if (!iet_state_get(vol, IET_STATE_KEY, &len))
		return 0;
	return iet_nl_refuse(
		extack, NULL,
		"its state file has a key: its medium is encrypted", -EINVAL);
}

/* What is submitted in pieces is not atomic. */
static void limit_atomic(struct iet_volume *vol)
{
	if (vol->atomic_max <= IET_CRYPT_CHUNK)
		return;
	if (vol->atomic_align == vol->atomic_max)
		vol->atomic_align = IET_CRYPT_CHUNK;
	vol->atomic_max = IET_CRYPT_CHUNK;
}

/**
 * iet_crypt_attach() - is a volume to be encrypted?  Get ready
 * @vol: volume that is being made, attached to its iotype
 * @args: what LUN_NEW asked for
 * @extack: takes the reason of a refusal
 *
 * A medium is one or the other for ever: served the wrong way it would be
 * rubbish, and soon spoilt.
 *
 * Context: sleeps; may load a module, does no I/O.
 * Return: 0; -EINVAL: the volume can't be; -ENOKEY: it was encrypted, or plain,
 * as it seems, and there is no key; -EOPNOTSUPP: the kernel has no cipher; or
 * another negative errno
 */
int iet_crypt_attach(struct iet_volume *vol, const struct iet_lun_args *args,
		     struct netlink_ext_ack *extack)
{
	struct iet_crypt *c;
	int err;

	if (!args->encrypted)
		return begin_plain(vol, extack);
	if (!vol->iotype->needs_file)
		return iet_nl_refuse(extack, NULL,
				     "nullio keeps nothing to encrypt",
				     -EINVAL);
	c = kzalloc(sizeof(*c), GFP_KERNEL);
	if (!c)
		return -ENOMEM;
	c->vol = vol;
	mutex_init(&c->lock);
	INIT_WORK(&c->work, save_work);
	err = find_key(c, args->encrypted, extack);
	if (!err)
		err = find_cipher(c, extack);
	if (err) {
		kfree_sensitive(c);
		return err;
	}
	if (c->saved)
		memzero_explicit(c->part, PART_LEN);
	limit_atomic(vol);
	vol->crypt = c;
	return 0;
}

/**
 * iet_crypt_begin() - a volume has been made
 * @vol: the volume, with its initial reference
 *
 * A new key is saved now, so that what is wrong is known before anybody writes.
 *
 * Context: process context.
 */
void iet_crypt_begin(struct iet_volume *vol)
{
	if (!vol->crypt || vol->crypt->saved)
		return;
	percpu_ref_get(&vol->ref);
	queue_work(vol->wq, &vol->crypt->work);
}

/**
 * iet_crypt_detach() - undo iet_crypt_attach()
 * @vol: volume that no command uses, encrypted or not
 *
 * Context: sleeps.
 */
void iet_crypt_detach(struct iet_volume *vol)
{
	if (!vol->crypt)
		return;
	iet_cipher_free(vol->crypt->cipher);
	kfree_sensitive(vol->crypt);
	vol->crypt = NULL;
}

/* --- reading -------------------------------------------------------------- */

static void decrypt_work(struct work_struct *work)
{
	struct iet_io *io = container_of(work, struct iet_io, work);
	const struct iet_cipher_range range = {
		.from = io->tio,
		.from_off = io->tio_off,
		.to = io->tio,
		.to_off = io->tio_off,
		.pos = io->pos,
		.len = io->len,
	};

	io->done(io, iet_cipher_decrypt(io->vol->crypt->cipher, &range));
}

static void read_done(struct iet_io *io, int err)
{
	io->done = io->plain_done;
	if (err) {
		io->done(io, err);
		return;
	}
	INIT_WORK(&io->work, decrypt_work);
	queue_work(io->vol->wq, &io->work);
}

/* --- writing -------------------------------------------------------------- */

/**
 * struct crypt_write - a write on its way
 * @plain: as it was submitted
 * @io: of the chunk that is being written
 * @tio: ciphertext of a chunk
 * @off: of @plain, what has been written, bytes
 * @err: of @io
 * @work: the next step
 */
struct crypt_write {
	struct iet_io *plain;
	struct iet_io io;
	struct iet_tio tio;
	u32 off;
	int err;
	struct work_struct work;
};

static void chunk_done(struct iet_io *io, int err)
{
	struct crypt_write *w = container_of(io, struct crypt_write, io);

	w->err = err;
	queue_work(io->vol->wq, &w->work);
}

static int write_chunk(struct crypt_write *w)
{
	const struct iet_io *plain = w->plain;
	u32 len = min_t(u64, plain->len - w->off, w->tio.size);
	const struct iet_cipher_range range = {
		.from = plain->tio,
		.from_off = plain->tio_off + w->off,
		.to = &w->tio,
		.pos = plain->pos + w->off,
		.len = len,
	};
	int err = iet_cipher_encrypt(plain->vol->crypt->cipher, &range);

	if (err)
		return err;
	w->io.vol = plain->vol;
	w->io.op = IET_IO_WRITE;
	w->io.flags = plain->flags;
	w->io.pos = range.pos;
	w->io.len = len;
	w->io.tio = &w->tio;
	w->io.tio_off = 0;
	w->io.done = chunk_done;
	iet_io_run(&w->io);
	return 0;
}

static void end_write(struct crypt_write *w, int err)
{
	struct iet_io *plain = w->plain;

	iet_tio_free(&w->tio);
	kfree(w);
	plain->done(plain, err);
}

static void write_step(struct work_struct *work)
{
	struct crypt_write *w = container_of(work, struct crypt_write, work);
	int err = w->err;

	if (!err)
		w->off += w->io.len;
	if (!err && w->off < w->plain->len) {
		err = write_chunk(w);
		if (!err)
			return;
	}
	end_write(w, err);
}

/* With little memory in small chunks, unless it must be one. */
static int alloc_chunk(struct crypt_write *w)
{
	u32 len = min_t(u64, w->plain->len, IET_CRYPT_CHUNK);
	int err = iet_tio_alloc(&w->tio, len, IET_GFP_WORKER);

	if (err && len > PAGE_SIZE && !(w->plain->flags & IET_IO_ATOMIC))
		err = iet_tio_alloc(&w->tio, PAGE_SIZE, IET_GFP_WORKER);
	return err;
}

static void write_work(struct work_struct *work)
{
	struct iet_io *plain = container_of(work, struct iet_io, work);
	struct crypt_write *w;
	int err = save_first_key(plain->vol->crypt);

	if (err)
		goto failed;
	err = -ENOMEM;
	w = kzalloc(sizeof(*w), IET_GFP_WORKER);
	if (!w)
		goto failed;
	w->plain = plain;
	INIT_WORK(&w->work, write_step);
	err = alloc_chunk(w);
	if (!err)
		err = write_chunk(w);
	if (err)
		end_write(w, err);
	return;
failed:
	plain->done(plain, err);
}

/**
 * iet_crypt_submit() - start a read or a write of an encrypted medium
 * @io: as of iet_io_submit()
 *
 * Context: process context; does not sleep.
 */
void iet_crypt_submit(struct iet_io *io)
{
	if (io->op == IET_IO_READ) {
		io->plain_done = io->done;
		io->done = read_done;
		iet_io_submit_below(io);
		return;
	}
	INIT_WORK(&io->work, write_work);
	queue_work(io->vol->wq, &io->work);
}
