/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ranges and defaults of everything that is a number: target parameters and
 * negotiation keys.  The module refuses what is out of range; it never
 * changes a value to another.
 */
#ifndef IET_PARAM_H
#define IET_PARAM_H

#include "iet_netlink.h"

struct iet_target_param;
struct netlink_ext_ack;
struct nlattr;

/**
 * struct iet_range - what a number may be
 * @min: smallest value
 * @max: largest value
 * @def: default of a new target
 * @rfc: of keys: the value if it was not negotiated (RFC 7143 13)
 * @text: the refusal
 */
struct iet_range {
	u32 min;
	u32 max;
	u32 def;
	u32 rfc;
	const char *text;
};

int iet_range_get(const struct iet_range *range, const struct nlattr *attr,
		  u32 *val, struct netlink_ext_ack *extack);

void iet_target_param_default(struct iet_target_param *param);
int iet_target_param_get(struct nlattr **attrs, struct iet_target_param *param,
			 struct netlink_ext_ack *extack);

void iet_keys_default(u32 *keys);
int iet_keys_get(const struct nlattr *nest, u32 *keys,
		 struct netlink_ext_ack *extack);
int iet_keys_negotiated(const struct nlattr *nest, u32 *keys,
			struct netlink_ext_ack *extack);

#endif /* IET_PARAM_H */
