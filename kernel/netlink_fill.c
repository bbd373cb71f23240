// SPDX-License-Identifier: GPL-2.0-only
/*
 * Objects to netlink messages.  All of it runs under iet_config_lock.
 */
#include "compat.h"
#include "conn.h"
#include "ctldev.h"
#include "event.h"
#include "iet_version.h"
#include "lun_map.h"
#include "netlink.h"
#include "nthread.h"
#include "param.h"
#include "session.h"
#include "target.h"
#include "volume.h"

/* a set of u32 attributes */
struct number {
	int attr;
	u32 val;
};

static int put_numbers(struct sk_buff *skb, const struct number *n,
		       unsigned int nr)
{
	for (; nr; n++, nr--)
		if (nla_put_u32(skb, n->attr, n->val))
			return -EMSGSIZE;
	return 0;
}

/**
 * iet_nl_fill_info() - what the module is and can do
 * @skb: message
 * @obj: NULL
 *
 * Return: 0 or -EMSGSIZE.
 */
int iet_nl_fill_info(struct sk_buff *skb, const void *obj)
{
	const struct number numbers[] = {
		{ IET_I_DAEMON, iet_ctl_claimed() },
		{ IET_I_NTHREADS, iet_nthreads_nr() },
		{ IET_I_MAX_RECV_SEGMENT, IET_MAX_RECV_SEGMENT },
		{ IET_I_MAX_BURST, IET_MAX_BURST },
		{ IET_I_MAX_QUEUED, IET_MAX_QUEUED },
		{ IET_I_MAX_OUTSTANDING_R2T, IET_MAX_OUTSTANDING_R2T },
		{ IET_I_MAX_CONNECTIONS, IET_MAX_CONNECTIONS },
		{ IET_I_MAX_ERL, IET_MAX_ERL },
	};

	if (nla_put_string(skb, IET_I_VERSION, IET_VERSION) ||
	    nla_put_u64_64bit(skb, IET_I_INSTANCE, iet_nl_instance, IET_I_PAD))
		return -EMSGSIZE;
	return put_numbers(skb, numbers, ARRAY_SIZE(numbers));
}

static int put_keys(struct sk_buff *skb, int attr, const u32 *keys)
{
	struct nlattr *nest = nla_nest_start(skb, attr);
	int k;

	if (!nest)
		return -EMSGSIZE;
	for (k = 1; k <= IET_K_MAX; k++)
		if (nla_put_u32(skb, k, keys[k]))
			return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/**
 * iet_nl_fill_target() - a target set
 * @skb: message
 * @obj: struct iet_target
 *
 * Return: 0 or -EMSGSIZE.
 */
int iet_nl_fill_target(struct sk_buff *skb, const void *obj)
{
	const struct iet_target *t = obj;
	const struct number numbers[] = {
		{ IET_T_TID, t->tid },
		{ IET_T_ORIGIN, t->origin },
		{ IET_T_WTHREADS, t->param.wthreads },
		{ IET_T_TYPE, t->param.type },
		{ IET_T_QUEUED_COMMANDS, t->param.queued_commands },
		{ IET_T_NOP_INTERVAL, t->param.nop_interval },
		{ IET_T_NOP_TIMEOUT, t->param.nop_timeout },
		{ IET_T_MAX_SESSIONS, t->param.max_sessions },
		{ IET_T_NR_SESSIONS, t->nr_sessions },
		{ IET_T_NR_LUNS, t->nr_luns },
		{ IET_T_REDIRECT_FLAGS, t->redirect_flags },
		{ IET_T_ALUA_STATE, t->alua.state },
		{ IET_T_ALUA_PREFERRED, t->alua.preferred },
		{ IET_T_ALUA_EXPLICIT, t->alua.explicit },
	};

	if (put_numbers(skb, numbers, ARRAY_SIZE(numbers)) ||
	    nla_put_string(skb, IET_T_NAME, t->name) ||
	    nla_put_string(skb, IET_T_ALIAS, t->alias) ||
	    nla_put_string(skb, IET_T_REDIRECT, t->redirect))
		return -EMSGSIZE;
	return put_keys(skb, IET_T_KEYS, t->keys);
}

/**
 * iet_nl_fill_lun() - a LUN set
 * @skb: message
 * @obj: struct iet_nl_lun
 *
 * Return: 0 or -EMSGSIZE.
 */
int iet_nl_fill_lun(struct sk_buff *skb, const void *obj)
{
	const struct iet_nl_lun *l = obj;
	const struct iet_volume *vol = l->lun->vol;
	const struct number numbers[] = {
		{ IET_L_TID, l->target->tid },
		{ IET_L_LUN, l->lun->lun },
		{ IET_L_ORIGIN, l->lun->origin },
		{ IET_L_IOMODE, vol->iomode },
		{ IET_L_BLOCK_SIZE, 1U << vol->blk_shift },
		{ IET_L_THIN, vol->thin },
		{ IET_L_REMOVABLE, vol->removable },
		{ IET_L_ENCRYPTED,
		  vol->crypt ? IET_ENCRYPTED_YES : IET_ENCRYPTED_NO },
		{ IET_L_TIMED, vol->timed },
	};

	if (put_numbers(skb, numbers, ARRAY_SIZE(numbers)) ||
	    nla_put_string(skb, IET_L_IOTYPE, vol->iotype->name) ||
	    nla_put_string(skb, IET_L_PATH, vol->path) ||
	    nla_put_string(skb, IET_L_SCSI_ID, vol->scsi_id) ||
	    nla_put_string(skb, IET_L_SCSI_SN, vol->scsi_sn) ||
	    nla_put_u64_64bit(skb, IET_L_BLOCKS, READ_ONCE(vol->nr_blocks),
			      IET_L_PAD))
		return -EMSGSIZE;
	/* changed under iet_config_lock only, so that no other is needed */
	return iet_nl_put_props(skb, IET_L_PROPS, &vol->props);
}

/* what there is room for: those of a session, and as many suspended ones */
#define CONNS_MAX (2 * IET_MAX_CONNECTIONS)

static u32 digest_bit(bool crc32c)
{
	return crc32c ? IET_DIGEST_CRC32C : IET_DIGEST_NONE;
}

static int put_conn(struct sk_buff *skb, const struct iet_conn *conn)
{
	const struct number numbers[] = {
		{ IET_C_CID, conn->cid },
		{ IET_C_STATE, iet_conn_leaves(conn) ? IET_CONN_CLOSING :
						       READ_ONCE(conn->state) },
		{ IET_C_HEADER_DIGEST, digest_bit(conn->hdigest) },
		{ IET_C_DATA_DIGEST, digest_bit(conn->ddigest) },
		{ IET_C_MAX_RECV, conn->max_recv },
		{ IET_C_MAX_XMIT, conn->max_xmit },
	};
	struct nlattr *nest = nla_nest_start(skb, IET_S_CONN);
	char addr[64];

	if (!nest)
		return -EMSGSIZE;
	iet_address_text(&conn->addr, addr, sizeof(addr));
	if (put_numbers(skb, numbers, ARRAY_SIZE(numbers)) ||
	    nla_put_string(skb, IET_C_ADDR, addr))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_lun_map(struct sk_buff *skb, const struct iet_lun_map *map)
{
	if (!map)
		return 0;
	return nla_put(skb, IET_S_LUN_MAP, map->nr * sizeof(map->rules[0]),
		       map->rules);
}

/**
 * iet_nl_fill_session() - a session set with its connections
 * @skb: message
 * @obj: struct iet_session
 *
 * Return: 0 or -EMSGSIZE.
 */
int iet_nl_fill_session(struct sk_buff *skb, const void *obj)
{
	const struct iet_session *s = obj;
	const struct iet_conn *conn;
	unsigned int nr = 0;

	if (nla_put_u32(skb, IET_S_TID, s->target->tid) ||
	    nla_put_u64_64bit(skb, IET_S_SID, s->sid, IET_S_PAD) ||
	    nla_put_string(skb, IET_S_INITIATOR, s->initiator) ||
	    nla_put(skb, IET_S_ISID, sizeof(s->isid), s->isid) ||
	    nla_put_u16(skb, IET_S_TSIH, s->tsih) ||
	    nla_put_u32(skb, IET_S_EXP_CMD_SN, READ_ONCE(s->sn.exp)) ||
	    nla_put_u32(skb, IET_S_MAX_CMD_SN, READ_ONCE(s->sn.max)) ||
	    put_keys(skb, IET_S_KEYS, s->keys) ||
	    put_lun_map(skb, s->nexus.map))
		return -EMSGSIZE;
	/* the newest, if there are many that are being closed */
	list_for_each_entry(conn, &s->conns, session_node)
		if (nr++ < CONNS_MAX && put_conn(skb, conn))
			return -EMSGSIZE;
	return 0;
}

/**
 * iet_nl_reply() - answer a request with an object
 * @reply: empty message
 * @info: the request
 * @fill: the object's fill function
 * @obj: the object
 *
 * Return: 0 or -EMSGSIZE.
 */
int iet_nl_reply(struct sk_buff *reply, struct genl_info *info,
		 iet_nl_fill_fn fill, const void *obj)
{
	void *hdr = genlmsg_put_reply(reply, info, &iet_genl_family, 0,
				      info->genlhdr->cmd);

	/* the reply has room for the largest object */
	if (WARN_ON_ONCE(!hdr || fill(reply, obj)))
		return -EMSGSIZE;
	genlmsg_end(reply, hdr);
	return 0;
}

/**
 * iet_nl_dump_one() - add an object to a dump
 * @skb: message
 * @cb: dump state
 * @fill: the object's fill function
 * @obj: the object
 *
 * Return: 0, or -EMSGSIZE if it doesn't fit; @skb is then as before.
 */
int iet_nl_dump_one(struct sk_buff *skb, struct netlink_callback *cb,
		    iet_nl_fill_fn fill, const void *obj)
{
	const struct genlmsghdr *req = nlmsg_data(cb->nlh);
	void *hdr;

	hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			  &iet_genl_family, NLM_F_MULTI, req->cmd);
	if (!hdr)
		return -EMSGSIZE;
	if (fill(skb, obj)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genl_dump_check_consistent(cb, hdr);
	genlmsg_end(skb, hdr);
	return 0;
}

/**
 * iet_nl_dump_check() - refuse a dump that names a single object
 * @cb: dump state
 * @attr: the attribute that would
 *
 * Return: 0 or -EINVAL.
 */
int iet_nl_dump_check(struct netlink_callback *cb, int attr)
{
	const struct nlattr *nla = iet_genl_dump_attrs(cb)[attr];

	return nla ? iet_nl_refuse(cb->extack, nla,
				   "a dump is not of a single object",
				   -EINVAL) :
		     0;
}

/* go through the targets from cb->args[0] on */
static int dump_targets(struct sk_buff *skb, struct netlink_callback *cb,
			const struct nlattr *tid, iet_nl_dump_fn fn)
{
	struct iet_target *t;
	int err;

	while ((t = iet_target_next(cb->args[0]))) {
		if (tid && t->tid != nla_get_u32(tid))
			return 0;
		/* the target that the cursor was in may be gone */
		if (t->tid != cb->args[0])
			cb->args[1] = 0;
		cb->args[0] = t->tid;
		err = fn(skb, cb, t);
		if (err)
			return err;
		cb->args[0] = (unsigned long)t->tid + 1;
		cb->args[1] = 0;
	}
	return 0;
}

/**
 * iet_nl_dump_in_targets() - dump what belongs to targets
 * @skb: message
 * @cb: dump state; args[0]: tid, args[1]: @fn's cursor in this target
 * @tid: of this target only, which must exist; NULL: of all
 * @fn: dumps from args[1] on; 0: all done, or a negative errno
 *
 * The cursor is numbers and not pointers, so that objects may come and go
 * between two calls; the generation then tells the reader that they did.
 *
 * Context: takes iet_config_lock.
 *
 * Return: bytes in @skb: call again; 0: the end; or a negative errno.
 */
int iet_nl_dump_in_targets(struct sk_buff *skb, struct netlink_callback *cb,
			   const struct nlattr *tid, iet_nl_dump_fn fn)
{
	struct iet_target *t = NULL;
	unsigned int noio;
	int err = 0;

	noio = iet_nl_lock();
	cb->seq = iet_event_generation();
	if (tid && !cb->args[0]) {
		t = iet_nl_target(tid, cb->extack);
		if (IS_ERR(t))
			err = PTR_ERR(t);
		else
			cb->args[0] = t->tid;
	}
	if (!err)
		err = dump_targets(skb, cb, tid, fn);
	iet_nl_unlock(noio);
	/* what did not fit comes with the next call */
	if (err == -EMSGSIZE && skb->len)
		err = 0;
	return err ? err : skb->len;
}
