// SPDX-License-Identifier: GPL-2.0-only
/*
 * INQUIRY (SPC-4 6.6): standard data here, vital product data in vpd.c.
 */
#include <linux/kernel.h>
#include <linux/string.h>

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

static const u8 product[] = "VIRTUAL-DISK    ";
static const u8 revision[] = "2.0 ";

/* version descriptors (SPC-4 6.6.2, table 147) */
static const u16 versions[] = {
	0x00a0, /* SAM-5 */
	0x0960, /* iSCSI */
	0x0460, /* SPC-4 */
	0x04c0, /* SBC-3 */
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

static int standard_data(const struct iet_scmd *s, u8 *buf)
{
	unsigned int i;

	buf[0] = iet_spc_peripheral(s);
	if (s->vol && s->vol->removable)
		buf[1] = STD1_RMB;
	buf[2] = 0x06; /* SPC-4 */
	buf[3] = 0x10 | 0x02; /* HISUP, response data format */
	buf[4] = STD_LEN - 5;
	buf[7] = 0x02; /* CMDQUE */
	memcpy(buf + 8, IET_T10_VENDOR, 8);
	memcpy(buf + 16, product, 16);
	memcpy(buf + 32, revision, 4);
	for (i = 0; i < ARRAY_SIZE(versions); i++)
		put_unaligned_be16(versions[i], buf + STD_VERSIONS + 2 * i);
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
