// SPDX-License-Identifier: GPL-2.0-only
/*
 * The parameter list of PERSISTENT RESERVE OUT (SPC-4 6.16.3, 6.16.4): checks
 * it, and makes of it the nexuses that it is about.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/list_sort.h>
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

/**
 * struct port - a target port of the logical unit
 * @id: relative target port identifier
 * @target: name of its target
 */
struct port {
	u16 id;
	char target[IET_PR_TARGET_MAX];
};

/**
 * struct ports - target ports, each once
 * @nr: how many
 * @room: how many there is room for
 * @list: they
 */
struct ports {
	unsigned int nr;
	unsigned int room;
	struct port list[];
};

static bool is_in(const struct ports *ports, const struct iet_target *target)
{
	unsigned int i;

	for (i = 0; i < ports->nr; i++)
		if (!strcmp(ports->list[i].target, target->name))
			return true;
	return false;
}

static void add_port(struct ports *ports, const struct iet_target *target)
{
	struct port *port = &ports->list[ports->nr];

	if (ports->nr == ports->room || is_in(ports, target))
		return;
	port->id = target->port_id;
	strscpy(port->target, target->name, sizeof(port->target));
	ports->nr++;
}

/* The one that the command came by, and, if wanted, the others after it. */
static struct ports *get_ports(struct iet_scmd *s, bool all, gfp_t gfp)
{
	struct iet_volume *vol = s->vol;
	struct ports *ports;
	unsigned int nr = 1;
	struct iet_lun *lun;
	unsigned long flags;

	if (all) {
		spin_lock_irqsave(&vol->lock, flags);
		list_for_each_entry(lun, &vol->luns, vol_node)
			nr++;
		spin_unlock_irqrestore(&vol->lock, flags);
	}
	ports = kzalloc(struct_size(ports, list, nr), gfp);
	if (!ports)
		return NULL;
	ports->room = nr;
	add_port(ports, s->nexus->target);
	if (!all)
		return ports;
	spin_lock_irqsave(&vol->lock, flags);
	list_for_each_entry(lun, &vol->luns, vol_node)
		add_port(ports, lun->target);
	spin_unlock_irqrestore(&vol->lock, flags);
	return ports;
}

static int add_nexus(struct list_head *list, const char *name,
		     const struct port *port, gfp_t gfp)
{
	struct iet_pr_reg *reg = kzalloc(sizeof(*reg), gfp);

	if (!reg)
		return -ENOMEM;
	strscpy(reg->port, name, sizeof(reg->port));
	if (port) {
		strscpy(reg->target, port->target, sizeof(reg->target));
		reg->target_port = port->id;
	}
	list_add_tail(&reg->node, list);
	return 0;
}

/* An initiator port, through each of the target ports. */
static int add_nexuses(struct list_head *list, const char *name,
		       const struct ports *ports, gfp_t gfp)
{
	unsigned int i;

	for (i = 0; i < ports->nr; i++)
		if (add_nexus(list, name, &ports->list[i], gfp))
			return -ENOMEM;
	return 0;
}

static int compare_ports(void *priv, const struct list_head *a,
			 const struct list_head *b)
{
	const struct iet_pr_reg *left, *right;

	left = list_entry(a, struct iet_pr_reg, node);
	right = list_entry(b, struct iet_pr_reg, node);
	return strcmp(left->port, right->port);
}

/* Each port once. */
static void drop_doubles(struct list_head *list)
{
	struct iet_pr_reg *reg, *next;

	list_sort(NULL, list, compare_ports);
	list_for_each_entry_safe(reg, next, list, node) {
		if (list_is_last(&reg->node, list) ||
		    strcmp(reg->port, next->port))
			continue;
		list_del(&reg->node);
		kfree(reg);
	}
}

/*
 * The ports of an initiator that are logged in, but not that of who asks.  A
 * port may be there many times, by several targets.
 */
static int known_ports(struct iet_scmd *s, const char *iname,
		       struct list_head *list)
{
	struct iet_volume *vol = s->vol;
	struct iet_itl *itl;
	unsigned long flags;
	int err = 0;

	spin_lock_irqsave(&vol->lock, flags);
	list_for_each_entry(itl, &vol->itls, vol_node) {
		const char *name = itl->nexus->initiator;

		if (strcmp(itl->nexus->iname, iname) ||
		    !strcmp(name, s->nexus->initiator))
			continue;
		err = add_nexus(list, name, NULL, GFP_LOCKED);
		if (err)
			break;
	}
	spin_unlock_irqrestore(&vol->lock, flags);
	drop_doubles(list);
	return err;
}

/* Of a name alone, all ports of the initiator that are known (7.6.4.6). */
static int add_node(struct iet_scmd *s, const char *iname,
		    struct list_head *list, const struct ports *ports,
		    gfp_t gfp)
{
	const struct iet_pr_reg *reg;
	LIST_HEAD(known);
	int err = known_ports(s, iname, &known);

	list_for_each_entry(reg, &known, node)
		if (!err)
			err = add_nexuses(list, reg->port, ports, gfp);
	if (!err && list_empty(&known) && strcmp(iname, s->nexus->iname))
		err = -EINVAL;
	iet_pr_free(&known);
	return err;
}

/*
 * One TransportID of the parameter list.  Returns its length, -EINVAL if it is
 * bad, or -ENOMEM.
 */
static int get_id(struct iet_scmd *s, u32 off, u32 room, struct list_head *list,
		  const struct ports *ports, bool node_ok, gfp_t gfp)
{
	u8 id[IET_TRANSPORT_ID_MAX];
	char name[IET_PORT_NAME_MAX];
	bool node;
	int err;
	u32 len;

	if (room < IET_TRANSPORT_ID_HEADER)
		return -EINVAL;
	iet_tio_read(&s->tio, off, id, IET_TRANSPORT_ID_HEADER);
	len = iet_transport_id_len(id, room);
	if (!len)
		return -EINVAL;
	iet_tio_read(&s->tio, off, id, len);
	if (!iet_transport_id_parse(id, len, name, &node) || (node && !node_ok))
		return -EINVAL;
	err = node ? add_node(s, name, list, ports, gfp) :
		     add_nexuses(list, name, ports, gfp);
	return err ? err : len;
}

static int bad_ids(struct iet_scmd *s)
{
	iet_scsi_invalid_param(s, IET_PR_LIST_HEADER, IET_WHOLE_FIELD);
	return -EINVAL;
}

/* One TransportID may stand for many nexuses, and may come many times. */
static bool too_many(const struct list_head *list)
{
	const struct iet_pr_reg *reg;
	unsigned int nr = 0;

	list_for_each_entry(reg, list, node)
		nr++;
	return nr > IET_PR_MAX_REGS;
}

static int get_ids(struct iet_scmd *s, u32 have, struct iet_pr_req *req,
		   const struct ports *ports, gfp_t gfp)
{
	u32 off = IET_PR_LIST_HEADER + 4, end;
	u8 raw[4];
	int len;

	if (have < off)
		return bad_ids(s);
	iet_tio_read(&s->tio, IET_PR_LIST_HEADER, raw, sizeof(raw));
	end = get_unaligned_be32(raw);
	if (end > IDS_MAX || end > have - off)
		return bad_ids(s);
	for (end += off; off < end; off += len) {
		len = get_id(s, off, end - off, &req->others, ports, true, gfp);
		if (len < 0)
			return len == -ENOMEM ? len : bad_ids(s);
		if (too_many(&req->others)) {
			iet_scsi_refuse(s, ILLEGAL_REQUEST,
					IET_ASC_NO_REGISTRATIONS);
			return -EINVAL;
		}
	}
	return 0;
}

/* The target port that REGISTER AND MOVE names. */
static bool find_port(struct iet_volume *vol, u16 id, struct ports *ports)
{
	struct iet_lun *lun;
	unsigned long flags;

	ports->nr = 0;
	spin_lock_irqsave(&vol->lock, flags);
	list_for_each_entry(lun, &vol->luns, vol_node)
		if (lun->target->port_id == id)
			add_port(ports, lun->target);
	spin_unlock_irqrestore(&vol->lock, flags);
	return ports->nr;
}

/* REGISTER AND MOVE has a parameter list of its own. */
static int get_move(struct iet_scmd *s, const u8 *p, u32 have,
		    struct iet_pr_req *req, gfp_t gfp)
{
	struct ports *ports;
	int len;

	req->unreg = p[17] & MOVE_UNREG;
	req->aptpl = p[17] & MOVE_APTPL;
	if (req->aptpl && !s->vol->state) {
		iet_scsi_invalid_param(s, 17, 0);
		return -EINVAL;
	}
	ports = get_ports(s, false, gfp);
	if (!ports)
		return -ENOMEM;
	if (!find_port(s->vol, get_unaligned_be16(p + 18), ports)) {
		kfree(ports);
		iet_scsi_invalid_param(s, 18, 7);
		return -EINVAL;
	}
	len = get_id(s, IET_PR_LIST_HEADER, have - IET_PR_LIST_HEADER,
		     &req->others, ports, false, gfp);
	kfree(ports);
	if (len == -ENOMEM)
		return len;
	if (len < 0 || get_unaligned_be32(p + 20) != len)
		return bad_ids(s);
	return 0;
}

static int get_register(struct iet_scmd *s, u32 have, bool all_tg_pt,
			struct iet_pr_req *req, gfp_t gfp)
{
	struct ports *ports = get_ports(s, all_tg_pt, gfp);
	int err;

	if (!ports)
		return -ENOMEM;
	err = add_nexuses(&req->own, req->port, ports, gfp);
	/* without a key nobody is registered, whoever is named (table 67) */
	if (!err && req->spec_i_pt && req->sa_key)
		err = get_ids(s, have, req, ports, gfp);
	kfree(ports);
	return err;
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
