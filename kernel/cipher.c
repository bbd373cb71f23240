// SPDX-License-Identifier: GPL-2.0-only
/*
 * The cipher of encrypted media: see cipher.h.
 *
 * By the kernel's crypto API, whatever implementation it has: it may be a
 * device that takes its time, so that all of this is for workers.
 */
#include <crypto/skcipher.h>
#include <linux/mempool.h>
#include <linux/rwsem.h>
#include <linux/sched.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>

#include "cipher.h"
#include "compat.h"
#include "tio.h"

#define ALGORITHM "xts(aes)"
#define UNIT_SHIFT 9
#define UNIT (1U << UNIT_SHIFT)
#define IV_WORDS 2

/* that many ranges are done at the same time even without memory */
#define RESERVED_RUNS 2

/**
 * struct iet_cipher - the cipher of a medium
 * @lock: held for writing while the key changes
 * @tfm: of the crypto API
 * @runs: struct run
 */
struct iet_cipher {
	struct rw_semaphore lock;
	struct crypto_skcipher *tfm;
	mempool_t *runs;
};

/**
 * struct run - one range on its way through the cipher
 * @wait: for an implementation that takes its time
 * @in: a data unit
 * @out: where it goes
 * @iv: tweak: its number, little-endian
 * @req: of the crypto API, which knows how long it is
 *
 * Not on the stack, since a device may read it.
 */
struct run {
	struct crypto_wait wait;
	struct scatterlist in;
	struct scatterlist out;
	__le64 iv[IV_WORDS];
	struct skcipher_request req;
};

static int make_runs(struct iet_cipher *c)
{
	size_t size = sizeof(struct run) + crypto_skcipher_reqsize(c->tfm);

	c->runs = mempool_create_kmalloc_pool(RESERVED_RUNS, size);
	return c->runs ? 0 : -ENOMEM;
}

/**
 * iet_cipher_alloc() - make a cipher
 * @key: IET_CIPHER_KEY bytes
 *
 * Context: sleeps; may load a module.
 * Return: the cipher, or an ERR_PTR: -ENOENT: the kernel has none; others
 */
struct iet_cipher *iet_cipher_alloc(const u8 *key)
{
	struct iet_cipher *c = kzalloc(sizeof(*c), GFP_KERNEL);
	int err;

	if (!c)
		return ERR_PTR(-ENOMEM);
	init_rwsem(&c->lock);
	c->tfm = crypto_alloc_skcipher(ALGORITHM, 0, 0);
	err = PTR_ERR_OR_ZERO(c->tfm);
	if (err) {
		c->tfm = NULL;
		goto free;
	}
	err = make_runs(c);
	if (!err)
		err = crypto_skcipher_setkey(c->tfm, key, IET_CIPHER_KEY);
	if (!err)
		return c;
free:
	iet_cipher_free(c);
	return ERR_PTR(err);
}

/**
 * iet_cipher_free() - end a cipher
 * @c: the cipher, which nobody uses
 *
 * Context: sleeps.
 */
void iet_cipher_free(struct iet_cipher *c)
{
	mempool_destroy(c->runs);
	if (c->tfm)
		crypto_free_skcipher(c->tfm);
	kfree(c);
}

/**
 * iet_cipher_set_key() - change the key
 * @c: the cipher
 * @key: IET_CIPHER_KEY bytes
 *
 * Context: sleeps; waits for the ranges that are being worked on.
 * Return: 0; or a negative errno: then nothing can be encrypted or decrypted
 */
int iet_cipher_set_key(struct iet_cipher *c, const u8 *key)
{
	int err;

	down_write(&c->lock);
	err = crypto_skcipher_setkey(c->tfm, key, IET_CIPHER_KEY);
	up_write(&c->lock);
	return err;
}

static struct run *get_run(struct iet_cipher *c)
{
	struct run *run = mempool_alloc(c->runs, GFP_NOIO);

	crypto_init_wait(&run->wait);
	sg_init_table(&run->in, 1);
	sg_init_table(&run->out, 1);
	skcipher_request_set_tfm(&run->req, c->tfm);
	skcipher_request_set_callback(&run->req,
				      CRYPTO_TFM_REQ_MAY_SLEEP |
					      CRYPTO_TFM_REQ_MAY_BACKLOG,
				      crypto_req_done, &run->wait);
	return run;
}

static void put_run(struct iet_cipher *c, struct run *run)
{
	skcipher_request_zero(&run->req);
	mempool_free(run, c->runs);
}

/* A data unit lies in one page: see iet_io.tio_off. */
static void set_unit(struct run *run, const struct iet_cipher_range *r, u32 at)
{
	sg_set_buf(&run->in, iet_tio_address(r->from, r->from_off + at), UNIT);
	sg_set_buf(&run->out, iet_tio_address(r->to, r->to_off + at), UNIT);
	run->iv[0] = cpu_to_le64((r->pos + at) >> UNIT_SHIFT);
	run->iv[1] = 0;
	skcipher_request_set_crypt(&run->req, &run->in,
				   r->from == r->to ? &run->in : &run->out,
				   UNIT, run->iv);
}

static bool is_zero(const struct iet_cipher_range *r, u32 at)
{
	return !memchr_inv(iet_tio_address(r->from, r->from_off + at), 0, UNIT);
}

static int do_units(struct iet_cipher *c, const struct iet_cipher_range *r,
		    int (*op)(struct skcipher_request *req), bool skip_zeroes)
{
	struct run *run;
	int err = 0;
	u32 at;

	down_read(&c->lock);
	run = get_run(c);
	for (at = 0; !err && at < r->len; at += UNIT) {
		if (skip_zeroes && is_zero(r, at))
			continue;
		set_unit(run, r, at);
		err = crypto_wait_req(op(&run->req), &run->wait);
		cond_resched();
	}
	put_run(c, run);
	up_read(&c->lock);
	return err;
}

/**
 * iet_cipher_encrypt() - encrypt
 * @c: the cipher
 * @r: what
 *
 * Context: sleeps.
 * Return: 0 or a negative errno
 */
int iet_cipher_encrypt(struct iet_cipher *c, const struct iet_cipher_range *r)
{
	return do_units(c, r, crypto_skcipher_encrypt, false);
}

/**
 * iet_cipher_decrypt() - decrypt
 * @c: the cipher
 * @r: what; in place
 *
 * Zeroes are what a hole or an unmapped block reads as, and stay so.  Nothing
 * that is encrypted looks like that but once in 2^4096 times.
 *
 * Context: sleeps.
 * Return: 0 or a negative errno
 */
int iet_cipher_decrypt(struct iet_cipher *c, const struct iet_cipher_range *r)
{
	return do_units(c, r, crypto_skcipher_decrypt, true);
}
