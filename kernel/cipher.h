/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The cipher of encrypted media: AES-256 in XTS mode.  The data unit is 512
 * bytes and the tweak its number on the medium, so that the block size may
 * change; dm-crypt calls the same aes-xts-plain64.
 */
#ifndef IET_CIPHER_H
#define IET_CIPHER_H

#include <linux/err.h>
#include <linux/errno.h>
#include <linux/kconfig.h>
#include <linux/types.h>

struct iet_cipher;
struct iet_tio;

/* two keys of AES-256 */
#define IET_CIPHER_KEY 64

/**
 * struct iet_cipher_range - what is to be encrypted or decrypted
 * @from: whole data units are read from there
 * @from_off: from here on, bytes
 * @to: and written there; may be @from
 * @to_off: from here on, bytes
 * @pos: first byte on the medium
 * @len: bytes
 */
struct iet_cipher_range {
	struct iet_tio *from;
	u32 from_off;
	struct iet_tio *to;
	u32 to_off;
	u64 pos;
	u32 len;
};

#if IS_ENABLED(CONFIG_CRYPTO_SKCIPHER)

struct iet_cipher *iet_cipher_alloc(const u8 *key);
int iet_cipher_set_key(struct iet_cipher *c, const u8 *key);
int iet_cipher_encrypt(struct iet_cipher *c, const struct iet_cipher_range *r);
int iet_cipher_decrypt(struct iet_cipher *c, const struct iet_cipher_range *r);
void iet_cipher_free(struct iet_cipher *c);

#else /* the kernel was configured without: nothing can be encrypted */

static inline struct iet_cipher *iet_cipher_alloc(const u8 *key)
{
	return ERR_PTR(-ENOENT);
}

static inline int iet_cipher_set_key(struct iet_cipher *c, const u8 *key)
{
	return -ENOENT;
}

static inline int iet_cipher_encrypt(struct iet_cipher *c,
				     const struct iet_cipher_range *r)
{
	return -ENOENT;
}

static inline int iet_cipher_decrypt(struct iet_cipher *c,
				     const struct iet_cipher_range *r)
{
	return -ENOENT;
}

static inline void iet_cipher_free(struct iet_cipher *c)
{
}

#endif

#endif /* IET_CIPHER_H */
