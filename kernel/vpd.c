// SPDX-License-Identifier: GPL-2.0-only
/*
 * Vital product data: the pages of INQUIRY with EVPD (SPC-4 7.8, SBC-3 6.6).
 */
#include <linux/kernel.h>
#include <linux/string.h>

#include "compat.h"
#include "designator.h"
#include "opcodes.h"
#include "target.h"
#include "thin.h"
#include "volume.h"

#define VPD_HEADER 4

/* logical block provisioning page: what unmaps (SBC-3 6.6.5) */
#define LBPU 0x80 /* UNMAP */
#define LBPWS 0x40 /* WRITE SAME(16) with UNMAP */
#define LBPWS10 0x20 /* WRITE SAME(10) with UNMAP */
#define LBPRZ 0x04 /* what is unmapped reads as zeroes */
#define ANC_SUP 0x02 /* blocks can be anchored */
#define TYPE_THIN 0x02

/* block device characteristics: blocks read as something after BLOCK ERASE */
#define WABEREQ_READS 0x40
/* and after CRYPTOGRAPHIC ERASE */
#define WACEREQ_READS 0x10

/* each target has one port, of this portal group tag, in a group of its own */
#define PORT_SUFFIX ",t,0x0001"

/* most blocks of a COMPARE AND WRITE: all that its CDB can say */
#define MAX_COMPARE_WRITE 255

/* extended INQUIRY data page (SPC-4 7.8.7) */
#define TASK_ATTRIBUTES 0x07 /* head of queue, ordered and simple */
#define R_SUP 0x10 /* REPORT REFERRALS */
#define V_SUP 0x01 /* there may be a volatile cache */

/**
 * iet_vpd_unit_designators() - the names of a logical unit
 * @d: where to put their designation descriptors: 512 zeroed bytes
 * @vol: the unit
 *
 * Return: where they end
 */
u8 *iet_vpd_unit_designators(u8 *d, struct iet_volume *vol)
{
	struct iet_props props;

	iet_props_get(vol, &props);
	return iet_designators_of_unit(d, &props, vol->scsi_id);
}

/* Each fills in what comes after the header and returns its length. */

static u16 page_supported(const struct iet_scmd *s, u8 *p);

static u16 page_serial(const struct iet_scmd *s, u8 *p)
{
	size_t len = strnlen(s->vol->scsi_sn, IET_SCSI_SN_LEN);

	memcpy(p, s->vol->scsi_sn, len);
	return len;
}

static u16 page_identification(const struct iet_scmd *s, u8 *p)
{
	const char *target = s->nexus->target->name;
	u16 port = s->nexus->target->port_id;
	u8 *d = p;

	if (s->vol)
		d = iet_vpd_unit_designators(d, s->vol);
	d = iet_designators_of_port(d, target, PORT_SUFFIX, port);
	return d - p;
}

/*
 * SPC-4 7.8.7.  There is no protection information, no grouping, no priority;
 * the length of sense data is not reported.
 */
static u16 page_extended_inquiry(const struct iet_scmd *s, u8 *p)
{
	p[5 - VPD_HEADER] = TASK_ATTRIBUTES;
	p[8 - VPD_HEADER] = R_SUP;
	if (s->vol->file)
		p[6 - VPD_HEADER] = V_SUP;
	return 0x3c;
}

/* SPC-4 7.8.9: all mode pages are the same for all initiators */
static u16 page_mode_policy(const struct iet_scmd *s, u8 *p)
{
	p[0] = 0x3f; /* all pages */
	p[1] = 0xff; /* and subpages */
	return 4;
}

/* SPC-4 7.8.12: the target port that the command came by */
static u16 page_ports(const struct iet_scmd *s, u8 *p)
{
	u8 *end;

	put_unaligned_be16(s->nexus->target->port_id, p + 2);
	end = iet_designator_port_name(p + 12, s->nexus->target->name,
				       PORT_SUFFIX);
	put_unaligned_be16(end - (p + 12), p + 10);
	return end - p;
}

/* SBC-3 6.6.4; offsets are those of the standard less the header */
static u16 page_block_limits(const struct iet_scmd *s, u8 *p)
{
	u32 shift = s->vol->blk_shift;
	struct iet_props props;

	iet_props_get(s->vol, &props);
	p[5 - VPD_HEADER] = MAX_COMPARE_WRITE;
	put_unaligned_be32(IET_TIO_MAX >> shift, p + 8 - VPD_HEADER);
	put_unaligned_be16(iet_props_io_granularity(s->vol, &props) >> shift,
			   p + 6 - VPD_HEADER);
	put_unaligned_be32(iet_props_io_optimal(s->vol, &props) >> shift,
			   p + 12 - VPD_HEADER);
	put_unaligned_be32(IET_TIO_MAX >> shift, p + 16 - VPD_HEADER);
	if (s->vol->thin) {
		put_unaligned_be32(U32_MAX, p + 20 - VPD_HEADER);
		put_unaligned_be32(IET_UNMAP_DESCRIPTORS, p + 24 - VPD_HEADER);
		put_unaligned_be32(s->vol->unmap_granularity >> shift,
				   p + 28 - VPD_HEADER);
	}
	put_unaligned_be32(s->vol->atomic_max >> shift, p + 44 - VPD_HEADER);
	put_unaligned_be32(s->vol->atomic_align >> shift, p + 48 - VPD_HEADER);
	put_unaligned_be32(s->vol->atomic_min >> shift, p + 52 - VPD_HEADER);
	return 0x3c;
}

/* SBC-3 6.6.2: the form factor is not reported */
static u16 page_characteristics(const struct iet_scmd *s, u8 *p)
{
	struct iet_props props;

	iet_props_get(s->vol, &props);
	put_unaligned_be16(iet_props_rotation(s->vol, &props), p);
	if (s->vol->thin)
		p[7 - VPD_HEADER] = WABEREQ_READS;
	if (s->vol->crypt)
		p[7 - VPD_HEADER] |= WACEREQ_READS;
	return 0x3c;
}

/*
 * SBC-3 6.6.5.  Fully provisioned units have nothing to say.
 */
static u16 page_provisioning(const struct iet_scmd *s, u8 *p)
{
	if (s->vol->thin) {
		p[5 - VPD_HEADER] = LBPU | LBPWS | LBPWS10 | ANC_SUP;
		if (s->vol->iotype->discard_zeroes)
			p[5 - VPD_HEADER] |= LBPRZ;
		p[6 - VPD_HEADER] = TYPE_THIN;
		if (s->vol->iotype->space)
			p[4 - VPD_HEADER] =
				IET_THIN_SET_SHIFT - s->vol->blk_shift;
	}
	return 4;
}

/* SBC-3 6.6.7: of which size user data segments are REPORT REFERRALS says */
static u16 page_referrals(const struct iet_scmd *s, u8 *p)
{
	return 12;
}

static const struct {
	u8 page;
	bool disk; /* not for well-known units or where there is none */
	u16 (*fill)(const struct iet_scmd *s, u8 *p);
} pages[] = {
	{ 0x00, false, page_supported },
	{ 0x80, true, page_serial },
	{ 0x83, false, page_identification },
	{ 0x86, true, page_extended_inquiry },
	{ 0x87, true, page_mode_policy },
	{ 0x88, true, page_ports },
	{ 0x8f, true, iet_vpd_third_party_copy },
	{ 0xb0, true, page_block_limits },
	{ 0xb1, true, page_characteristics },
	{ 0xb2, true, page_provisioning },
	{ 0xb3, true, page_referrals },
};

static u16 page_supported(const struct iet_scmd *s, u8 *p)
{
	unsigned int i;
	u16 nr = 0;

	for (i = 0; i < ARRAY_SIZE(pages); i++)
		if (s->vol || !pages[i].disk)
			p[nr++] = pages[i].page;
	return nr;
}

/**
 * iet_vpd_page() - a page of vital product data
 * @s: the command
 * @page: page code
 * @buf: IET_PARAM_MAX zeroed bytes
 *
 * Return: bytes used, 0 if there is no such page
 */
int iet_vpd_page(const struct iet_scmd *s, u8 page, u8 *buf)
{
	unsigned int i;
	u16 len;

	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		if (pages[i].page != page || (pages[i].disk && !s->vol))
			continue;
		len = pages[i].fill(s, buf + VPD_HEADER);
		buf[0] = iet_spc_peripheral(s);
		buf[1] = page;
		put_unaligned_be16(len, buf + 2);
		return VPD_HEADER + len;
	}
	return 0;
}
