// SPDX-License-Identifier: GPL-2.0-only
/*
 * INQUIRY (SPC-4 6.6): standard data here, vital product data in vpd.c.
 */
#include <linux/kernel.h>
#include <linux/string.h>

#include "alua.h"
#include "compat.h"
#include "opcodes.h"
#include "volume.h"

#define CDB1_EVPD 0x01

#define STD1_RMB 0x80 /* the medium can be taken out */

/* peripheral qualifier and device type */
#define PERIPHERAL_DISK 0x00
#define PERIPHERAL_WELL_KNOWN 0x1e
#define PERIPHERAL_NONE 0x7f /* not capable of a unit at this LUN */

#define STD_LEN 96
#define STD_VERSIONS 58

#define DEFAULT_PRODUCT "VIRTUAL-DISK"
#define DEFAULT_REVISION "2.0"
#define DEFAULT_VERSION 6

/* VERSION, and the version descriptors that go with it (SPC-5 6.7.2) */
static const struct {
	u8 version;
	u16 descriptors[4]; /* SAM, iSCSI, SPC, SBC */
} versions[] = {
	{ 3, { 0x0020, 0x0960, 0x0120, 0x0180 } }, /* SPC */
	{ 4, { 0x0040, 0x0960, 0x0260, 0x0320 } }, /* SPC-2 */
	{ 5, { 0x0060, 0x0960, 0x0300, 0x0320 } }, /* SPC-3, SBC-2 */
	{ 6, { 0x00a0, 0x0960, 0x0460, 0x04c0 } }, /* SPC-4, SBC-3 */
	{ 7, { 0x00c0, 0x0960, 0x05c0, 0x0600 } }, /* SPC-5, SBC-4 */
};

/**
 * iet_spc_peripheral() - what there is at the LUN of a command
 * @s: the command
 *
 * Return: peripheral qualifier and device type, as in byte 0 of all INQUIRY
 * data
 */
u8 iet_spc_peripheral(const struct iet_scmd *s)
{
	if (s->vol)
		return PERIPHERAL_DISK;
	return s->wlun ? PERIPHERAL_WELL_KNOWN : PERIPHERAL_NONE;
}

static void put_version(u8 *buf, u32 version)
{
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(versions); i++) {
		if (versions[i].version != (version ?: DEFAULT_VERSION))
			continue;
		buf[2] = versions[i].version;
		for (j = 0; j < ARRAY_SIZE(versions[i].descriptors); j++)
			put_unaligned_be16(versions[i].descriptors[j],
					   buf + STD_VERSIONS + 2 * j);
	}
}

static int standard_data(const struct iet_scmd *s, u8 *buf)
{
	struct iet_props props = {};

	if (s->vol)
		iet_props_get(s->vol, &props);
	buf[0] = iet_spc_peripheral(s);
	if (s->vol && s->vol->removable)
		buf[1] = STD1_RMB;
	put_version(buf, props.scsi_version);
	buf[3] = 0x10 | 0x02; /* HISUP, response data format */
	buf[4] = STD_LEN - 5;
	buf[5] = iet_alua_tpgs(s->nexus);
	if (s->vol) {
		buf[3] |= 0x20; /* NORMACA */
		buf[5] |= 0x08; /* 3PC */
	}
	buf[7] = 0x02; /* CMDQUE */
	iet_spc_put_text(buf + 8, IET_VENDOR_LEN, props.vendor, IET_T10_VENDOR);
	iet_spc_put_text(buf + 16, IET_PRODUCT_LEN, props.product,
			 DEFAULT_PRODUCT);
	iet_spc_put_text(buf + 32, IET_REVISION_LEN, props.revision,
			 DEFAULT_REVISION);
	return STD_LEN;
}

/**
 * iet_spc_inquiry() - INQUIRY, SPC-4 6.6
 * @s: the command
 * @buf: parameter data
 *
 * Return: bytes of parameter data, 0: refused
 */
int iet_spc_inquiry(struct iet_scmd *s, u8 *buf)
{
	u8 page = s->cdb[2];
	int len = 0;

	if (s->cdb[1] & CDB1_EVPD)
		len = iet_vpd_page(s, page, buf);
	else if (!page)
		len = standard_data(s, buf);
	if (!len)
		iet_scsi_invalid_field(s, 2, 7);
	return len;
}
