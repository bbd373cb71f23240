/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What an iSNS server says by itself: that something has changed (SCN), or
 * the question whether we are still there (ESI).
 */
#ifndef IET_USR_ISNS_NOTICE_H
#define IET_USR_ISNS_NOTICE_H

#include <stdbool.h>

#include "isns_pdu.h"

/**
 * struct isns_notice_ops - what a notice means
 * @changed: the node @about has changed, as @scn_bitmap says, in the sight
 *	of our target @target
 */
struct isns_notice_ops {
	void (*changed)(const char *target, const char *about,
			uint32_t scn_bitmap, void *arg);
};

/**
 * isns_notice - understand a notice, and make the answer
 * @m: what the server has sent
 * @eid: our entity identifier
 * @ops: called before this returns
 * @arg: passed to @ops
 * @answer: what the response carries; empty before
 *
 * RFC 4171 5.6.5.8, 5.6.5.13, 5.7.5.8 and 5.7.5.13.
 */
void isns_notice(const struct isns_message *m, const char *eid,
		 const struct isns_notice_ops *ops, void *arg,
		 struct isns_buf *answer);

#endif /* IET_USR_ISNS_NOTICE_H */
