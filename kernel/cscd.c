// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copy sources and copy destinations: see cscd.h.
 *
 * Which units an initiator may copy from and to: those that it could read and
 * write itself.  That is, those of the I_T nexus that the command came by, and
 * those of its other sessions: sessions under the same InitiatorName from the
 * same network address.  The name alone would not do, since everybody can
 * call himself whatever he likes where he does not have to prove it.
 */
#include <linux/kernel.h>
#include <linux/string.h>

#include "compat.h"
#include "cscd.h"
#include "opcodes.h"
#include "target.h"
#include "volume.h"

/* identification descriptor (SPC-4 6.4.5.2) */
#define CSCD_LU_ID_NUL 0x20 /* byte 1: the null device */
#define CSCD_TYPE_MASK 0x1f
#define CSCD_DESIGNATOR 4
#define CSCD_DESIGNATOR_MAX 20
#define CSCD_SPECIFIC 28
#define CSCD_PAD 0x04

/* designation descriptor (SPC-4 7.8.6.1) */
#define DESIGNATOR_HEADER 4
#define CODE_SET 0x0f
#define ASSOC_AND_TYPE 0x3f
#define ASSOC 0x30
#define TYPE 0x0f
#define TYPE_NAA 3
#define CODE_UTF8_ISCSI 0x53
#define TARGET_NAME 0xa8 /* PIV, of the device, SCSI name string */

#define DESIGNATORS_MAX 512

static bool same(const u8 *a, const u8 *b)
{
	return (a[0] & CODE_SET) == (b[0] & CODE_SET) &&
	       (a[1] & ASSOC_AND_TYPE) == (b[1] & ASSOC_AND_TYPE) &&
	       a[3] == b[3] &&
	       !memcmp(a + DESIGNATOR_HEADER, b + DESIGNATOR_HEADER, a[3]);
}

/* Is the designator one of a unit's? */
static bool names(const u8 *designator, struct iet_volume *vol)
{
	u8 all[DESIGNATORS_MAX], *d = all, *end;

	memset(all, 0, sizeof(all));
	end = iet_vpd_unit_designators(all, vol);
	for (; d < end; d += DESIGNATOR_HEADER + d[3])
		if (same(d, designator))
			return true;
	return false;
}

static bool match(struct iet_volume *vol, const void *designator)
{
	return names(designator, vol);
}

static bool is_designator(const u8 *d)
{
	return !(d[1] & ASSOC) && d[3] && d[3] <= CSCD_DESIGNATOR_MAX;
}

static void set_self(struct iet_cscd *cscd, const struct iet_scmd *s)
{
	percpu_ref_get(&s->vol->ref);
	cscd->vol = s->vol;
	cscd->read_only = s->read_only;
	cscd->nr_resets = READ_ONCE(s->vol->nr_resets);
	cscd->nexus = s->nexus;
	strscpy(cscd->port, s->nexus->initiator, sizeof(cscd->port));
	strscpy(cscd->target, s->nexus->target->name, sizeof(cscd->target));
}

/**
 * iet_cscd_self() - the unit that got the command
 * @s: the command
 * @cscd: to be set; iet_cscd_put() must follow
 *
 * Context: any.
 */
void iet_cscd_self(const struct iet_scmd *s, struct iet_cscd *cscd)
{
	memset(cscd, 0, sizeof(*cscd));
	cscd->disk = true;
	cscd->block_len = 1U << s->vol->blk_shift;
	set_self(cscd, s);
}

/**
 * iet_cscd_find() - the unit that an identification descriptor names
 * @s: the command
 * @d: the descriptor, IET_CSCD_LEN bytes
 * @cscd: to be set; iet_cscd_put() must follow
 *
 * If several units have the same name, one that is the command's own comes
 * first, then those of its I_T nexus.
 *
 * Context: a worker; takes iet_config_lock.
 */
void iet_cscd_find(const struct iet_scmd *s, const u8 *d, struct iet_cscd *cscd)
{
	const u8 *designator = d + CSCD_DESIGNATOR;
	struct iet_nexus_find find = { .match = match, .arg = designator };

	memset(cscd, 0, sizeof(*cscd));
	cscd->disk = !(d[1] & CSCD_TYPE_MASK);
	cscd->pad = d[CSCD_SPECIFIC] & CSCD_PAD;
	cscd->block_len = get_unaligned_be24(d + CSCD_SPECIFIC + 1);
	if (d[1] & CSCD_LU_ID_NUL || !is_designator(designator))
		return;
	if (names(designator, s->vol)) {
		set_self(cscd, s);
		return;
	}
	find.port = cscd->port;
	find.target = cscd->target;
	if (!iet_nexus_search(s->nexus, &find))
		return;
	cscd->vol = find.vol;
	cscd->read_only = find.read_only;
	cscd->nr_resets = READ_ONCE(find.vol->nr_resets);
	cscd->nexus = find.nexus;
}

/**
 * iet_cscd_put() - let go of a unit
 * @cscd: as found; or zeroed
 *
 * Context: any.
 */
void iet_cscd_put(struct iet_cscd *cscd)
{
	if (cscd->vol)
		percpu_ref_put(&cscd->vol->ref);
	cscd->vol = NULL;
}

/**
 * iet_cscd_describe() - make an identification descriptor
 * @vol: the unit
 * @d: IET_CSCD_LEN zeroed bytes
 */
void iet_cscd_describe(struct iet_volume *vol, u8 *d)
{
	u8 all[DESIGNATORS_MAX], *p = all, *end;

	memset(all, 0, sizeof(all));
	end = iet_vpd_unit_designators(all, vol);
	d[0] = IET_CSCD_IDENTIFICATION;
	put_unaligned_be24(1U << vol->blk_shift, d + CSCD_SPECIFIC + 1);
	for (; p < end; p += DESIGNATOR_HEADER + p[3]) {
		if ((p[1] & TYPE) != TYPE_NAA || !is_designator(p))
			continue;
		memcpy(d + CSCD_DESIGNATOR, p, DESIGNATOR_HEADER + p[3]);
		return;
	}
}

/**
 * iet_cscd_describe_target() - make the designation descriptor of a target
 * @target: the target
 * @d: zeroed bytes
 * @room: how many, at most 259
 *
 * Return: bytes used; as many of the name as there is room for
 */
u32 iet_cscd_describe_target(const struct iet_target *target, u8 *d, u32 room)
{
	u32 len =
		min_t(u32, strlen(target->name), room - DESIGNATOR_HEADER - 1);

	d[0] = CODE_UTF8_ISCSI;
	d[1] = TARGET_NAME;
	memcpy(d + DESIGNATOR_HEADER, target->name, len);
	d[3] = min_t(u32, round_up(len + 1, 4), room - DESIGNATOR_HEADER);
	return DESIGNATOR_HEADER + d[3];
}
