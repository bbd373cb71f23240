// SPDX-License-Identifier: GPL-2.0-only
/*
 * Asymmetric logical unit access: see alua.h.  What works in which state is in
 * the opcode table.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <scsi/scsi_proto.h>

#include "alua.h"
#include "compat.h"
#include "opcodes.h"
#include "param_data.h"
#include "target.h"
#include "volume.h"

/* TPGS of standard INQUIRY data (SPC-4 6.6.2), byte 5 */
#define TPGS_IMPLICIT 0x10
#define TPGS_EXPLICIT 0x20

/* REPORT TARGET PORT GROUPS (SPC-4 6.37) */
#define CDB1_FORMAT 0xe0
#define FORMAT_LENGTH_ONLY 0x00
#define FORMAT_EXTENDED 0x20
#define HEADER 4
#define HEADER_EXTENDED 8
#define EXTENDED_TYPE 0x10
#define GROUP 12 /* with its one port */
#define PREF 0x80
#define SUPPORTED 0x8f /* transitioning, and all four that can last */

/* SET TARGET PORT GROUPS (SPC-4 6.45) */
#define SET_HEADER 4
#define SET_DESCRIPTOR 4
#define SET_MAX 4096

/* changes of the state of any target; inside of vol->lock */
static DEFINE_SPINLOCK(alua_lock);

/* Why a command can't be carried out: by state, 0: it can. */
static const u16 refusals[16] = {
	[IET_ALUA_STANDBY] = IET_ASC_PORT_STANDBY,
	[IET_ALUA_UNAVAILABLE] = IET_ASC_PORT_UNAVAILABLE,
	[IET_ALUA_TRANSITIONING] = IET_ASC_PORT_TRANSITION,
};

/**
 * iet_alua_check() - may a command be carried out by way of its target port?
 * @s: the command, with op and vol
 *
 * Context: any.
 *
 * Return: true if it may; else it is refused
 */
bool iet_alua_check(struct iet_scmd *s)
{
	u8 state = READ_ONCE(s->nexus->target->alua.state);

	if (likely(!refusals[state]) || s->op->flags & IET_OP_ANY_ACCESS ||
	    (state == IET_ALUA_STANDBY && s->op->flags & IET_OP_STANDBY))
		return true;
	iet_scsi_refuse(s, NOT_READY, refusals[state]);
	return false;
}

/**
 * iet_alua_tpgs() - what an initiator is told of asymmetric access
 * @nexus: of the initiator
 *
 * Return: TPGS in its place in byte 5 of standard INQUIRY data
 */
u8 iet_alua_tpgs(const struct iet_nexus *nexus)
{
	return READ_ONCE(nexus->target->alua.explicit) ?
		       TPGS_IMPLICIT | TPGS_EXPLICIT :
		       TPGS_IMPLICIT;
}

/* --- changes -------------------------------------------------------------- */

/* All nexuses of the units concerned, by whichever target, but one. */
static void tell(struct iet_target *target, u16 asc,
		 const struct iet_nexus *except)
{
	struct iet_lun *lun;
	unsigned long i;

	rcu_read_lock();
	xa_for_each(&target->luns, i, lun)
		iet_ua_volume(lun->vol, asc, except);
	rcu_read_unlock();
}

/**
 * iet_alua_set() - the administrator changes the access of a target
 * @target: the target
 * @want: what it is to be; its @status does not matter
 *
 * Context: under iet_config_lock; doesn't wait.
 */
void iet_alua_set(struct iet_target *target, const struct iet_alua *want)
{
	struct iet_alua *alua = &target->alua;
	bool state, inquiry;
	unsigned long flags;

	spin_lock_irqsave(&alua_lock, flags);
	state = alua->state != want->state ||
		alua->preferred != want->preferred;
	inquiry = alua->explicit != want->explicit;
	if (alua->state != want->state)
		alua->status = IET_ALUA_BY_ITSELF;
	WRITE_ONCE(alua->state, want->state);
	WRITE_ONCE(alua->preferred, want->preferred);
	WRITE_ONCE(alua->explicit, want->explicit);
	spin_unlock_irqrestore(&alua_lock, flags);
	if (state)
		tell(target, IET_ASC_ACCESS_CHANGED, NULL);
	if (inquiry)
		tell(target, IET_ASC_INQUIRY_CHANGED, NULL);
}

/* --- REPORT TARGET PORT GROUPS -------------------------------------------- */

/**
 * struct report - parameter data as it is being built
 * @s: the command
 * @off: where the next group goes
 * @room: bytes that there is room for; what comes after is only counted
 */
struct report {
	struct iet_scmd *s;
	u32 off;
	u32 room;
};

static void put(struct report *r, u32 off, const void *data, u32 len)
{
	if (off < r->room)
		iet_tio_write(&r->s->tio, off, data, min(len, r->room - off));
}

static void put_group(struct report *r, const struct iet_target *target)
{
	const struct iet_alua *alua = &target->alua;
	u8 group[GROUP] = {};

	group[0] = READ_ONCE(alua->state) |
		   (READ_ONCE(alua->preferred) ? PREF : 0);
	group[1] = SUPPORTED;
	put_unaligned_be16(target->port_id, group + 2);
	group[5] = READ_ONCE(alua->status);
	group[7] = 1;
	put_unaligned_be16(target->port_id, group + 10);
	put(r, r->off, group, sizeof(group));
	r->off += sizeof(group);
}

/* Has a LUN before this one the same target? */
static bool seen(const struct iet_volume *vol, const struct iet_lun *lun)
{
	const struct iet_lun *other;

	list_for_each_entry(other, &vol->luns, vol_node) {
		if (other == lun)
			break;
		if (other->target == lun->target)
			return true;
	}
	return false;
}

/* Returns the length of it all. */
static u32 build(struct iet_scmd *s, u32 room)
{
	struct iet_volume *vol = s->vol;
	u8 format = s->cdb[1] & CDB1_FORMAT;
	u8 header[HEADER_EXTENDED] = { [4] = EXTENDED_TYPE };
	struct report r = { .s = s, .room = room };
	u32 header_len = format == FORMAT_EXTENDED ? HEADER_EXTENDED : HEADER;
	struct iet_lun *lun;
	unsigned long flags;

	r.off = header_len;
	spin_lock_irqsave(&vol->lock, flags);
	list_for_each_entry(lun, &vol->luns, vol_node)
		if (!seen(vol, lun))
			put_group(&r, lun->target);
	spin_unlock_irqrestore(&vol->lock, flags);
	put_unaligned_be32(r.off - HEADER, header);
	put(&r, 0, header, header_len);
	return r.off;
}

/**
 * iet_spc_report_groups() - REPORT TARGET PORT GROUPS, SPC-4 6.37
 * @s: the command
 * @gfp: for the pages
 *
 * Return: see &struct iet_scsi_op
 */
int iet_spc_report_groups(struct iet_scmd *s, gfp_t gfp)
{
	u8 format = s->cdb[1] & CDB1_FORMAT;

	if (format != FORMAT_LENGTH_ONLY && format != FORMAT_EXTENDED) {
		iet_scsi_invalid_field(s, 1, 7);
		return 0;
	}
	return iet_param_sized(s, build, gfp);
}

/* --- REPORT REFERRALS ----------------------------------------------------- */

#define REFERRALS_HEADER 4
#define SEGMENT 20 /* of all blocks, without its groups */
#define SEGMENT_GROUP 4

static u32 build_referrals(struct iet_scmd *s, u32 room)
{
	u8 header[REFERRALS_HEADER + SEGMENT] = {}, group[SEGMENT_GROUP] = {};
	struct report r = { .s = s, .room = room, .off = sizeof(header) };
	struct iet_volume *vol = s->vol;
	struct iet_lun *lun;
	unsigned long flags;

	spin_lock_irqsave(&vol->lock, flags);
	list_for_each_entry(lun, &vol->luns, vol_node) {
		if (seen(vol, lun))
			continue;
		if (header[REFERRALS_HEADER + 3] == U8_MAX)
			break;
		group[0] = READ_ONCE(lun->target->alua.state);
		put_unaligned_be16(lun->target->port_id, group + 2);
		put(&r, r.off, group, sizeof(group));
		r.off += sizeof(group);
		header[REFERRALS_HEADER + 3]++;
	}
	spin_unlock_irqrestore(&vol->lock, flags);
	put_unaligned_be16(r.off - REFERRALS_HEADER, header + 2);
	put_unaligned_be64(READ_ONCE(vol->nr_blocks) - 1,
			   header + REFERRALS_HEADER + 12);
	put(&r, 0, header, sizeof(header));
	return r.off;
}

/**
 * iet_sbc_report_referrals() - REPORT REFERRALS, SBC-3 5.22
 * @s: the command
 * @gfp: for the pages
 *
 * All blocks are one user data segment: what can be had by which target port
 * is the same for all of them.
 *
 * Return: see &struct iet_scsi_op
 */
int iet_sbc_report_referrals(struct iet_scmd *s, gfp_t gfp)
{
	if (get_unaligned_be64(s->cdb + 2) >= READ_ONCE(s->vol->nr_blocks)) {
		iet_scsi_refuse(s, ILLEGAL_REQUEST, IET_ASC_LBA_OUT_OF_RANGE);
		return 0;
	}
	return iet_param_sized(s, build_referrals, gfp);
}

/* --- SET TARGET PORT GROUPS ----------------------------------------------- */

static struct iet_target *find_group(struct iet_volume *vol, u16 id)
{
	struct iet_lun *lun;

	list_for_each_entry(lun, &vol->luns, vol_node)
		if (lun->target->port_id == id)
			return lun->target;
	return NULL;
}

/*
 * Sets the state of a group if @state is one; else only looks.  The target
 * can't go meanwhile: its LUN is unlinked from the volume first.
 */
static bool set_group(struct iet_scmd *s, u16 id, int state)
{
	struct iet_volume *vol = s->vol;
	struct iet_target *target;
	unsigned long flags;
	bool changed = false;

	spin_lock_irqsave(&vol->lock, flags);
	target = find_group(vol, id);
	if (target && state >= 0) {
		spin_lock(&alua_lock);
		changed = target->alua.state != state;
		WRITE_ONCE(target->alua.state, state);
		WRITE_ONCE(target->alua.status, IET_ALUA_BY_COMMAND);
		spin_unlock(&alua_lock);
	}
	if (changed)
		iet_target_get(target);
	spin_unlock_irqrestore(&vol->lock, flags);
	if (changed) {
		tell(target, IET_ASC_ACCESS_CHANGED, s->nexus);
		iet_target_put(target);
	}
	return target;
}

/* Only the states that can last can be asked for (SPC-4 6.45, table 306). */
static bool check_descriptor(struct iet_scmd *s, const u8 *d, u32 off)
{
	if ((d[0] & 0x0f) > IET_ALUA_UNAVAILABLE) {
		iet_scsi_invalid_param(s, off, 3);
		return false;
	}
	if (set_group(s, get_unaligned_be16(d + 2), -1))
		return true;
	iet_scsi_invalid_param(s, off + 2, 7);
	return false;
}

/**
 * iet_spc_set_groups() - SET TARGET PORT GROUPS, SPC-4 6.45
 * @s: the command
 * @gfp: unused
 *
 * All of the list is looked at before anything is changed.
 *
 * Return: 0
 */
int iet_spc_set_groups(struct iet_scmd *s, gfp_t gfp)
{
	u32 len = min(s->out_len, s->edtl), off;
	u8 d[SET_DESCRIPTOR];
	int pass;

	if (!len)
		return 0;
	if (len < SET_HEADER || len > SET_MAX || len % SET_DESCRIPTOR) {
		iet_scsi_refuse(s, ILLEGAL_REQUEST, IET_ASC_PARAM_LENGTH);
		return 0;
	}
	for (pass = 0; pass < 2; pass++) {
		for (off = SET_HEADER; off < len; off += sizeof(d)) {
			iet_tio_read(&s->tio, off, d, sizeof(d));
			if (pass)
				set_group(s, get_unaligned_be16(d + 2),
					  d[0] & 0x0f);
			else if (!check_descriptor(s, d, off))
				return 0;
		}
	}
	return 0;
}
