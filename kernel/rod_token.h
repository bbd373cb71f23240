/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ROD tokens (SPC-4 5.17.6): what stands for data that are to be copied.
 *
 * Who has the token may have the data, whoever it is: so it has more random
 * bytes than can be guessed, and does not live long.
 */
#ifndef IET_ROD_TOKEN_H
#define IET_ROD_TOKEN_H

#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/types.h>

struct iet_scmd;
struct iet_volume;

#define IET_ROD_TOKEN_LEN 512
/* most ranges of blocks that one stands for, or is written to */
#define IET_ROD_RANGES_MAX 64
/* most tokens there are, and those of one initiator among them */
#define IET_ROD_TOKENS_MAX 512
#define IET_ROD_TOKENS_OF_ONE 64
/* how long one lives that is not used, seconds */
#define IET_ROD_TIMEOUT 60
#define IET_ROD_TIMEOUT_MAX 600

/* ROD types (SPC-4 table 113) */
#define IET_ROD_ACCESS_UPON_REFERENCE 0x00010000
#define IET_ROD_PIT_DEFAULT 0x00800000
#define IET_ROD_PIT_CHANGE_VULNERABLE 0x00800001
#define IET_ROD_PIT_ANY 0x0080ffff
#define IET_ROD_BLOCK_ZERO 0xffff0001

/**
 * struct iet_rod_range - a part of a medium
 * @pos: first byte
 * @len: bytes
 */
struct iet_rod_range {
	u64 pos;
	u64 len;
};

/**
 * struct iet_rod_token - a token and what it stands for
 * @node: in the list of tokens
 * @refs: of the list, and of each copy that uses it
 * @vol: the unit, NULL when that is gone
 * @medium: what the unit keeps its blocks in
 * @type: ROD type
 * @revoked: the data have changed
 * @lifetime: how long it lives unused, jiffies
 * @expires: when it ends, jiffies
 * @iname: InitiatorName of who asked for it
 * @bytes: the token itself
 * @len: bytes it stands for
 * @first: the first of them on the medium
 * @end: the byte after the last of them on the medium
 * @nr: ranges
 * @ranges: the ranges, in their order
 *
 * Lifetime: made by POPULATE TOKEN; in the list until it expires, is deleted
 * by who used it, or the unit goes; freed when no copy uses it.  All under the
 * lock of rod_token.c but what does not change.
 */
struct iet_rod_token {
	struct list_head node;
	unsigned int refs;
	struct iet_volume *vol;
	const void *medium;
	u32 type;
	bool revoked;
	unsigned long lifetime;
	unsigned long expires;
	char iname[224];
	u8 bytes[IET_ROD_TOKEN_LEN];
	u64 len;
	u64 first;
	u64 end;
	unsigned int nr;
	struct iet_rod_range ranges[];
};

int iet_rod_create(const struct iet_scmd *s, u32 type, u32 timeout,
		   const struct iet_rod_range *ranges, unsigned int nr,
		   u8 *bytes, gfp_t gfp);
u16 iet_rod_find(const u8 *bytes, struct iet_rod_token **token,
		 struct iet_volume **vol);
void iet_rod_put(struct iet_rod_token *token);
void iet_rod_delete(struct iet_rod_token *token);
bool iet_rod_revoked(const struct iet_rod_token *token);
void iet_rod_volume_gone(struct iet_volume *vol);
void iet_rod_written_slow(struct iet_volume *vol, u64 first, u64 end);
bool iet_rod_any(const struct iet_volume *vol);

/**
 * iet_rod_written() - blocks are about to change
 * @vol: the unit; @vol->medium may be that of others as well
 * @first: first block
 * @end: the block after the last, or more than there is
 *
 * Revokes the tokens that stand for them as they were.
 *
 * Context: any.
 */
static inline void iet_rod_written(struct iet_volume *vol, u64 first, u64 end)
{
	if (unlikely(iet_rod_any(vol)))
		iet_rod_written_slow(vol, first, end);
}

#endif /* IET_ROD_TOKEN_H */
