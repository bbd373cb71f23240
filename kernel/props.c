// SPDX-License-Identifier: GPL-2.0-only
/*
 * Properties of logical units: which values there are, and what holds where
 * the administrator says nothing.  Plain C, for the unit tests as well.
 */
#include <linux/kernel.h>
#include <linux/string.h>

#include "compat.h"
#include "designator.h"
#include "opcodes.h"
#include "props.h"
#include "tio.h"
#include "volume.h"

/* a good size for one transfer: large enough to stream, bytes */
#define OPTIMAL_TRANSFER (1U << 20)

/* the field of VPD page B0 has 16 bits, that of READ CAPACITY(16) has 14 */
#define GRANULARITY_BLOCKS_MAX 0xffff
#define LOWEST_ALIGNED_MAX 0x3fff

#define UUID_DIGITS 32

static bool is_set(const struct iet_props *p, enum iet_prop_attr attr)
{
	return p->set & BIT(attr);
}

/**
 * iet_props_text() - may this be in INQUIRY data?
 * @text: of the attribute
 *
 * Return: NULL, or the refusal (SPC-4 4.3.1: ASCII data fields)
 */
const char *iet_props_text(const char *text)
{
	const char *c = text;

	while (*c >= 0x20 && *c < 0x7f)
		c++;
	return *c || !*text ? "must be printable ASCII characters" : NULL;
}

/**
 * iet_props_naa() - is this an NAA name of a logical unit?
 * @text: of the attribute
 *
 * IEEE Extended, locally assigned and IEEE Registered ones have 8 bytes, IEEE
 * Registered Extended ones 16 (SPC-4 7.8.6.6).
 *
 * Return: NULL, or the refusal
 */
const char *iet_props_naa(const char *text)
{
	u8 bytes[IET_DESIGNATOR_MAX];
	u8 len = strchr(text, '-') ? 0 : iet_props_hex(text, bytes);

	if (len == 8 && strchr("235", *text))
		return NULL;
	if (len == 16 && *text == '6')
		return NULL;
	return "NAA must be 16 hexadecimal digits that begin with 2, 3 or 5, or 32 that begin with 6";
}

/**
 * iet_props_eui64() - is this an EUI-64 based identifier?
 * @text: of the attribute
 *
 * Return: NULL, or the refusal (SPC-4 7.8.6.5)
 */
const char *iet_props_eui64(const char *text)
{
	u8 bytes[IET_DESIGNATOR_MAX];
	u8 len = strchr(text, '-') ? 0 : iet_props_hex(text, bytes);

	if (len == 8 || len == 12 || len == 16)
		return NULL;
	return "EUI64 must be 16, 24 or 32 hexadecimal digits";
}

/**
 * iet_props_uuid() - is this a UUID?
 * @text: of the attribute
 *
 * Return: NULL, or the refusal (RFC 4122 3)
 */
const char *iet_props_uuid(const char *text)
{
	static const u8 dashes[] = { 8, 13, 18, 23 };
	u8 bytes[IET_DESIGNATOR_MAX];
	bool ok = strlen(text) == IET_UUID_LEN &&
		  iet_props_hex(text, bytes) == UUID_DIGITS / 2;
	unsigned int i;

	for (i = 0; ok && i < ARRAY_SIZE(dashes); i++)
		ok = text[dashes[i]] == '-';
	return ok ? NULL : "UUID must be 8-4-4-4-12 hexadecimal digits";
}

/**
 * iet_props_refusal() - can a logical unit have these properties?
 * @p: the properties, each of which is right by itself
 * @vol: the logical unit, with its block size
 *
 * Return: NULL, or the refusal
 */
const char *iet_props_refusal(const struct iet_props *p,
			      const struct iet_volume *vol)
{
	u32 mask = (1U << vol->blk_shift) - 1;

	if (is_set(p, IET_P_PHYS_BLOCK_SIZE) && p->phys_block_size <= mask)
		return "PhysicalBlockSize is less than the block size";
	if ((p->io_granularity | p->io_optimal) & mask)
		return "OptimalIO is no multiple of the block size";
	if (p->io_granularity >> vol->blk_shift > GRANULARITY_BLOCKS_MAX)
		return "OptimalIO: the granularity is more than 65535 blocks";
	if (p->io_granularity && p->io_optimal % p->io_granularity)
		return "OptimalIO is no multiple of its granularity";
	return NULL;
}

/**
 * iet_props_same_unit() - would an initiator see the same logical unit?
 * @a: properties
 * @b: other properties
 *
 * Return: true if the designators that they have are the same
 */
bool iet_props_same_unit(const struct iet_props *a, const struct iet_props *b)
{
	return !strcmp(a->naa, b->naa) && !strcmp(a->eui64, b->eui64) &&
	       !strcmp(a->uuid, b->uuid);
}

/**
 * iet_props_get() - the properties of a logical unit
 * @vol: the logical unit
 * @p: set to them
 */
void iet_props_get(struct iet_volume *vol, struct iet_props *p)
{
	unsigned long flags;

	spin_lock_irqsave(&vol->lock, flags);
	*p = vol->props;
	spin_unlock_irqrestore(&vol->lock, flags);
}

/**
 * iet_props_set() - change the properties of a logical unit
 * @vol: the logical unit
 * @p: all of them
 *
 * The initiators are told (SPC-4 6.6.1, SBC-3 4.7).
 */
void iet_props_set(struct iet_volume *vol, const struct iet_props *p)
{
	struct iet_props old;
	unsigned long flags;

	spin_lock_irqsave(&vol->lock, flags);
	old = vol->props;
	vol->props = *p;
	spin_unlock_irqrestore(&vol->lock, flags);
	if (!memcmp(&old, p, sizeof(old)))
		return;
	iet_ua_volume(vol, IET_ASC_INQUIRY_CHANGED, NULL);
	if (iet_props_phys_exponent(vol, &old) !=
	    iet_props_phys_exponent(vol, p))
		iet_ua_volume(vol, IET_ASC_CAPACITY_CHANGED, NULL);
}

/**
 * iet_props_phys_exponent() - how large the medium's own blocks are
 * @vol: the logical unit
 * @p: its properties
 *
 * Return: LOGICAL BLOCKS PER PHYSICAL BLOCK EXPONENT (SBC-3 5.16.2)
 */
u8 iet_props_phys_exponent(const struct iet_volume *vol,
			   const struct iet_props *p)
{
	u32 size = p->phys_block_size ?: vol->hints.phys_block_size;
	u32 blocks = size >> vol->blk_shift;

	return blocks ? min(fls(blocks) - 1, 15) : 0;
}

/**
 * iet_props_lowest_aligned() - where the medium's own blocks begin
 * @vol: the logical unit
 * @p: its properties
 *
 * Return: LOWEST ALIGNED LOGICAL BLOCK ADDRESS (SBC-3 5.16.2)
 */
u16 iet_props_lowest_aligned(const struct iet_volume *vol,
			     const struct iet_props *p)
{
	u32 lba = vol->hints.align_offset >> vol->blk_shift;

	return p->phys_block_size || lba > LOWEST_ALIGNED_MAX ? 0 : lba;
}

static bool fits(const struct iet_volume *vol, u32 bytes)
{
	return bytes && bytes <= IET_TIO_MAX &&
	       !(bytes & ((1U << vol->blk_shift) - 1));
}

/**
 * iet_props_io_optimal() - what is best transferred at once
 * @vol: the logical unit
 * @p: its properties
 *
 * Return: bytes
 */
u32 iet_props_io_optimal(const struct iet_volume *vol,
			 const struct iet_props *p)
{
	if (p->io_optimal)
		return p->io_optimal;
	if (!p->io_granularity && fits(vol, vol->hints.io_opt))
		return vol->hints.io_opt;
	return OPTIMAL_TRANSFER;
}

/**
 * iet_props_io_granularity() - what transfers are best a multiple of
 * @vol: the logical unit
 * @p: its properties
 *
 * Return: bytes, 0: not known
 */
u32 iet_props_io_granularity(const struct iet_volume *vol,
			     const struct iet_props *p)
{
	u32 min = vol->hints.io_min;

	if (p->io_granularity || p->io_optimal)
		return p->io_granularity;
	if (!fits(vol, min) || min == 1U << vol->blk_shift ||
	    min >> vol->blk_shift > GRANULARITY_BLOCKS_MAX ||
	    iet_props_io_optimal(vol, p) % min)
		return 0;
	return min;
}

/**
 * iet_props_rotation() - does it turn, and how fast?
 * @vol: the logical unit
 * @p: its properties
 *
 * Return: MEDIUM ROTATION RATE (SBC-3 6.6.2): 0: not reported, 1: not at all
 */
u16 iet_props_rotation(const struct iet_volume *vol, const struct iet_props *p)
{
	return is_set(p, IET_P_ROTATION) ? p->rotation : vol->hints.nonrot;
}
