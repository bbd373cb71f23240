/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Encrypted media: between who submits medium operations and the iotypes,
 * which see ciphertext only.
 */
#ifndef IET_CRYPT_H
#define IET_CRYPT_H

#include <linux/types.h>

#include "iotype.h"

struct iet_lun_args;
struct iet_volume;
struct netlink_ext_ack;

/* what is encrypted at once */
#define IET_CRYPT_CHUNK (256U << 10)

/**
 * iet_crypt_changes() - does an operation go through the cipher?
 * @io: medium operation
 *
 * What reads as zeroes below does so above, so that unmapping and writing
 * zeroes are the iotype's business alone.
 *
 * Return: true for reads and writes
 */
static inline bool iet_crypt_changes(const struct iet_io *io)
{
	return io->op == IET_IO_READ || io->op == IET_IO_WRITE;
}

/**
 * iet_crypt_extra() - memory that a write takes beside its data
 * @len: bytes of its data
 *
 * Return: bytes
 */
static inline u32 iet_crypt_extra(u32 len)
{
	return len < IET_CRYPT_CHUNK ? len : IET_CRYPT_CHUNK;
}

int iet_crypt_attach(struct iet_volume *vol, const struct iet_lun_args *args,
		     struct netlink_ext_ack *extack);
void iet_crypt_begin(struct iet_volume *vol);
void iet_crypt_detach(struct iet_volume *vol);
void iet_crypt_submit(struct iet_io *io);
int iet_crypt_new_key(struct iet_volume *vol);

#endif /* IET_CRYPT_H */
