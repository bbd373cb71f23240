// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands for sessions and connections.
 */
#include <linux/net.h>
#include <net/sock.h>
#include <net/tcp_states.h>

#include "async.h"
#include "compat.h"
#include "conn.h"
#include "event.h"
#include "evict.h"
#include "lun_map.h"
#include "netlink.h"
#include "param.h"
#include "session.h"
#include "target.h"

static const struct iet_range cid_range = {
	.min = 0,
	.max = 65535,
	.text = "a CID must be 0 to 65535",
};

static const struct iet_range digest_range = {
	.min = IET_DIGEST_NONE,
	.max = IET_DIGEST_CRC32C,
	.text = "a digest must be None (1) or CRC32C (2)",
};

static const struct iet_range max_recv_range = {
	.min = 512,
	.max = IET_MAX_RECV_SEGMENT,
	.text = "our MaxRecvDataSegmentLength must be 512 to " __stringify(
		IET_MAX_RECV_SEGMENT),
};

static const struct iet_range max_xmit_range = {
	.min = 512,
	.max = IET_MAX_XMIT_SEGMENT,
	.text = "the peer's MaxRecvDataSegmentLength must be 512 to " __stringify(
		IET_MAX_XMIT_SEGMENT),
};

/* the session that a request names */
static struct iet_session *find(const struct nlattr *tid,
				const struct nlattr *sid,
				struct netlink_ext_ack *extack)
{
	struct iet_target *target = iet_nl_target(tid, extack);
	struct iet_session *session;

	if (IS_ERR(target))
		return ERR_CAST(target);
	session = iet_session_find(target, nla_get_u64(sid));
	if (!session)
		return ERR_PTR(
			iet_nl_refuse(extack, sid, "no such session", -ENOENT));
	return session;
}

/**
 * iet_nl_session_get() - SESSION_GET
 * @reply: gets the session set
 * @info: request
 *
 * Context: under iet_config_lock.
 *
 * Return: 0 or a negative errno.
 */
int iet_nl_session_get(struct sk_buff *reply, struct genl_info *info)
{
	struct iet_session *session = find(
		info->attrs[IET_S_TID], info->attrs[IET_S_SID], info->extack);

	if (IS_ERR(session))
		return PTR_ERR(session);
	return iet_nl_reply(reply, info,
			    nla_get_flag(info->attrs[IET_S_WITH_STATS]) ?
				    iet_nl_fill_session_stats :
				    iet_nl_fill_session,
			    session);
}

/* NULL without the attribute; or ERR_PTR() */
static struct iet_lun_map *map_get(const struct nlattr *attr,
				   struct netlink_ext_ack *extack)
{
	struct iet_lun_map *map;
	const char *refusal;
	u32 nr;

	if (!attr)
		return NULL;
	if (nla_len(attr) % sizeof(map->rules[0]))
		return ERR_PTR(iet_nl_refuse(
			extack, attr, "a LUN map has triples of u32", -EINVAL));
	nr = nla_len(attr) / sizeof(map->rules[0]);
	map = kzalloc(struct_size(map, rules, nr), GFP_KERNEL);
	if (!map)
		return ERR_PTR(-ENOMEM);
	map->nr = nr;
	nla_memcpy(map->rules, attr, nla_len(attr));
	refusal = iet_lun_map_refusal(map->rules, nr);
	if (!refusal)
		return map;
	kfree(map);
	return ERR_PTR(iet_nl_refuse(extack, attr, refusal, -EINVAL));
}

/**
 * iet_nl_session_new() - SESSION_NEW
 * @reply: gets the session set
 * @info: request
 *
 * Context: under iet_config_lock.
 *
 * Return: 0 or a negative errno.
 */
int iet_nl_session_new(struct sk_buff *reply, struct genl_info *info)
{
	struct nlattr **attrs = info->attrs;
	struct iet_session_args args = {
		.initiator = nla_data(attrs[IET_S_INITIATOR]),
		.exp_cmd_sn = nla_get_u32(attrs[IET_S_EXP_CMD_SN]),
	};
	struct iet_session *session;
	struct iet_target *target;
	struct iet_lun_map *map;
	int err;

	nla_memcpy(args.isid, attrs[IET_S_ISID], sizeof(args.isid));
	if (!*args.initiator)
		return iet_nl_refuse(info->extack, attrs[IET_S_INITIATOR],
				     "InitiatorName is empty", -EINVAL);
	err = iet_nl_text_check(attrs[IET_S_INITIATOR], info->extack);
	if (!err)
		err = iet_keys_negotiated(attrs[IET_S_KEYS], args.keys,
					  info->extack);
	if (err)
		return err;
	target = iet_nl_target(attrs[IET_S_TID], info->extack);
	if (IS_ERR(target))
		return PTR_ERR(target);
	map = map_get(attrs[IET_S_LUN_MAP], info->extack);
	if (IS_ERR(map))
		return PTR_ERR(map);
	args.map = map;
	session = iet_session_create(target, &args, info->extack);
	kfree(map);
	if (IS_ERR(session))
		return PTR_ERR(session);
	return iet_nl_reply(reply, info, iet_nl_fill_session, session);
}

/**
 * iet_nl_session_set() - SESSION_SET
 * @reply: gets the session set
 * @info: request
 *
 * Context: under iet_config_lock.
 *
 * Return: 0 or a negative errno.
 */
int iet_nl_session_set(struct sk_buff *reply, struct genl_info *info)
{
	struct iet_session *session = find(
		info->attrs[IET_S_TID], info->attrs[IET_S_SID], info->extack);
	struct iet_lun_map *map;
	int err;

	if (IS_ERR(session))
		return PTR_ERR(session);
	map = map_get(info->attrs[IET_S_LUN_MAP], info->extack);
	if (IS_ERR(map))
		return PTR_ERR(map);
	err = iet_nexus_set_map(&session->nexus, map);
	kfree(map);
	if (err)
		return err;
	iet_async_luns_changed(session, 0);
	iet_event_session(session->target->tid, session->sid, IET_EVENT_SET);
	return iet_nl_reply(reply, info, iet_nl_fill_session, session);
}

/**
 * iet_nl_session_del() - SESSION_DEL
 * @reply: stays empty
 * @info: request
 *
 * Context: under iet_config_lock.
 *
 * Return: 0 or a negative errno.
 */
int iet_nl_session_del(struct sk_buff *reply, struct genl_info *info)
{
	struct iet_session *session = find(
		info->attrs[IET_S_TID], info->attrs[IET_S_SID], info->extack);

	if (IS_ERR(session))
		return PTR_ERR(session);
	iet_evict_note(session);
	iet_session_close(session, IET_EVENT_ADMIN);
	return 0;
}

static int args_get(struct iet_conn_args *args, struct genl_info *info)
{
	struct nlattr **attrs = info->attrs;
	u32 cid, hdigest, ddigest;
	const struct {
		int attr;
		const struct iet_range *range;
		u32 *val;
	} numbers[] = {
		{ IET_C_CID, &cid_range, &cid },
		{ IET_C_HEADER_DIGEST, &digest_range, &hdigest },
		{ IET_C_DATA_DIGEST, &digest_range, &ddigest },
		{ IET_C_MAX_RECV, &max_recv_range, &args->max_recv },
		{ IET_C_MAX_XMIT, &max_xmit_range, &args->max_xmit },
	};
	int i, err;

	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		err = iet_range_get(numbers[i].range, attrs[numbers[i].attr],
				    numbers[i].val, info->extack);
		if (err)
			return err;
	}
	args->cid = cid;
	args->header_digest = hdigest == IET_DIGEST_CRC32C;
	args->data_digest = ddigest == IET_DIGEST_CRC32C;
	args->stat_sn = nla_get_u32(attrs[IET_C_STAT_SN]);
	args->exp_stat_sn = nla_get_u32(attrs[IET_C_EXP_STAT_SN]);
	return 0;
}

static const char *sock_refusal(const struct socket *sock)
{
	const struct sock *sk = sock->sk;

	if ((sk->sk_family != AF_INET && sk->sk_family != AF_INET6) ||
	    sk->sk_type != SOCK_STREAM || sk->sk_protocol != IPPROTO_TCP)
		return "not a TCP socket";
	if (READ_ONCE(sk->sk_state) != TCP_ESTABLISHED)
		return "the TCP connection is not established";
	return NULL;
}

/* the handler runs in the sender's file table */
static struct socket *sock_get(const struct nlattr *fd,
			       struct netlink_ext_ack *extack)
{
	const char *refusal;
	struct socket *sock;
	int err;

	sock = sockfd_lookup(nla_get_u32(fd), &err);
	if (!sock)
		return ERR_PTR(iet_nl_refuse(extack, fd, "not a socket", err));
	refusal = sock_refusal(sock);
	if (!refusal)
		return sock;
	sockfd_put(sock);
	return ERR_PTR(iet_nl_refuse(extack, fd, refusal, -EINVAL));
}

/**
 * iet_nl_conn_new() - CONN_NEW, the handoff of a socket
 * @reply: stays empty
 * @info: request
 *
 * Context: under iet_config_lock.
 *
 * Return: 0 or a negative errno.
 */
int iet_nl_conn_new(struct sk_buff *reply, struct genl_info *info)
{
	struct iet_conn_args args;
	struct iet_session *session;
	struct iet_conn *conn;
	int err;

	err = args_get(&args, info);
	if (err)
		return err;
	session = find(info->attrs[IET_C_TID], info->attrs[IET_C_SID],
		       info->extack);
	if (IS_ERR(session))
		return PTR_ERR(session);
	args.sock = sock_get(info->attrs[IET_C_FD], info->extack);
	if (IS_ERR(args.sock))
		return PTR_ERR(args.sock);
	conn = iet_conn_create(session, &args, info->extack);
	if (IS_ERR(conn)) {
		sockfd_put(args.sock);
		return PTR_ERR(conn);
	}
	return 0;
}

/**
 * iet_nl_conn_del() - CONN_DEL
 * @reply: stays empty
 * @info: request
 *
 * Context: under iet_config_lock.
 *
 * Return: 0 or a negative errno.
 */
int iet_nl_conn_del(struct sk_buff *reply, struct genl_info *info)
{
	const struct nlattr *attr = info->attrs[IET_C_CID];
	struct iet_session *session = find(
		info->attrs[IET_C_TID], info->attrs[IET_C_SID], info->extack);
	struct iet_conn *conn;
	u32 cid;
	int err;

	if (IS_ERR(session))
		return PTR_ERR(session);
	err = iet_range_get(&cid_range, attr, &cid, info->extack);
	if (err)
		return err;
	conn = iet_conn_find(session, cid);
	if (!conn)
		return iet_nl_refuse(info->extack, attr, "no such connection",
				     -ENOENT);
	iet_evict_note(session);
	iet_conn_close(conn, IET_EVENT_ADMIN);
	return 0;
}

static const struct iet_range async_event_range = {
	.min = IET_ASYNC_LOGOUT,
	.max = IET_ASYNC_NEGOTIATE,
	.text = "an event must be 1 (logout) to 4 (negotiation)",
};

#define ASYNC_TIME_DEFAULT 10

static const struct iet_range async_time_range = {
	.min = 0,
	.max = IET_ASYNC_TIME_MAX,
	.text = "a time must be 0 to " __stringify(
		IET_ASYNC_TIME_MAX) " seconds",
};

/* one connection, or all of them */
static int async_ask(struct iet_session *session, const u32 *cid, u32 event,
		     u32 seconds)
{
	struct iet_conn *conn;
	int err = -ENOENT;

	list_for_each_entry(conn, &session->conns, session_node) {
		if (cid && conn->cid != *cid)
			continue;
		err = iet_async_ask(conn, event, seconds);
		if (err)
			break;
	}
	return err;
}

/**
 * iet_nl_conn_async() - CONN_ASYNC
 * @reply: stays empty
 * @info: request
 *
 * Context: under iet_config_lock.
 *
 * Return: 0 or a negative errno.
 */
int iet_nl_conn_async(struct sk_buff *reply, struct genl_info *info)
{
	struct nlattr **attrs = info->attrs;
	struct iet_session *session =
		find(attrs[IET_C_TID], attrs[IET_C_SID], info->extack);
	u32 cid, event, seconds = ASYNC_TIME_DEFAULT;
	int err;

	if (IS_ERR(session))
		return PTR_ERR(session);
	err = iet_range_get(&async_event_range, attrs[IET_C_ASYNC_EVENT],
			    &event, info->extack);
	if (!err && attrs[IET_C_ASYNC_TIME])
		err = iet_range_get(&async_time_range, attrs[IET_C_ASYNC_TIME],
				    &seconds, info->extack);
	if (!err && attrs[IET_C_CID])
		err = iet_range_get(&cid_range, attrs[IET_C_CID], &cid,
				    info->extack);
	if (err)
		return err;
	err = async_ask(session, attrs[IET_C_CID] ? &cid : NULL, event,
			seconds);
	if (err == -ENOENT)
		return iet_nl_refuse(info->extack, attrs[IET_C_CID],
				     "no such connection", err);
	return err;
}

/**
 * iet_nl_next_session() - the session of the lowest TSIH from one on
 * @target: of this target
 * @tsih: from this one on
 *
 * The list is in order of age, which a dump can't resume in once its last
 * session has gone.
 *
 * Context: under iet_config_lock.
 *
 * Return: the session, or NULL
 */
struct iet_session *iet_nl_next_session(struct iet_target *target,
					unsigned long tsih)
{
	struct iet_session *s, *best = NULL;

	list_for_each_entry(s, &target->sessions, target_node)
		if (!s->unlinked && s->tsih >= tsih &&
		    (!best || s->tsih < best->tsih))
			best = s;
	return best;
}

/* the sessions of a target, from the TSIH cb->args[1] on */
static int dump_target(struct sk_buff *skb, struct netlink_callback *cb,
		       struct iet_target *target)
{
	bool stats = iet_genl_dump_attrs(cb)[IET_S_WITH_STATS];
	struct iet_session *s;
	int err;

	while ((s = iet_nl_next_session(target, cb->args[1]))) {
		err = iet_nl_dump_one(skb, cb,
				      stats ? iet_nl_fill_session_stats :
					      iet_nl_fill_session,
				      s);
		if (err)
			return err;
		cb->args[1] = s->tsih + 1;
	}
	return 0;
}

/**
 * iet_nl_session_dump() - dump of SESSION_GET
 * @skb: message
 * @cb: dump state; args[0]: tid, args[1]: next TSIH
 *
 * Context: takes iet_config_lock.
 *
 * Return: see iet_nl_dump_in_targets().
 */
int iet_nl_session_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	int err = iet_nl_dump_check(cb, IET_S_SID);

	if (err)
		return err;
	return iet_nl_dump_in_targets(
		skb, cb, iet_genl_dump_attrs(cb)[IET_S_TID], dump_target);
}
