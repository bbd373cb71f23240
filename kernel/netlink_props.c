// SPDX-License-Identifier: GPL-2.0-only
/*
 * Properties of logical units, to and from netlink attributes.
 */
#include <linux/log2.h>
#include <linux/stddef.h>
#include <linux/string.h>
#include <linux/stringify.h>

#include "compat.h"
#include "netlink.h"
#include "param.h"
#include "props.h"
#include "tio.h"

#define AT(member) offsetof(struct iet_props, member)
#define TEXT(member) AT(member), sizeof_field(struct iet_props, member)

static const struct {
	size_t at;
	size_t size;
	const char *(*refusal)(const char *text);
} texts[IET_P_MAX + 1] = {
	[IET_P_VENDOR] = { TEXT(vendor), iet_props_text },
	[IET_P_PRODUCT] = { TEXT(product), iet_props_text },
	[IET_P_REVISION] = { TEXT(revision), iet_props_text },
	[IET_P_NAA] = { TEXT(naa), iet_props_naa },
	[IET_P_EUI64] = { TEXT(eui64), iet_props_eui64 },
	[IET_P_UUID] = { TEXT(uuid), iet_props_uuid },
};

#define RPM_MIN 1025
#define RPM_MAX 65534
#define PHYS_MAX 1048576
#define OPTIMAL_MAX 16777216
static_assert(OPTIMAL_MAX <= IET_TIO_MAX);

static const struct {
	size_t at;
	struct iet_range range;
} numbers[IET_P_MAX + 1] = {
	[IET_P_SCSI_VERSION] = {
		AT(scsi_version),
		{ .min = 3, .max = 7, .text = "ScsiVersion must be 3 to 7" },
	},
	[IET_P_PHYS_BLOCK_SIZE] = {
		AT(phys_block_size),
		{ .min = 512, .max = PHYS_MAX,
		  .text = "PhysicalBlockSize must be a power of two of 512 to "
			  __stringify(PHYS_MAX) },
	},
	[IET_P_ROTATION] = {
		AT(rotation),
		{ .min = 0, .max = RPM_MAX,
		  .text = "RotationRate must be 0, 1 or "
			  __stringify(RPM_MIN) " to " __stringify(RPM_MAX) },
	},
	[IET_P_IO_GRANULARITY] = {
		AT(io_granularity),
		{ .min = 512, .max = OPTIMAL_MAX,
		  .text = "OptimalIO must be 512 to "
			  __stringify(OPTIMAL_MAX) },
	},
	[IET_P_IO_OPTIMAL] = {
		AT(io_optimal),
		{ .min = 512, .max = OPTIMAL_MAX,
		  .text = "OptimalIO must be 512 to "
			  __stringify(OPTIMAL_MAX) },
	},
};

static int text_get(int a, const struct nlattr *attr, struct iet_props *props,
		    struct netlink_ext_ack *extack)
{
	const char *text = nla_data(attr);
	const char *refusal = texts[a].refusal(text);

	if (refusal)
		return iet_nl_refuse(extack, attr, refusal, -EINVAL);
	/* the policy has seen to its length */
	strscpy((char *)props + texts[a].at, text, texts[a].size);
	return 0;
}

/* Has the number a value that its range does not rule out? */
static bool is_value(int a, u32 val)
{
	if (a == IET_P_PHYS_BLOCK_SIZE)
		return is_power_of_2(val);
	return a != IET_P_ROTATION || val <= 1 || val >= RPM_MIN;
}

static int number_get(int a, const struct nlattr *attr, struct iet_props *props,
		      struct netlink_ext_ack *extack)
{
	u32 *val = (void *)props + numbers[a].at;
	int err = iet_range_get(&numbers[a].range, attr, val, extack);

	if (!err && !is_value(a, *val))
		err = iet_nl_refuse(extack, attr, numbers[a].range.text,
				    -EINVAL);
	return err;
}

/**
 * iet_nl_props_get() - take properties from a request
 * @nest: property set, or NULL: none
 * @props: all are set: what is not in @nest is left open
 * @extack: for the refusal
 *
 * Return: 0 or a negative errno.
 */
int iet_nl_props_get(const struct nlattr *nest, struct iet_props *props,
		     struct netlink_ext_ack *extack)
{
	struct nlattr *tb[IET_P_MAX + 1];
	int a, err;

	memset(props, 0, sizeof(*props));
	if (!nest)
		return 0;
	err = nla_parse_nested(tb, IET_P_MAX, nest, iet_prop_policy, extack);
	for (a = 1; !err && a <= IET_P_MAX; a++) {
		if (!tb[a])
			continue;
		props->set |= BIT(a);
		err = texts[a].refusal ? text_get(a, tb[a], props, extack) :
					 number_get(a, tb[a], props, extack);
	}
	return err;
}

/**
 * iet_nl_put_props() - add properties to a message
 * @skb: message
 * @attr: of the nest
 * @props: properties; only those that are set are added
 *
 * Return: 0 or -EMSGSIZE.
 */
int iet_nl_put_props(struct sk_buff *skb, int attr,
		     const struct iet_props *props)
{
	struct nlattr *nest = nla_nest_start(skb, attr);
	int a, err = 0;

	if (!nest)
		return -EMSGSIZE;
	for (a = 1; !err && a <= IET_P_MAX; a++) {
		const void *p = props;

		if (!(props->set & BIT(a)))
			continue;
		err = texts[a].refusal ?
			      nla_put_string(skb, a, p + texts[a].at) :
			      nla_put_u32(skb, a,
					  *(const u32 *)(p + numbers[a].at));
	}
	nla_nest_end(skb, nest);
	return err;
}
