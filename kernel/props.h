/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Properties: what a logical unit says of itself because the administrator
 * says so, and what it says otherwise.
 */
#ifndef IET_PROPS_H
#define IET_PROPS_H

#include <linux/types.h>

#include "iet_netlink.h"

struct iet_volume;

#define IET_DESIGNATOR_MAX 16

/**
 * struct iet_props - what the administrator says
 * @set: BIT(enum iet_prop_attr): which he does; the others are 0
 * @vendor: T10 vendor identification
 * @product: product identification
 * @revision: product revision level
 * @naa: NAA designator, hexadecimal digits
 * @eui64: EUI-64 designator, hexadecimal digits
 * @uuid: UUID designator, as UUIDs are written
 * @scsi_version: VERSION field of INQUIRY data
 * @phys_block_size: bytes
 * @rotation: MEDIUM ROTATION RATE of VPD page B1
 * @io_granularity: bytes
 * @io_optimal: bytes
 */
struct iet_props {
	u32 set;
	char vendor[IET_VENDOR_LEN + 1];
	char product[IET_PRODUCT_LEN + 1];
	char revision[IET_REVISION_LEN + 1];
	char naa[IET_NAA_LEN + 1];
	char eui64[IET_NAA_LEN + 1];
	char uuid[IET_UUID_LEN + 1];
	u32 scsi_version;
	u32 phys_block_size;
	u32 rotation;
	u32 io_granularity;
	u32 io_optimal;
};

/**
 * struct iet_hints - what the medium says; set by the iotype's attach
 * @phys_block_size: bytes; 0: the block size
 * @align_offset: the first byte at which such a block begins
 * @io_min: what is best read or written at least, bytes; 0: not known
 * @io_opt: what is best read or written at once, bytes; 0: not known
 * @nonrot: nothing turns in it
 */
struct iet_hints {
	u32 phys_block_size;
	u32 align_offset;
	u32 io_min;
	u32 io_opt;
	bool nonrot;
};

/* of values: NULL if it is right, or the refusal */
const char *iet_props_text(const char *text);
const char *iet_props_naa(const char *text);
const char *iet_props_eui64(const char *text);
const char *iet_props_uuid(const char *text);
const char *iet_props_refusal(const struct iet_props *p,
			      const struct iet_volume *vol);
bool iet_props_same_unit(const struct iet_props *a, const struct iet_props *b);

/* of a logical unit: any context */
void iet_props_get(struct iet_volume *vol, struct iet_props *p);
void iet_props_set(struct iet_volume *vol, const struct iet_props *p);
u8 iet_props_phys_exponent(const struct iet_volume *vol,
			   const struct iet_props *p);
u16 iet_props_lowest_aligned(const struct iet_volume *vol,
			     const struct iet_props *p);
u32 iet_props_io_granularity(const struct iet_volume *vol,
			     const struct iet_props *p);
u32 iet_props_io_optimal(const struct iet_volume *vol,
			 const struct iet_props *p);
u16 iet_props_rotation(const struct iet_volume *vol, const struct iet_props *p);

#endif /* IET_PROPS_H */
