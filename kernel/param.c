// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ranges and defaults of target parameters and negotiation keys.
 */
#include <linux/kernel.h>
#include <linux/stringify.h>
#include <net/netlink.h>

#include "compat.h"
#include "netlink.h"
#include "param.h"
#include "session.h"
#include "target.h"
#include "tmf.h"

#define RANGE(name, lo, hi, d, r)                                          \
	{                                                                  \
		.min = (lo), .max = (hi), .def = (d), .rfc = (r),          \
		.text = name                                               \
			" must be " __stringify(lo) " to " __stringify(hi) \
	}
#define ONLY(name, value, word)                                   \
	{                                                         \
		.min = (value), .max = (value), .def = (value),   \
		.rfc = (value), .text = name " can only be " word \
	}
#define DIGEST(name)                                                     \
	{                                                                \
		.min = IET_DIGEST_NONE,                                  \
		.max = IET_DIGEST_NONE | IET_DIGEST_CRC32C,              \
		.def = IET_DIGEST_NONE | IET_DIGEST_CRC32C,              \
		.rfc = IET_DIGEST_NONE,                                  \
		.text = name " must be None (1), CRC32C (2) or both (3)" \
	}

#define TASK_REPORTING_ALL \
	(IET_TASK_RFC3720 | IET_TASK_RESPONSE_FENCE | IET_TASK_FAST_ABORT)

static const struct iet_range target_ranges[IET_T_MAX + 1] = {
	[IET_T_WTHREADS] = RANGE("Wthreads", 1, 128, 8, 0),
	[IET_T_TYPE] = ONLY("Type", 0, "0 (disk)"),
	[IET_T_QUEUED_COMMANDS] =
		RANGE("QueuedCommands", 1, IET_MAX_QUEUED, 128, 0),
	[IET_T_NOP_INTERVAL] = RANGE("NOPInterval", 0, 90, 0, 0),
	[IET_T_NOP_TIMEOUT] = RANGE("NOPTimeout", 0, 90, 0, 0),
	[IET_T_MAX_SESSIONS] = RANGE("MaxSessions", 0, 65535, 0, 0),
};

static const size_t target_offsets[IET_T_MAX + 1] = {
	[IET_T_WTHREADS] = offsetof(struct iet_target_param, wthreads),
	[IET_T_TYPE] = offsetof(struct iet_target_param, type),
	[IET_T_QUEUED_COMMANDS] =
		offsetof(struct iet_target_param, queued_commands),
	[IET_T_NOP_INTERVAL] = offsetof(struct iet_target_param, nop_interval),
	[IET_T_NOP_TIMEOUT] = offsetof(struct iet_target_param, nop_timeout),
	[IET_T_MAX_SESSIONS] = offsetof(struct iet_target_param, max_sessions),
};

/*
 * The defaults are chosen for speed: no round trip before a small write, and
 * bursts that keep a fast network busy.
 */
static const struct iet_range key_ranges[IET_K_MAX + 1] = {
	[IET_K_INITIAL_R2T] = RANGE("InitialR2T", 0, 1, 0, 1),
	[IET_K_IMMEDIATE_DATA] = RANGE("ImmediateData", 0, 1, 1, 1),
	[IET_K_MAX_CONNECTIONS] =
		RANGE("MaxConnections", 1, IET_MAX_CONNECTIONS, 1, 1),
	[IET_K_MAX_RECV_DATA_SEGMENT_LENGTH] = RANGE("MaxRecvDataSegmentLength",
						     512, IET_MAX_RECV_SEGMENT,
						     262144, 8192),
	[IET_K_MAX_XMIT_DATA_SEGMENT_LENGTH] = RANGE("MaxXmitDataSegmentLength",
						     512, IET_MAX_XMIT_SEGMENT,
						     262144, 8192),
	[IET_K_MAX_BURST_LENGTH] =
		RANGE("MaxBurstLength", 512, IET_MAX_BURST, 1048576, 262144),
	[IET_K_FIRST_BURST_LENGTH] =
		RANGE("FirstBurstLength", 512, IET_MAX_BURST, 262144, 65536),
	[IET_K_DEFAULT_TIME2WAIT] = RANGE("DefaultTime2Wait", 0, 3600, 2, 2),
	[IET_K_DEFAULT_TIME2RETAIN] =
		RANGE("DefaultTime2Retain", 0, 3600, 20, 20),
	[IET_K_MAX_OUTSTANDING_R2T] =
		RANGE("MaxOutstandingR2T", 1, IET_MAX_OUTSTANDING_R2T, 8, 1),
	[IET_K_DATA_PDU_IN_ORDER] = ONLY("DataPDUInOrder", 1, "Yes"),
	[IET_K_DATA_SEQUENCE_IN_ORDER] = ONLY("DataSequenceInOrder", 1, "Yes"),
	[IET_K_ERROR_RECOVERY_LEVEL] =
		RANGE("ErrorRecoveryLevel", 0, IET_MAX_ERL, 0, 0),
	[IET_K_HEADER_DIGEST] = DIGEST("HeaderDigest"),
	[IET_K_DATA_DIGEST] = DIGEST("DataDigest"),
	[IET_K_OFMARKER] = ONLY("OFMarker", 0, "No"),
	[IET_K_IFMARKER] = ONLY("IFMarker", 0, "No"),
	[IET_K_OFMARKINT] = RANGE("OFMarkInt", 1, 65535, 2048, 2048),
	[IET_K_IFMARKINT] = RANGE("IFMarkInt", 1, 65535, 2048, 2048),
	[IET_K_TASK_REPORTING] = {
		.min = IET_TASK_RFC3720,
		.max = TASK_REPORTING_ALL,
		.def = TASK_REPORTING_ALL,
		.rfc = IET_TASK_RFC3720,
		.text = "TaskReporting must be a sum of RFC3720 (1), "
			"ResponseFence (2) and FastAbort (4)",
	},
	[IET_K_PROTOCOL_LEVEL] = RANGE("iSCSIProtocolLevel", 0, 2, 2, 1),
};

/**
 * iet_range_get() - take a number from a request
 * @range: what it may be
 * @attr: u32 attribute
 * @val: set if the number is in @range
 * @extack: for the refusal
 *
 * Return: 0 or -ERANGE.
 */
int iet_range_get(const struct iet_range *range, const struct nlattr *attr,
		  u32 *val, struct netlink_ext_ack *extack)
{
	u32 v = nla_get_u32(attr);

	if (v < range->min || v > range->max)
		return iet_nl_refuse(extack, attr, range->text, -ERANGE);
	*val = v;
	return 0;
}

static u32 *target_member(struct iet_target_param *param, int attr)
{
	return (void *)param + target_offsets[attr];
}

/**
 * iet_target_param_default() - parameters of a new target
 * @param: all members are set
 */
void iet_target_param_default(struct iet_target_param *param)
{
	int a;

	for (a = 0; a <= IET_T_MAX; a++)
		if (target_ranges[a].text)
			*target_member(param, a) = target_ranges[a].def;
}

/**
 * iet_target_param_get() - take the parameters of a target from a request
 * @attrs: target set
 * @param: what is in @attrs is set, the rest stays
 * @extack: for the refusal
 *
 * Return: 0 or -ERANGE.
 */
int iet_target_param_get(struct nlattr **attrs, struct iet_target_param *param,
			 struct netlink_ext_ack *extack)
{
	int a, err;

	for (a = 0; a <= IET_T_MAX; a++) {
		if (!target_ranges[a].text || !attrs[a])
			continue;
		err = iet_range_get(&target_ranges[a], attrs[a],
				    target_member(param, a), extack);
		if (err)
			return err;
	}
	return 0;
}

/**
 * iet_keys_default() - what a new target offers
 * @keys: by enum iet_key_attr; all are set
 */
void iet_keys_default(u32 *keys)
{
	int k;

	for (k = 0; k <= IET_K_MAX; k++)
		keys[k] = key_ranges[k].def;
}

/**
 * iet_keys_get() - take keys from a request
 * @nest: key set
 * @keys: by enum iet_key_attr; what is in @nest is set, the rest stays
 * @extack: for the refusal
 *
 * Return: 0 or a negative errno.
 */
int iet_keys_get(const struct nlattr *nest, u32 *keys,
		 struct netlink_ext_ack *extack)
{
	struct nlattr *tb[IET_K_MAX + 1];
	int k, err;

	err = nla_parse_nested(tb, IET_K_MAX, nest, iet_key_policy, extack);
	if (err)
		return err;
	for (k = 1; k <= IET_K_MAX; k++) {
		if (!tb[k])
			continue;
		err = iet_range_get(&key_ranges[k], tb[k], &keys[k], extack);
		if (err)
			return err;
	}
	return 0;
}

/**
 * iet_keys_negotiated() - take the keys of a session from a request
 * @nest: key set: what was negotiated; the rest has its RFC 7143 default
 * @keys: by enum iet_key_attr; all are set
 * @extack: for the refusal
 *
 * Return: 0 or a negative errno.
 */
int iet_keys_negotiated(const struct nlattr *nest, u32 *keys,
			struct netlink_ext_ack *extack)
{
	static const int words[] = { IET_K_HEADER_DIGEST, IET_K_DATA_DIGEST,
				     IET_K_TASK_REPORTING };
	int i, k, err;

	for (k = 0; k <= IET_K_MAX; k++)
		keys[k] = key_ranges[k].rfc;
	err = iet_keys_get(nest, keys, extack);
	if (err)
		return err;

	for (i = 0; i < ARRAY_SIZE(words); i++)
		if (!is_power_of_2(keys[words[i]]))
			return iet_nl_refuse(extack, nest,
					     "a session has one digest each, "
					     "and one way of TaskReporting",
					     -EINVAL);
	/* RFC 7143 13.14 */
	if (keys[IET_K_FIRST_BURST_LENGTH] > keys[IET_K_MAX_BURST_LENGTH])
		return iet_nl_refuse(extack, nest,
				     "FirstBurstLength is over MaxBurstLength",
				     -EINVAL);
	return 0;
}
