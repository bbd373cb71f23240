// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reservations: PERSISTENT RESERVE IN and OUT (SPC-4 5.13, 6.15, 6.16), whose
 * state is in pr_state.c, and RESERVE and RELEASE of SPC-2 (5.5.1).
 *
 * They do not survive the module: PERSIST THROUGH POWER LOSS is refused.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <scsi/scsi_proto.h>

#include "compat.h"
#include "opcodes.h"
#include "reservation.h"
#include "volume.h"

#define CDB2_SCOPE 0xf0
#define CDB2_TYPE 0x0f

/* parameter list of PERSISTENT RESERVE OUT */
#define OUT_LEN 24
#define OUT_SPEC_I_PT 0x08 /* byte 20 */
#define OUT_ALL_TG_PT 0x04
#define OUT_APTPL 0x01
#define MOVE_UNREG 0x02 /* byte 17 */
#define MOVE_APTPL 0x01
/* most TransportIDs that come at once, bytes */
#define OUT_IDS_MAX 8192

/* a TransportID of iSCSI (SPC-4 7.6.4.6) */
#define ID_HEADER 4
#define ID_PROTOCOL 0x05
#define ID_PORT 0x40 /* of an initiator port: name and ISID */
#define ID_MIN 24
#define ID_SEPARATOR ",i,0x"

#define RELATIVE_PORT 1

/* REPORT CAPABILITIES (SPC-4 6.15.4) */
#define CAP_SIP_C 0x08 /* SPEC_I_PT */
#define CAP_ATP_C 0x04 /* ALL_TG_PT */
#define CAP_TMV 0x80
#define CAP_TYPES_0 0xea /* by bit: types 1, 3, 5, 6, 7 */
#define CAP_TYPES_1 0x01 /* type 8 */

/* --- the volume's side ---------------------------------------------------- */

/**
 * iet_reservation_init() - nobody has reserved anything
 * @r: of a new logical unit
 */
void iet_reservation_init(struct iet_reservation *r)
{
	spin_lock_init(&r->lock);
	r->active = false;
	r->legacy = NULL;
	iet_pr_init(&r->pr);
}

static void free_list(struct list_head *list)
{
	struct iet_pr_reg *reg, *next;

	list_for_each_entry_safe(reg, next, list, node)
		kfree(reg);
	INIT_LIST_HEAD(list);
}

/**
 * iet_reservation_exit() - the logical unit ends
 * @r: of the logical unit, which no command uses
 */
void iet_reservation_exit(struct iet_reservation *r)
{
	free_list(&r->pr.regs);
}

static void set_active(struct iet_reservation *r)
{
	WRITE_ONCE(r->active, r->legacy || r->pr.type);
}

static void drop_legacy(struct iet_reservation *r,
			const struct iet_nexus *nexus)
{
	unsigned long flags;

	spin_lock_irqsave(&r->lock, flags);
	if (!nexus || r->legacy == nexus)
		r->legacy = NULL;
	set_active(r);
	spin_unlock_irqrestore(&r->lock, flags);
}

/**
 * iet_reservation_reset() - a logical unit has been reset
 * @vol: the logical unit
 *
 * That ends RESERVE, but not a persistent reservation.
 *
 * Context: any.
 */
void iet_reservation_reset(struct iet_volume *vol)
{
	drop_legacy(&vol->reservation, NULL);
}

/**
 * iet_reservation_nexus_lost() - an I_T nexus has come to its end
 * @vol: a logical unit that it saw
 * @nexus: the I_T nexus
 *
 * That ends its RESERVE, but neither its registration nor what it holds.
 *
 * Context: any.
 */
void iet_reservation_nexus_lost(struct iet_volume *vol,
				const struct iet_nexus *nexus)
{
	drop_legacy(&vol->reservation, nexus);
}

static bool in_conflict(const struct iet_reservation *r,
			const struct iet_scmd *s)
{
	if (r->legacy)
		return r->legacy != s->nexus;
	return !(s->op->flags & IET_OP_PR_FREE) &&
	       iet_pr_conflict(&r->pr, s->nexus->initiator,
			       !(s->op->flags & IET_OP_PR_READ));
}

/**
 * iet_reservation_conflict() - does a reservation keep a command off?
 * @s: the command, with op; @s->vol may be NULL
 *
 * Context: any.
 *
 * Return: true: it is to end with RESERVATION CONFLICT
 */
bool iet_reservation_conflict(const struct iet_scmd *s)
{
	struct iet_reservation *r;
	unsigned long flags;
	bool conflict;

	if (!s->vol || !READ_ONCE(s->vol->reservation.active) ||
	    (s->op->flags & (IET_OP_ALWAYS | IET_OP_PR_SELF)))
		return false;
	r = &s->vol->reservation;
	spin_lock_irqsave(&r->lock, flags);
	conflict = in_conflict(r, s);
	spin_unlock_irqrestore(&r->lock, flags);
	return conflict;
}

/* --- RESERVE and RELEASE -------------------------------------------------- */

/**
 * iet_spc_reserve() - RESERVE(6), (10), SPC-2 7.21, 7.22
 * @s: the command
 * @gfp: unused
 *
 * In conflict with any registration for persistent reservations (SPC-4
 * 5.13.3: compatible handling is not for us).
 *
 * Return: 0
 */
int iet_spc_reserve(struct iet_scmd *s, gfp_t gfp)
{
	struct iet_reservation *r = &s->vol->reservation;
	unsigned long flags;

	spin_lock_irqsave(&r->lock, flags);
	if (r->pr.nr_regs || (r->legacy && r->legacy != s->nexus))
		s->status = SAM_STAT_RESERVATION_CONFLICT;
	else
		r->legacy = s->nexus;
	set_active(r);
	spin_unlock_irqrestore(&r->lock, flags);
	return 0;
}

/**
 * iet_spc_release() - RELEASE(6), (10), SPC-2 7.16, 7.17
 * @s: the command
 * @gfp: unused
 *
 * Of what somebody else has reserved it releases nothing, without an error.
 *
 * Return: 0
 */
int iet_spc_release(struct iet_scmd *s, gfp_t gfp)
{
	struct iet_reservation *r = &s->vol->reservation;
	unsigned long flags;

	spin_lock_irqsave(&r->lock, flags);
	if (r->pr.nr_regs)
		s->status = SAM_STAT_RESERVATION_CONFLICT;
	else if (r->legacy == s->nexus)
		r->legacy = NULL;
	set_active(r);
	spin_unlock_irqrestore(&r->lock, flags);
	return 0;
}

/* --- PERSISTENT RESERVE OUT ----------------------------------------------- */

static struct iet_pr_reg *new_reg(struct list_head *list, const char *port,
				  u32 len, gfp_t gfp)
{
	struct iet_pr_reg *reg = kzalloc(sizeof(*reg), gfp);

	if (!reg)
		return NULL;
	INIT_LIST_HEAD(&reg->node);
	memcpy(reg->port, port, len);
	list_add_tail(&reg->node, list);
	return reg;
}

/* Names are compared as login knows them, in lower case. */
static bool get_name(char *name, const u8 *id, u16 room)
{
	u32 len = strnlen((const char *)id, room), i;

	if (!len || len == room || len >= IET_PORT_NAME_MAX)
		return false;
	for (i = 0; i < len; i++)
		name[i] = id[i] >= 'A' && id[i] <= 'Z' ? id[i] + 32 : id[i];
	name[len] = 0;
	return true;
}

/*
 * One TransportID of the parameter list.  It must name an initiator port; a
 * name alone would mean all ports of a node, which nobody can know.  Returns
 * its length, 0 if it is bad, or -ENOMEM.
 */
static int get_id(struct iet_scmd *s, u32 off, u32 room, struct list_head *list,
		  gfp_t gfp)
{
	u8 id[ID_HEADER + IET_PORT_NAME_MAX];
	char name[IET_PORT_NAME_MAX], *isid;
	u32 len;

	if (room < ID_MIN)
		return 0;
	iet_tio_read(&s->tio, off, id, ID_HEADER);
	len = ID_HEADER + get_unaligned_be16(id + 2);
	if (id[0] != (ID_PORT | ID_PROTOCOL) || len > room || len < ID_MIN ||
	    len > sizeof(id) || len % 4)
		return 0;
	iet_tio_read(&s->tio, off, id, len);
	if (!get_name(name, id + ID_HEADER, len - ID_HEADER))
		return 0;
	isid = strstr(name, ID_SEPARATOR);
	if (!isid || strlen(isid) != sizeof(ID_SEPARATOR) - 1 + 12)
		return 0;
	return new_reg(list, name, strlen(name), gfp) ? len : -ENOMEM;
}

static int get_ids(struct iet_scmd *s, u32 have, struct iet_pr_req *req,
		   gfp_t gfp)
{
	u8 raw[4];
	u32 off = OUT_LEN + sizeof(raw), end;
	int len;

	if (have < off)
		goto bad;
	iet_tio_read(&s->tio, OUT_LEN, raw, sizeof(raw));
	end = get_unaligned_be32(raw);
	if (end > OUT_IDS_MAX || end > have - off)
		goto bad;
	for (end += off; off < end; off += len) {
		len = get_id(s, off, end - off, &req->fresh, gfp);
		if (len < 0)
			return len;
		if (!len)
			goto bad;
	}
	return 0;
bad:
	iet_scsi_invalid_param(s, OUT_LEN, IET_WHOLE_FIELD);
	return -EINVAL;
}

static bool is_register(const struct iet_pr_req *req)
{
	return req->action == IET_PR_REGISTER ||
	       req->action == IET_PR_REGISTER_AND_IGNORE;
}

/* REGISTER AND MOVE has a parameter list of its own. */
static int get_move(struct iet_scmd *s, const u8 *p, u32 have,
		    struct iet_pr_req *req, gfp_t gfp)
{
	int len;

	if (p[17] & MOVE_APTPL) {
		iet_scsi_invalid_param(s, 17, 0);
		return -EINVAL;
	}
	if (get_unaligned_be16(p + 18) != RELATIVE_PORT) {
		iet_scsi_invalid_param(s, 18, 7);
		return -EINVAL;
	}
	req->unreg = p[17] & MOVE_UNREG;
	len = get_id(s, OUT_LEN, have - OUT_LEN, &req->fresh, gfp);
	if (len == -ENOMEM)
		return len;
	if (len && get_unaligned_be32(p + 20) == len)
		return 0;
	iet_scsi_invalid_param(s, OUT_LEN, IET_WHOLE_FIELD);
	return -EINVAL;
}

/* 0; -ENOMEM; -EINVAL: the command has been refused */
static int get_params(struct iet_scmd *s, struct iet_pr_req *req, gfp_t gfp)
{
	u32 have = min(s->out_len, s->edtl);
	bool spec_i_pt;
	u8 p[OUT_LEN];

	if (have < OUT_LEN) {
		iet_scsi_refuse(s, ILLEGAL_REQUEST, IET_ASC_PARAM_LENGTH);
		return -EINVAL;
	}
	iet_tio_read(&s->tio, 0, p, sizeof(p));
	req->key = get_unaligned_be64(p);
	req->sa_key = get_unaligned_be64(p + 8);
	if (req->action == IET_PR_REGISTER_AND_MOVE)
		return get_move(s, p, have, req, gfp);
	spec_i_pt = p[20] & OUT_SPEC_I_PT;
	if (spec_i_pt && (req->action != IET_PR_REGISTER || !req->sa_key)) {
		iet_scsi_invalid_param(s, 20, 3);
		return -EINVAL;
	}
	if (is_register(req) && (p[20] & OUT_APTPL)) {
		iet_scsi_invalid_param(s, 20, 0);
		return -EINVAL;
	}
	if (!spec_i_pt && have != OUT_LEN) {
		iet_scsi_refuse(s, ILLEGAL_REQUEST, IET_ASC_PARAM_LENGTH);
		return -EINVAL;
	}
	if (is_register(req) &&
	    !new_reg(&req->fresh, req->port, strlen(req->port), gfp))
		return -ENOMEM;
	return spec_i_pt ? get_ids(s, have, req, gfp) : 0;
}

static bool uses_type(enum iet_pr_action action)
{
	return action == IET_PR_RESERVE || action == IET_PR_RELEASE ||
	       action == IET_PR_PREEMPT || action == IET_PR_PREEMPT_AND_ABORT;
}

static bool check_type(struct iet_scmd *s, const struct iet_pr_req *req)
{
	if (!uses_type(req->action))
		return true;
	if (s->cdb[2] & CDB2_SCOPE) {
		iet_scsi_invalid_field(s, 2, 7);
		return false;
	}
	if (iet_pr_type_valid(req->type))
		return true;
	iet_scsi_invalid_field(s, 2, 3);
	return false;
}

static void tell(struct iet_volume *vol, struct list_head *list)
{
	struct iet_pr_reg *reg;

	list_for_each_entry(reg, list, node) {
		if (reg->ua)
			iet_ua_port(vol, reg->port, reg->ua);
		reg->ua = 0;
	}
}

static enum iet_pr_result pr_out(struct iet_scmd *s, struct iet_pr_req *req)
{
	struct iet_reservation *r = &s->vol->reservation;
	enum iet_pr_result result = IET_PR_CONFLICT;
	unsigned long flags;

	spin_lock_irqsave(&r->lock, flags);
	if (!r->legacy) { /* else even for who has reserved (SPC-2 5.5.1) */
		result = iet_pr_out(&r->pr, req);
		tell(s->vol, &r->pr.regs);
		tell(s->vol, &req->gone);
	}
	set_active(r);
	spin_unlock_irqrestore(&r->lock, flags);
	return result;
}

static void set_status(struct iet_scmd *s, enum iet_pr_result result)
{
	switch (result) {
	case IET_PR_OK:
		break;
	case IET_PR_CONFLICT:
		s->status = SAM_STAT_RESERVATION_CONFLICT;
		break;
	case IET_PR_BAD_SA_KEY:
		iet_scsi_invalid_param(s, 8, 7);
		break;
	case IET_PR_BAD_PORT:
		iet_scsi_invalid_param(s, OUT_LEN, IET_WHOLE_FIELD);
		break;
	case IET_PR_BAD_RELEASE:
		iet_scsi_refuse(s, ILLEGAL_REQUEST, IET_ASC_INVALID_RELEASE);
		break;
	case IET_PR_NO_ROOM:
		iet_scsi_refuse(s, ILLEGAL_REQUEST, IET_ASC_NO_REGISTRATIONS);
		break;
	}
}

/**
 * iet_spc_pr_out() - PERSISTENT RESERVE OUT, SPC-4 6.16
 * @s: the command
 * @gfp: for registrations
 *
 * Those of an initiator that PREEMPT AND ABORT keeps off and that have not
 * begun end with RESERVATION CONFLICT.  Those that have begun are waited for:
 * the command has the whole medium for itself (IET_OP_ATOMIC), so that nothing
 * is written behind it.
 *
 * Return: 0 or -ENOMEM
 */
int iet_spc_pr_out(struct iet_scmd *s, gfp_t gfp)
{
	struct iet_pr_req req = {
		.action = s->op->sa,
		.type = s->cdb[2] & CDB2_TYPE,
		.port = s->nexus->initiator,
	};
	int err;

	INIT_LIST_HEAD(&req.fresh);
	INIT_LIST_HEAD(&req.gone);
	if (!check_type(s, &req))
		return 0;
	err = get_params(s, &req, gfp);
	if (!err)
		set_status(s, pr_out(s, &req));
	free_list(&req.fresh);
	free_list(&req.gone);
	return err == -ENOMEM ? err : 0;
}

/* --- PERSISTENT RESERVE IN ------------------------------------------------ */

/**
 * struct pr_data - parameter data as it is being built
 * @s: the command
 * @off: where the next byte goes
 * @room: bytes that there is room for; what comes after is only counted
 */
struct pr_data {
	struct iet_scmd *s;
	u32 off;
	u32 room;
};

static void put(struct pr_data *d, const void *data, u32 len)
{
	if (d->off < d->room)
		iet_tio_write(&d->s->tio, d->off, data,
			      min(len, d->room - d->off));
	d->off += len;
}

static void put_key(struct pr_data *d, u64 key)
{
	u8 raw[8];

	put_unaligned_be64(key, raw);
	put(d, raw, sizeof(raw));
}

static void put_keys(struct pr_data *d, const struct iet_pr *pr)
{
	const struct iet_pr_reg *reg;

	list_for_each_entry(reg, &pr->regs, node)
		put_key(d, reg->key);
}

static void put_reservation(struct pr_data *d, const struct iet_pr *pr)
{
	u8 rest[8] = { [5] = pr->type };

	if (!pr->type)
		return;
	put_key(d, pr->holder ? pr->holder->key : 0);
	put(d, rest, sizeof(rest));
}

/* Returns its length; @id has room for all there are. */
static u32 make_id(u8 *id, const char *port)
{
	u32 len = max_t(u32, round_up(strlen(port) + 1, 4), ID_MIN - ID_HEADER);

	memset(id, 0, ID_HEADER + len);
	id[0] = ID_PORT | ID_PROTOCOL;
	put_unaligned_be16(len, id + 2);
	memcpy(id + ID_HEADER, port, strlen(port));
	return ID_HEADER + len;
}

static void put_full_status(struct pr_data *d, const struct iet_pr *pr)
{
	u8 id[ID_HEADER + IET_PORT_NAME_MAX];
	const struct iet_pr_reg *reg;

	list_for_each_entry(reg, &pr->regs, node) {
		u32 len = make_id(id, reg->port);
		u8 rest[16] = {};

		if (iet_pr_holds(pr, reg)) {
			rest[4] = 0x01; /* R_HOLDER */
			rest[5] = pr->type;
		}
		put_unaligned_be16(RELATIVE_PORT, rest + 10);
		put_unaligned_be32(len, rest + 12);
		put_key(d, reg->key);
		put(d, rest, sizeof(rest));
		put(d, id, len);
	}
}

static void (*const put_list[])(struct pr_data *d, const struct iet_pr *pr) = {
	put_keys, put_reservation, NULL, put_full_status
};

/* Returns the length of it all; PRGENERATION and ADDITIONAL LENGTH come first. */
static u32 build(struct iet_scmd *s, u32 room)
{
	struct iet_reservation *r = &s->vol->reservation;
	struct pr_data d = { .s = s, .off = 8, .room = room };
	unsigned long flags;
	u8 header[8];
	u32 len;

	spin_lock_irqsave(&r->lock, flags);
	put_list[s->op->sa](&d, &r->pr);
	put_unaligned_be32(r->pr.generation, header);
	spin_unlock_irqrestore(&r->lock, flags);
	len = d.off;
	put_unaligned_be32(len - sizeof(header), header + 4);
	d.off = 0;
	put(&d, header, sizeof(header));
	return len;
}

static bool refused_for_legacy(struct iet_scmd *s)
{
	if (!READ_ONCE(s->vol->reservation.legacy))
		return false;
	s->status = SAM_STAT_RESERVATION_CONFLICT;
	s->in_len = 0;
	return true;
}

/**
 * iet_spc_pr_in() - PERSISTENT RESERVE IN: READ KEYS, READ RESERVATION, READ
 *	FULL STATUS, SPC-4 6.15
 * @s: the command
 * @gfp: for the pages
 *
 * Return: see &struct iet_scsi_op
 */
int iet_spc_pr_in(struct iet_scmd *s, gfp_t gfp)
{
	u32 room, len;
	int err;

	if (refused_for_legacy(s))
		return 0;
	len = build(s, 0);
	room = min3(len, s->in_len, s->edtl);
	err = iet_scsi_alloc(s, room, gfp);
	if (err)
		return err;
	/* there is no room for what has come since */
	s->in_len = min3(s->in_len, len, build(s, room));
	return 0;
}

/**
 * iet_spc_pr_capabilities() - PERSISTENT RESERVE IN, REPORT CAPABILITIES
 * @s: the command
 * @buf: parameter data
 *
 * Return: bytes of parameter data, 0: refused
 */
int iet_spc_pr_capabilities(struct iet_scmd *s, u8 *buf)
{
	if (refused_for_legacy(s))
		return 0;
	put_unaligned_be16(8, buf);
	buf[2] = CAP_SIP_C | CAP_ATP_C;
	buf[3] = CAP_TMV;
	buf[4] = CAP_TYPES_0;
	buf[5] = CAP_TYPES_1;
	return 8;
}
