/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Target Transfer Tags: the place in a connection's pool of commands, which of
 * its uses (the generation), and which R2T.  Pure arithmetic.
 */
#ifndef IET_TTT_H
#define IET_TTT_H

#include <linux/types.h>

#define IET_TTT_INDEX_BITS 9
#define IET_TTT_INDEX_MASK ((1U << IET_TTT_INDEX_BITS) - 1)
#define IET_TTT_SLOT_MASK 0x7fU

/* places in a pool: one more, and a tag could be the reserved one */
#define IET_TTT_PLACES IET_TTT_INDEX_MASK

/**
 * iet_ttt() - make a tag
 * @gen: generation
 * @r2t_sn: R2TSN, any 128 of which in a row can be told apart
 * @index: the place, less than IET_TTT_PLACES
 *
 * Return: the tag, which is not the reserved one
 */
static inline u32 iet_ttt(u16 gen, u32 r2t_sn, u32 index)
{
	return (u32)gen << 16 |
	       (r2t_sn & IET_TTT_SLOT_MASK) << IET_TTT_INDEX_BITS | index;
}

/**
 * iet_ttt_gen() - read a tag
 * @ttt: the tag
 *
 * Return: the generation
 */
static inline u16 iet_ttt_gen(u32 ttt)
{
	return ttt >> 16;
}

/**
 * iet_ttt_slot() - read a tag
 * @ttt: the tag
 *
 * Return: the R2TSN modulo IET_TTT_SLOT_MASK + 1
 */
static inline u32 iet_ttt_slot(u32 ttt)
{
	return ttt >> IET_TTT_INDEX_BITS & IET_TTT_SLOT_MASK;
}

/**
 * iet_ttt_index() - read a tag
 * @ttt: the tag
 *
 * Return: the place
 */
static inline u32 iet_ttt_index(u32 ttt)
{
	return ttt & IET_TTT_INDEX_MASK;
}

#endif /* IET_TTT_H */
