/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The parameter list of PERSISTENT RESERVE OUT.
 */
#ifndef IET_PR_PARAMS_H
#define IET_PR_PARAMS_H

#include <linux/gfp.h>

#include "pr_state.h"

struct iet_scmd;

/* where the TransportIDs begin, bytes */
#define IET_PR_LIST_HEADER 24

int iet_pr_params(struct iet_scmd *s, struct iet_pr_req *req, gfp_t gfp);

#endif /* IET_PR_PARAMS_H */
