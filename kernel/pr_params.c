// SPDX-License-Identifier: GPL-2.0-only
/*
 * The parameter list of PERSISTENT RESERVE OUT (SPC-4 6.16.3, 6.16.4): checks
 * it, and makes of it the nexuses that it is about.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <scsi/scsi_proto.h>

#include "compat.h"
#include "opcodes.h"
#include "pr_params.h"
#include "target.h"
#include "transport_id.h"
#include "volume.h"

#define SPEC_I_PT 0x08 /* byte 20 */
#define ALL_TG_PT 0x04
#define APTPL 0x01
#define MOVE_UNREG 0x02 /* byte 17 */
#define MOVE_APTPL 0x01
/* most TransportIDs that come at once, bytes */
#define IDS_MAX 8192

/* under vol->lock */
#define GFP_LOCKED (GFP_ATOMIC | __GFP_NOWARN)

/*
 * One more of whom the request is about, unless it is there.  A TransportID may
 * stand for many nexuses: there are no more than can be registered.
 *
 * Return: 0; -ENOMEM; -ENOSPC: too many
 */
static int add(struct iet_pr_regs *regs, const char *port, const char *target,
	       u16 target_port, gfp_t gfp)
{
	struct iet_pr_reg *reg;

	if (iet_pr_regs_find(regs, port, target))
		return 0;
	if (regs->nr == IET_PR_MAX_REGS)
		return -ENOSPC;
	reg = iet_pr_reg_new(port, target, target_port, gfp);
	if (!reg)
		return -ENOMEM;
	iet_pr_regs_add(regs, reg);
	return 0;
}

/* Target ports are kept as nexuses that no initiator port has. */
static int add_port(struct iet_pr_regs *ports, const struct iet_target *target,
		    gfp_t gfp)
{
	return add(ports, "", target->name, target->port_id, gfp);
}

/* The one that the command came by, and, if wanted, the others after it. */
static int get_ports(struct iet_scmd *s, bool all, struct iet_pr_regs *ports,
		     gfp_t gfp)
{
	struct iet_volume *vol = s->vol;
	int err = add_port(ports, s->nexus->target, gfp);
	struct iet_lun *lun;
	unsigned long flags;

	if (err || !all)
		return err;
	spin_lock_irqsave(&vol->lock, flags);
	list_for_each_entry(lun, &vol->luns, vol_node) {
		err = add_port(ports, lun->target, GFP_LOCKED);
		if (err)
			break;
	}
	spin_unlock_irqrestore(&vol->lock, flags);
	return err;
}

/* An initiator port, through each of the target ports. */
static int add_nexuses(struct iet_pr_regs *regs, const char *name,
		       const struct iet_pr_regs *ports, gfp_t gfp)
{
	const struct iet_pr_reg *port;
	int err = 0;

	list_for_each_entry(port, &ports->list, node) {
		err = add(regs, name, port->target, port->target_port, gfp);
		if (err)
			break;
	}
	return err;
}

/**
 * struct ids - TransportIDs that are being read
 * @s: the command
 * @ports: target ports that they are for
 * @regs: the nexuses that they name
 * @nodes: initiators that are named without a port, kept as ports of no target;
 *	the key says whether one is logged in
 * @known: ports of them
 * @gfp: for all this
 */
struct ids {
	struct iet_scmd *s;
	const struct iet_pr_regs *ports;
	struct iet_pr_regs *regs;
	struct iet_pr_regs nodes;
	struct iet_pr_regs known;
	gfp_t gfp;
};

static void init_ids(struct ids *ids, struct iet_scmd *s,
		     const struct iet_pr_regs *ports, struct iet_pr_regs *regs,
		     gfp_t gfp)
{
	ids->s = s;
	ids->ports = ports;
	ids->regs = regs;
	ids->gfp = gfp;
	iet_pr_regs_init(&ids->nodes);
	iet_pr_regs_init(&ids->known);
}

static void free_ids(struct ids *ids)
{
	iet_pr_regs_free(&ids->nodes);
	iet_pr_regs_free(&ids->known);
}

/* With vol->lock held.  A port may be there many times, by several targets. */
static int add_known(struct ids *ids, const struct iet_nexus *nexus)
{
	struct iet_pr_reg *node =
		iet_pr_regs_find(&ids->nodes, nexus->iname, "");

	if (!node)
		return 0;
	node->key = true;
	if (!strcmp(nexus->initiator, ids->s->nexus->initiator))
		return 0; /* who asks is not meant */
	return add(&ids->known, nexus->initiator, "", 0, GFP_LOCKED);
}

/* All of them at once: there may be many nexuses, too. */
static int find_known(struct ids *ids)
{
	struct iet_volume *vol = ids->s->vol;
	struct iet_itl *itl;
	unsigned long flags;
	int err = 0;

	spin_lock_irqsave(&vol->lock, flags);
	list_for_each_entry(itl, &vol->itls, vol_node) {
		err = add_known(ids, itl->nexus);
		if (err)
			break;
	}
	spin_unlock_irqrestore(&vol->lock, flags);
	return err;
}

/* Of a name alone, all ports of the initiator that are known (7.6.4.6). */
static int add_nodes(struct ids *ids)
{
	const struct iet_pr_reg *reg;
	int err;

	if (!ids->nodes.nr)
		return 0;
	err = find_known(ids);
	list_for_each_entry(reg, &ids->known.list, node)
		if (!err)
			err = add_nexuses(ids->regs, reg->port, ids->ports,
					  ids->gfp);
	list_for_each_entry(reg, &ids->nodes.list, node)
		if (!err && !reg->key &&
		    strcmp(reg->port, ids->s->nexus->iname))
			err = -EINVAL;
	return err;
}

/*
 * One TransportID of the parameter list.  Returns its length, -EINVAL if it is
 * bad, -ENOMEM or -ENOSPC.
 */
static int get_id(struct ids *ids, u32 off, u32 room, bool node_ok)
{
	struct iet_tio *tio = &ids->s->tio;
	u8 id[IET_TRANSPORT_ID_MAX];
	char name[IET_PORT_NAME_MAX];
	bool node;
	int err;
	u32 len;

	if (room < IET_TRANSPORT_ID_HEADER)
		return -EINVAL;
	iet_tio_read(tio, off, id, IET_TRANSPORT_ID_HEADER);
	len = iet_transport_id_len(id, room);
	if (!len)
		return -EINVAL;
	iet_tio_read(tio, off, id, len);
	if (!iet_transport_id_parse(id, len, name, &node) || (node && !node_ok))
		return -EINVAL;
	err = node ? add(&ids->nodes, name, "", 0, ids->gfp) :
		     add_nexuses(ids->regs, name, ids->ports, ids->gfp);
	return err ? err : len;
}

static int bad_ids(struct iet_scmd *s)
{
	iet_scsi_invalid_param(s, IET_PR_LIST_HEADER, IET_WHOLE_FIELD);
	return -EINVAL;
}

/* -ENOMEM, or the command has been refused */
static int failed(struct iet_scmd *s, int err)
{
	if (err == -ENOMEM)
		return err;
	if (err != -ENOSPC)
		return bad_ids(s);
	iet_scsi_refuse(s, ILLEGAL_REQUEST, IET_ASC_NO_REGISTRATIONS);
	return -EINVAL;
}

static int get_ids(struct ids *ids, u32 have)
{
	u32 off = IET_PR_LIST_HEADER + 4, end;
	u8 raw[4];
	int len;

	if (have < off)
		return -EINVAL;
	iet_tio_read(&ids->s->tio, IET_PR_LIST_HEADER, raw, sizeof(raw));
	end = get_unaligned_be32(raw);
	if (end > IDS_MAX || end > have - off)
		return -EINVAL;
	for (end += off; off < end; off += len) {
		len = get_id(ids, off, end - off, true);
		if (len < 0)
			return len;
	}
	return add_nodes(ids);
}

/* The target port that REGISTER AND MOVE names. */
static int find_port(struct iet_volume *vol, u16 id, struct iet_pr_regs *ports)
{
	struct iet_lun *lun;
	unsigned long flags;
	int err = 0;

	spin_lock_irqsave(&vol->lock, flags);
	list_for_each_entry(lun, &vol->luns, vol_node)
		if (!err && lun->target->port_id == id)
			err = add_port(ports, lun->target, GFP_LOCKED);
	spin_unlock_irqrestore(&vol->lock, flags);
	return err;
}

static int get_move_to(struct iet_scmd *s, const u8 *p, u32 have,
		       struct iet_pr_regs *ports, struct iet_pr_regs *to,
		       gfp_t gfp)
{
	int err = find_port(s->vol, get_unaligned_be16(p + 18), ports);
	struct ids ids;
	int len;

	if (err)
		return err;
	if (!ports->nr) {
		iet_scsi_invalid_param(s, 18, 7);
		return -EINVAL;
	}
	init_ids(&ids, s, ports, to, gfp);
	len = get_id(&ids, IET_PR_LIST_HEADER, have - IET_PR_LIST_HEADER,
		     false);
	free_ids(&ids);
	if (len < 0)
		return failed(s, len);
	return get_unaligned_be32(p + 20) == len ? 0 : bad_ids(s);
}

/* REGISTER AND MOVE has a parameter list of its own. */
static int get_move(struct iet_scmd *s, const u8 *p, u32 have,
		    struct iet_pr_req *req, gfp_t gfp)
{
	struct iet_pr_regs ports;
	int err;

	req->unreg = p[17] & MOVE_UNREG;
	req->aptpl = p[17] & MOVE_APTPL;
	if (req->aptpl && !s->vol->state) {
		iet_scsi_invalid_param(s, 17, 0);
		return -EINVAL;
	}
	iet_pr_regs_init(&ports);
	err = get_move_to(s, p, have, &ports, &req->others, gfp);
	iet_pr_regs_free(&ports);
	return err;
}

static int get_register(struct iet_scmd *s, u32 have, bool all_tg_pt,
			struct iet_pr_req *req, gfp_t gfp)
{
	struct iet_pr_regs ports;
	struct ids ids;
	int err;

	iet_pr_regs_init(&ports);
	init_ids(&ids, s, &ports, &req->others, gfp);
	err = get_ports(s, all_tg_pt, &ports, gfp);
	if (!err)
		err = add_nexuses(&req->own, req->port, &ports, gfp);
	/* without a key nobody is registered, whoever is named (table 67) */
	if (!err && req->spec_i_pt && req->sa_key)
		err = get_ids(&ids, have);
	free_ids(&ids);
	iet_pr_regs_free(&ports);
	return err ? failed(s, err) : 0;
}

static bool is_register(const struct iet_pr_req *req)
{
	return req->action == IET_PR_REGISTER ||
	       req->action == IET_PR_REGISTER_AND_IGNORE;
}

static int bad_bit(struct iet_scmd *s, u8 bit)
{
	iet_scsi_invalid_param(s, 20, bit);
	return -EINVAL;
}

/**
 * iet_pr_params() - read the parameter list
 * @s: the command
 * @req: initialized, with its action; gets the rest
 * @gfp: for the nexuses
 *
 * Return: 0; -ENOMEM; -EINVAL: the command has been refused
 */
int iet_pr_params(struct iet_scmd *s, struct iet_pr_req *req, gfp_t gfp)
{
	u32 have = min(s->out_len, s->edtl);
	u8 p[IET_PR_LIST_HEADER];

	if (have < sizeof(p)) {
		iet_scsi_refuse(s, ILLEGAL_REQUEST, IET_ASC_PARAM_LENGTH);
		return -EINVAL;
	}
	iet_tio_read(&s->tio, 0, p, sizeof(p));
	req->key = get_unaligned_be64(p);
	req->sa_key = get_unaligned_be64(p + 8);
	if (req->action == IET_PR_REGISTER_AND_MOVE)
		return get_move(s, p, have, req, gfp);
	req->spec_i_pt = p[20] & SPEC_I_PT;
	if (req->spec_i_pt && req->action != IET_PR_REGISTER)
		return bad_bit(s, 3);
	if (!req->spec_i_pt && have != sizeof(p)) {
		iet_scsi_refuse(s, ILLEGAL_REQUEST, IET_ASC_PARAM_LENGTH);
		return -EINVAL;
	}
	if (!is_register(req))
		return 0;
	req->aptpl = p[20] & APTPL;
	if (req->aptpl && !s->vol->state)
		return bad_bit(s, 0);
	return get_register(s, have, p[20] & ALL_TG_PT, req, gfp);
}
