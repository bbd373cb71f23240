/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ietadm's counters: what is read of the module, and the forms that it is
 * shown in.
 */
#ifndef IET_USR_IETADM_STATS_H
#define IET_USR_IETADM_STATS_H

#include <stdio.h>

#include "kernel.h"

/**
 * struct stats_view - what there is of a target, as far as it was asked for
 * @target: the target
 * @lun: its logical units
 * @nr_luns: how many
 * @nexus: its I_T_L nexuses
 * @nr_nexuses: how many
 * @session: its sessions
 * @nr_sessions: how many
 * @one_session: it is one session that was asked for
 */
struct stats_view {
	const struct kernel_target *target;
	struct kernel_lun *lun;
	size_t nr_luns;
	struct kernel_nexus *nexus;
	size_t nr_nexuses;
	struct kernel_session *session;
	size_t nr_sessions;
	bool one_session;
};

/**
 * struct stats_form - how counters are shown
 * @begin: begins; returns what the others get, or NULL without memory
 * @view: shows a target
 * @end: ends; returns 0, or a negative errno
 * @no_nexuses: it has no use for those
 */
struct stats_form {
	void *(*begin)(FILE *out);
	void (*view)(void *form, const struct stats_view *v);
	int (*end)(void *form);
	bool no_nexuses;
};

extern const struct stats_form stats_table; /* for people */
extern const struct stats_form stats_json;
extern const struct stats_form stats_prometheus; /* Prometheus' text format */

/* by enum iet_stat_attr, from 0 on */
extern const char *const stat_names[IET_STATS_NR];

/* by enum iet_latency_attr, from 0 on */
extern const char *const latency_names[IET_H_MAX];

#endif /* IET_USR_IETADM_STATS_H */
