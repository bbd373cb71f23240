// SPDX-License-Identifier: GPL-2.0-only
#include "kernel_attr.h"

#include <errno.h>
#include <string.h>

enum attr_type {
	ATTR_NONE, /* no member for this attribute */
	ATTR_U16,
	ATTR_U32,
	ATTR_U64,
	ATTR_FLAG,
	ATTR_STRING,
	ATTR_BYTES,
	ATTR_KEYS,
	ATTR_PROPS,
	ATTR_LUN_MAP,
	ATTR_STATS, /* these two only come */
	ATTR_LATENCY,
};

struct attr_map {
	enum attr_type type;
	size_t offset;
	size_t size;
};

#define MEMBER(t, s, m)                                       \
	{                                                     \
		.type = (t), .offset = offsetof(struct s, m), \
		.size = sizeof(((struct s *)0)->m)            \
	}
#define U16(s, m) MEMBER(ATTR_U16, s, m)
#define U32(s, m) MEMBER(ATTR_U32, s, m)
#define U64(s, m) MEMBER(ATTR_U64, s, m)
#define FLAG(s, m) MEMBER(ATTR_FLAG, s, m)
#define STRING(s, m) MEMBER(ATTR_STRING, s, m)
#define BYTES(s, m) MEMBER(ATTR_BYTES, s, m)
#define KEYS(s, m) MEMBER(ATTR_KEYS, s, m)
#define PROPS(s, m) MEMBER(ATTR_PROPS, s, m)
#define LUN_MAP(s, m) MEMBER(ATTR_LUN_MAP, s, m)
#define STATS(s, m) MEMBER(ATTR_STATS, s, m)
#define LATENCY(s, m) MEMBER(ATTR_LATENCY, s, m)

static const struct attr_map info_map[IET_I_MAX + 1] = {
	[IET_I_VERSION] = STRING(kernel_info, version),
	[IET_I_INSTANCE] = U64(kernel_info, instance),
	[IET_I_DAEMON] = U32(kernel_info, daemon),
	[IET_I_NTHREADS] = U32(kernel_info, nthreads),
	[IET_I_MAX_RECV_SEGMENT] = U32(kernel_info, max_recv_segment),
	[IET_I_MAX_BURST] = U32(kernel_info, max_burst),
	[IET_I_MAX_QUEUED] = U32(kernel_info, max_queued),
	[IET_I_MAX_OUTSTANDING_R2T] = U32(kernel_info, max_outstanding_r2t),
	[IET_I_MAX_CONNECTIONS] = U32(kernel_info, max_connections),
	[IET_I_MAX_ERL] = U32(kernel_info, max_erl),
};

static const struct attr_map target_map[IET_T_MAX + 1] = {
	[IET_T_TID] = U32(kernel_target, tid),
	[IET_T_NAME] = STRING(kernel_target, name),
	[IET_T_ORIGIN] = U32(kernel_target, origin),
	[IET_T_WTHREADS] = U32(kernel_target, wthreads),
	[IET_T_TYPE] = U32(kernel_target, type),
	[IET_T_QUEUED_COMMANDS] = U32(kernel_target, queued_commands),
	[IET_T_NOP_INTERVAL] = U32(kernel_target, nop_interval),
	[IET_T_NOP_TIMEOUT] = U32(kernel_target, nop_timeout),
	[IET_T_MAX_SESSIONS] = U32(kernel_target, max_sessions),
	[IET_T_ALUA_STATE] = U32(kernel_target, alua_state),
	[IET_T_ALUA_PREFERRED] = U32(kernel_target, alua_preferred),
	[IET_T_ALUA_EXPLICIT] = U32(kernel_target, alua_explicit),
	[IET_T_ALIAS] = STRING(kernel_target, alias),
	[IET_T_REDIRECT] = STRING(kernel_target, redirect),
	[IET_T_KEYS] = KEYS(kernel_target, keys),
	[IET_T_NR_SESSIONS] = U32(kernel_target, nr_sessions),
	[IET_T_NR_LUNS] = U32(kernel_target, nr_luns),
	[IET_T_FORCE] = FLAG(kernel_target, force),
	[IET_T_REDIRECT_FLAGS] = U32(kernel_target, redirect_flags),
};

static const struct attr_map lun_map[IET_L_MAX + 1] = {
	[IET_L_TID] = U32(kernel_lun, tid),
	[IET_L_LUN] = U32(kernel_lun, lun),
	[IET_L_ORIGIN] = U32(kernel_lun, origin),
	[IET_L_IOTYPE] = STRING(kernel_lun, iotype),
	[IET_L_IOMODE] = U32(kernel_lun, iomode),
	[IET_L_FD] = U32(kernel_lun, fd),
	[IET_L_PATH] = STRING(kernel_lun, path),
	[IET_L_SCSI_ID] = STRING(kernel_lun, scsi_id),
	[IET_L_SCSI_SN] = STRING(kernel_lun, scsi_sn),
	[IET_L_BLOCK_SIZE] = U32(kernel_lun, block_size),
	[IET_L_BLOCKS] = U64(kernel_lun, blocks),
	[IET_L_THIN] = U32(kernel_lun, thin),
	[IET_L_REMOVABLE] = U32(kernel_lun, removable),
	[IET_L_ENCRYPTED] = U32(kernel_lun, encrypted),
	[IET_L_STATE_FD] = U32(kernel_lun, state_fd),
	[IET_L_PROPS] = PROPS(kernel_lun, props),
	[IET_L_OF_TID] = U32(kernel_lun, of_tid),
	[IET_L_OF_LUN] = U32(kernel_lun, of_lun),
	[IET_L_RESCAN] = FLAG(kernel_lun, rescan),
	[IET_L_TIMED] = U32(kernel_lun, timed),
	[IET_L_WITH_STATS] = FLAG(kernel_lun, with_stats),
	[IET_L_STATS] = STATS(kernel_lun, stats),
	[IET_L_LATENCY] = LATENCY(kernel_lun, latency),
};

static const struct attr_map prop_map[IET_P_MAX + 1] = {
	[IET_P_VENDOR] = STRING(kernel_props, vendor),
	[IET_P_PRODUCT] = STRING(kernel_props, product),
	[IET_P_REVISION] = STRING(kernel_props, revision),
	[IET_P_NAA] = STRING(kernel_props, naa),
	[IET_P_EUI64] = STRING(kernel_props, eui64),
	[IET_P_UUID] = STRING(kernel_props, uuid),
	[IET_P_SCSI_VERSION] = U32(kernel_props, scsi_version),
	[IET_P_PHYS_BLOCK_SIZE] = U32(kernel_props, phys_block_size),
	[IET_P_ROTATION] = U32(kernel_props, rotation),
	[IET_P_IO_GRANULARITY] = U32(kernel_props, io_granularity),
	[IET_P_IO_OPTIMAL] = U32(kernel_props, io_optimal),
};

static const struct attr_map session_map[IET_S_MAX + 1] = {
	[IET_S_TID] = U32(kernel_session, tid),
	[IET_S_SID] = U64(kernel_session, sid),
	[IET_S_INITIATOR] = STRING(kernel_session, initiator),
	[IET_S_ISID] = BYTES(kernel_session, isid),
	[IET_S_TSIH] = U16(kernel_session, tsih),
	[IET_S_EXP_CMD_SN] = U32(kernel_session, exp_cmd_sn),
	[IET_S_MAX_CMD_SN] = U32(kernel_session, max_cmd_sn),
	[IET_S_KEYS] = KEYS(kernel_session, keys),
	[IET_S_LUN_MAP] = LUN_MAP(kernel_session, lun_map),
	[IET_S_WITH_STATS] = FLAG(kernel_session, with_stats),
	[IET_S_STATS] = STATS(kernel_session, stats),
};

#define STAT(attr) [attr] = U64(kernel_stats, nr[(attr)-1])

static const struct attr_map stat_map[IET_ST_MAX + 1] = {
	STAT(IET_ST_READS),	  STAT(IET_ST_WRITES),
	STAT(IET_ST_OTHERS),	  STAT(IET_ST_READ_BYTES),
	STAT(IET_ST_WRITE_BYTES), STAT(IET_ST_CHECKS),
	STAT(IET_ST_ERRORS),	  STAT(IET_ST_ABORTED),
	STAT(IET_ST_R2TS),	  STAT(IET_ST_DIGEST_ERRORS),
	STAT(IET_ST_REJECTS),	  STAT(IET_ST_TMFS),
};

#define HISTOGRAM(attr) [attr] = BYTES(kernel_latency, nr[(attr)-1])

static const struct attr_map latency_map[IET_H_MAX + 1] = {
	HISTOGRAM(IET_H_READ_TOTAL),
	HISTOGRAM(IET_H_READ_DEVICE),
	HISTOGRAM(IET_H_WRITE_TOTAL),
	HISTOGRAM(IET_H_WRITE_DEVICE),
};

static const struct attr_map nexus_map[IET_N_MAX + 1] = {
	[IET_N_TID] = U32(kernel_nexus, tid),
	[IET_N_LUN] = U32(kernel_nexus, lun),
	[IET_N_SID] = U64(kernel_nexus, sid),
	[IET_N_INITIATOR] = STRING(kernel_nexus, initiator),
	[IET_N_STATS] = STATS(kernel_nexus, stats),
};

static const struct attr_map conn_map[IET_C_MAX + 1] = {
	[IET_C_TID] = U32(kernel_conn, tid),
	[IET_C_SID] = U64(kernel_conn, sid),
	[IET_C_CID] = U32(kernel_conn, cid),
	[IET_C_FD] = U32(kernel_conn, fd),
	[IET_C_STAT_SN] = U32(kernel_conn, stat_sn),
	[IET_C_EXP_STAT_SN] = U32(kernel_conn, exp_stat_sn),
	[IET_C_STATE] = U32(kernel_conn, state),
	[IET_C_ADDR] = STRING(kernel_conn, addr),
	[IET_C_HEADER_DIGEST] = U32(kernel_conn, header_digest),
	[IET_C_DATA_DIGEST] = U32(kernel_conn, data_digest),
	[IET_C_MAX_RECV] = U32(kernel_conn, max_recv),
	[IET_C_MAX_XMIT] = U32(kernel_conn, max_xmit),
	[IET_C_ASYNC_EVENT] = U32(kernel_conn, async_event),
	[IET_C_ASYNC_TIME] = U32(kernel_conn, async_time),
};

static const struct attr_map fault_map[IET_F_MAX + 1] = {
	[IET_F_TID] = U32(kernel_fault, tid),
	[IET_F_ID] = U32(kernel_fault, id),
	[IET_F_KIND] = U32(kernel_fault, kind),
	[IET_F_SID] = U64(kernel_fault, sid),
	[IET_F_INITIATOR] = STRING(kernel_fault, initiator),
	[IET_F_LUN] = U32(kernel_fault, lun),
	[IET_F_OPCODE] = U32(kernel_fault, opcode),
	[IET_F_DIRECTION] = U32(kernel_fault, direction),
	[IET_F_LBA] = U64(kernel_fault, lba),
	[IET_F_LBA_LAST] = U64(kernel_fault, lba_last),
	[IET_F_PDU] = U32(kernel_fault, pdu),
	[IET_F_CHANCE] = U32(kernel_fault, chance),
	[IET_F_SEED] = U32(kernel_fault, seed),
	[IET_F_SKIP] = U32(kernel_fault, skip),
	[IET_F_COUNT] = U32(kernel_fault, count),
	[IET_F_DELAY] = U32(kernel_fault, delay),
	[IET_F_SENSE] = U32(kernel_fault, sense),
	[IET_F_STATUS] = U32(kernel_fault, status),
	[IET_F_REASON] = U32(kernel_fault, reason),
	[IET_F_ASYNC_EVENT] = U32(kernel_fault, async_event),
	[IET_F_BYTE] = U32(kernel_fault, byte),
	[IET_F_SEEN] = U64(kernel_fault, seen),
	[IET_F_HITS] = U64(kernel_fault, hits),
	[IET_F_HELD] = U32(kernel_fault, held),
	[IET_F_ENDED] = FLAG(kernel_fault, ended),
};

const struct attr_set attr_info = { info_map, IET_I_MAX, -1 };
const struct attr_set attr_target = { target_map, IET_T_MAX,
				      offsetof(struct kernel_target, set) };
const struct attr_set attr_lun = { lun_map, IET_L_MAX,
				   offsetof(struct kernel_lun, set) };
const struct attr_set attr_prop = { prop_map, IET_P_MAX,
				    offsetof(struct kernel_props, set) };
const struct attr_set attr_session = { session_map, IET_S_MAX, -1 };
const struct attr_set attr_conn = { conn_map, IET_C_MAX, -1 };
const struct attr_set attr_fault = { fault_map, IET_F_MAX,
				     offsetof(struct kernel_fault, set) };
const struct attr_set attr_stat = { stat_map, IET_ST_MAX, -1 };
const struct attr_set attr_latency = { latency_map, IET_H_MAX, -1 };
const struct attr_set attr_nexus = { nexus_map, IET_N_MAX, -1 };

static int put_keys(struct nl_msg *msg, int attr, const struct kernel_keys *k)
{
	struct nlattr *nest = nla_nest_start(msg, attr | NLA_F_NESTED);
	int i;

	if (!nest)
		return -EMSGSIZE;
	for (i = 1; i <= IET_K_MAX; i++)
		if (k->set & K_HAS(i) && nla_put_u32(msg, i, k->val[i]))
			return -EMSGSIZE;
	/* an empty nest is nothing to send; nla_nest_end() takes it back */
	nla_nest_end(msg, nest);
	return 0;
}

static int put_props(struct nl_msg *msg, int attr, const struct kernel_props *p)
{
	struct nlattr *nest = nla_nest_start(msg, attr | NLA_F_NESTED);
	int err;

	if (!nest)
		return -EMSGSIZE;
	err = attr_put(msg, &attr_prop, p->set, p);
	/* an empty one says: all by default */
	nla_nest_end_keep_empty(msg, nest);
	return err;
}

static int put_lun_map(struct nl_msg *msg, int attr,
		       const struct kernel_lun_map *map)
{
	return nla_put(msg, attr, map->nr * sizeof(map->rule[0]), map->rule);
}

static int get_lun_map(struct nlattr *a, struct kernel_lun_map *map)
{
	size_t len = nla_len(a);

	if (len > sizeof(map->rule) || len % sizeof(map->rule[0]))
		return -EPROTO;
	map->nr = len / sizeof(map->rule[0]);
	memcpy(map->rule, nla_data(a), len);
	return 0;
}

static int put_one(struct nl_msg *msg, int attr, const struct attr_map *m,
		   const char *p)
{
	switch (m->type) {
	case ATTR_NONE:
	case ATTR_STATS:
	case ATTR_LATENCY:
		return 0;
	case ATTR_FLAG:
		return *(const bool *)p ? nla_put_flag(msg, attr) : 0;
	case ATTR_STRING:
		return nla_put_string(msg, attr, p);
	case ATTR_KEYS:
		return put_keys(msg, attr, (const struct kernel_keys *)p);
	case ATTR_LUN_MAP:
		return put_lun_map(msg, attr, (const void *)p);
	case ATTR_PROPS:
		return put_props(msg, attr, (const struct kernel_props *)p);
	default:
		return nla_put(msg, attr, m->size, p);
	}
}

int attr_put(struct nl_msg *msg, const struct attr_set *set, uint64_t which,
	     const void *obj)
{
	int i;

	for (i = 1; i <= set->max; i++) {
		const struct attr_map *m = &set->map[i];

		if (which & K_HAS(i) &&
		    put_one(msg, i, m, (const char *)obj + m->offset))
			return -EMSGSIZE;
	}
	return 0;
}

static int get_keys(struct nlattr *nest, struct kernel_keys *k)
{
	struct nlattr *a;
	int rem;

	nla_for_each_nested(a, nest, rem) {
		int type = nla_type(a);

		if (!type || type > IET_K_MAX)
			continue;
		if (nla_len(a) != sizeof(uint32_t))
			return -EPROTO;
		k->val[type] = nla_get_u32(a);
		k->set |= K_HAS(type);
	}
	return rem ? -EPROTO : 0;
}

static int get_string(struct nlattr *a, char *dst, size_t size)
{
	size_t len = nla_len(a);
	const char *src = nla_data(a);

	if (!len || len > size || memchr(src, '\0', len) != src + len - 1)
		return -EPROTO;
	memcpy(dst, src, len);
	return 0;
}

static int get_one(struct nlattr *a, const struct attr_map *m, char *p)
{
	switch (m->type) {
	case ATTR_NONE:
		return 0;
	case ATTR_FLAG:
		*(bool *)p = true;
		return nla_len(a) ? -EPROTO : 0;
	case ATTR_STRING:
		return get_string(a, p, m->size);
	case ATTR_KEYS:
		return get_keys(a, (struct kernel_keys *)p);
	case ATTR_LUN_MAP:
		return get_lun_map(a, (void *)p);
	case ATTR_PROPS:
		return attr_get(nla_data(a), nla_len(a), &attr_prop, p);
	case ATTR_STATS:
		return attr_get(nla_data(a), nla_len(a), &attr_stat, p);
	case ATTR_LATENCY:
		return attr_get(nla_data(a), nla_len(a), &attr_latency, p);
	default:
		if ((size_t)nla_len(a) != m->size)
			return -EPROTO;
		memcpy(p, nla_data(a), m->size);
		return 0;
	}
}

int attr_get(struct nlattr *head, int len, const struct attr_set *set,
	     void *obj)
{
	struct nlattr *a;
	int rem, err;

	nla_for_each_attr(a, head, len, rem) {
		int type = nla_type(a);

		if (!type || type > set->max)
			continue;
		err = get_one(a, &set->map[type],
			      (char *)obj + set->map[type].offset);
		if (err)
			return err;
		if (set->set_offset >= 0)
			*(uint64_t *)((char *)obj + set->set_offset) |=
				K_HAS(type);
	}
	return rem ? -EPROTO : 0;
}

int attr_get_session(struct nlattr *head, int len, struct kernel_session *s)
{
	const unsigned int max = sizeof(s->conn) / sizeof(s->conn[0]);
	struct nlattr *a;
	int rem, err;

	err = attr_get(head, len, &attr_session, s);
	if (err)
		return err;
	s->nr_conns = 0;
	nla_for_each_attr(a, head, len, rem) {
		struct kernel_conn *c = &s->conn[s->nr_conns];

		if (nla_type(a) == IET_S_LUN_MAP)
			s->has_lun_map = true;
		if (nla_type(a) != IET_S_CONN || s->nr_conns == max)
			continue;
		memset(c, 0, sizeof(*c));
		c->tid = s->tid;
		c->sid = s->sid;
		c->fd = -1;
		err = attr_get(nla_data(a), nla_len(a), &attr_conn, c);
		if (err)
			return err;
		s->nr_conns++;
	}
	return 0;
}
