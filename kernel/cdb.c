// SPDX-License-Identifier: GPL-2.0-only
/*
 * Command descriptor blocks and LUNs: see cdb.h.
 */
#include <linux/bitops.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "cdb.h"
#include "compat.h"

/* offsets and sizes in bytes, size 0: there is no such field */
static const struct {
	u8 lba, lba_size;
	u8 len, len_size;
} layouts[IET_CDB_NR_LAYOUTS] = {
	[IET_CDB_RW6] = { 1, 3, 4, 1 },
	[IET_CDB_RW10] = { 2, 4, 7, 2 },
	[IET_CDB_RW12] = { 2, 4, 6, 4 },
	[IET_CDB_RW16] = { 2, 8, 10, 4 },
	[IET_CDB_RW16_BYTE] = { 2, 8, 13, 1 },
	[IET_CDB_RW16_WORD] = { 2, 8, 12, 2 },
	[IET_CDB_RW32] = { 12, 8, 28, 4 },
	[IET_CDB_ALLOC_3_2] = { .len = 3, .len_size = 2 },
	[IET_CDB_ALLOC_4_1] = { .len = 4, .len_size = 1 },
	[IET_CDB_ALLOC_5_4] = { .len = 5, .len_size = 4 },
	[IET_CDB_ALLOC_6_3] = { .len = 6, .len_size = 3 },
	[IET_CDB_ALLOC_6_4] = { .len = 6, .len_size = 4 },
	[IET_CDB_ALLOC_7_2] = { .len = 7, .len_size = 2 },
	[IET_CDB_ALLOC_10_4] = { .len = 10, .len_size = 4 },
};

static u64 get_be(const u8 *p, u8 size)
{
	u64 v = 0;

	while (size--)
		v = v << 8 | *p++;
	return v;
}

/**
 * iet_cdb_sa() - where a command with service actions has it
 * @cdb: 16 bytes at least
 *
 * Return: service action, if the operation code has one
 */
u16 iet_cdb_sa(const u8 *cdb)
{
	return cdb[0] == IET_CDB_VARIABLE ? get_be(cdb + 8, 2) : cdb[1] & 0x1f;
}

/**
 * iet_cdb_decode() - LBA and length of a CDB
 * @layout: how the CDB is laid out
 * @cdb: as long as such a CDB is
 * @fields: the result
 */
void iet_cdb_decode(enum iet_cdb_layout layout, const u8 *cdb,
		    struct iet_cdb_fields *fields)
{
	u8 lba = layouts[layout].lba, lba_size = layouts[layout].lba_size;
	u8 len = layouts[layout].len, len_size = layouts[layout].len_size;

	fields->lba = get_be(cdb + lba, lba_size);
	fields->len = len_size ? get_be(cdb + len, len_size) : U32_MAX;
	fields->len_at = len;
	if (layout == IET_CDB_RW6) {
		fields->lba &= 0x1fffff;
		if (!fields->len)
			fields->len = 256;
	}
}

/**
 * iet_cdb_control() - where the control byte of a CDB is
 * @opcode: operation code, whose group says how long it is (SPC-4 4.2.5.1)
 *
 * Return: which byte, 0: it has none
 */
u8 iet_cdb_control(u8 opcode)
{
	static const u8 at[] = { 5, 9, 9, 1, 15, 11, 0, 0 };

	return opcode >> 5 != 3 || opcode >= 0x7e ? at[opcode >> 5] : 0;
}

/**
 * iet_cdb_naca() - does a failure make an ACA condition?
 * @cdb: 16 bytes at least
 *
 * Return: NACA bit of the control byte
 */
bool iet_cdb_naca(const u8 *cdb)
{
	u8 at = iet_cdb_control(cdb[0]);

	return at && cdb[at] & IET_CDB_NACA;
}

/**
 * iet_cdb_check() - look for bits that have to be zero
 * @cdb: the CDB, @len bytes at least
 * @usage: CDB usage data: the bits that may be one; the operation code and
 *	the service action have been matched before
 * @len: length of such a CDB in bytes
 * @ignored: bits of byte 1 that may be anything
 * @byte: the first byte with a bit that has to be zero
 * @bit: the most significant such bit in it
 *
 * NACA is every command's (SAM-5 5.2), whatever the usage data says.  A CDB of
 * variable length has to tell its true length.
 *
 * Return: true if all is well
 */
bool iet_cdb_check(const u8 *cdb, const u8 *usage, u8 len, u8 ignored, u8 *byte,
		   u8 *bit)
{
	u8 control = iet_cdb_control(cdb[0]), i, bad;

	for (i = 1; i < len; i++) {
		bad = cdb[i] & ~usage[i];
		if (i == 1)
			bad &= ~ignored;
		if (i == control)
			bad &= ~IET_CDB_NACA;
		if (cdb[0] == IET_CDB_VARIABLE && i == IET_CDB_VARIABLE_LEN)
			bad = cdb[i] ^ (len - 8);
		if (bad) {
			*byte = i;
			*bit = fls(bad) - 1;
			return false;
		}
	}
	return true;
}

/* addressing methods: bits 7-6 of the first byte (SAM-5 4.7.7) */
#define LUN_METHOD(raw) ((raw)[0] >> 6)
#define LUN_PERIPHERAL 0
#define LUN_FLAT 1
#define LUN_EXTENDED 3
/* extended: length and extended addressing method (SAM-5 4.7.7.5) */
#define LUN_WELL_KNOWN 0xc1
#define LUN_EXTENDED_FLAT 0xd2
#define WLUN_REPORT_LUNS 0x01

static bool is_zero(const u8 *p, u8 len)
{
	while (len--)
		if (*p++)
			return false;
	return true;
}

/**
 * iet_lun_decode() - read the LUN field of a PDU (SAM-5 4.7)
 * @raw: 8 bytes
 * @lun: the number, if this is IET_LUN_UNIT
 *
 * Knows one level of peripheral, flat space, extended flat space (24 bits)
 * and well-known addressing.
 *
 * Return: what it is
 */
enum iet_lun_kind iet_lun_decode(const u8 *raw, u32 *lun)
{
	u8 used = 2;

	switch (LUN_METHOD(raw)) {
	case LUN_PERIPHERAL:
		if (raw[0]) /* a bus that we do not have */
			return IET_LUN_INVALID;
		*lun = raw[1];
		break;
	case LUN_FLAT:
		*lun = (raw[0] & 0x3f) << 8 | raw[1];
		break;
	case LUN_EXTENDED:
		if (raw[0] == LUN_WELL_KNOWN)
			return raw[1] == WLUN_REPORT_LUNS &&
					       is_zero(raw + 2, 6) ?
				       IET_LUN_REPORT_LUNS :
				       IET_LUN_INVALID;
		if (raw[0] != LUN_EXTENDED_FLAT)
			return IET_LUN_INVALID;
		*lun = get_be(raw + 1, 3);
		used = 4;
		break;
	default:
		return IET_LUN_INVALID;
	}
	return is_zero(raw + used, 8 - used) ? IET_LUN_UNIT : IET_LUN_INVALID;
}

/**
 * iet_lun_encode() - the LUN field for a logical unit number
 * @lun: 0 to 16383
 * @raw: 8 bytes
 *
 * Peripheral addressing up to 255, as most initiators expect, and flat space
 * addressing above.
 */
void iet_lun_encode(u32 lun, u8 *raw)
{
	memset(raw, 0, 8);
	raw[0] = lun > 255 ? LUN_FLAT << 6 | lun >> 8 : 0;
	raw[1] = lun;
}
