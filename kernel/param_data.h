/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef IET_PARAM_DATA_H
#define IET_PARAM_DATA_H

#include <linux/types.h>

struct iet_scmd;

int iet_param_in(struct iet_scmd *s, gfp_t gfp);
int iet_param_sized(struct iet_scmd *s, u32 (*build)(struct iet_scmd *, u32),
		    gfp_t gfp);
int iet_param_in_worker(struct iet_scmd *s, void (*work)(struct iet_scmd *),
			gfp_t gfp);
void iet_param_end(struct iet_scmd *s, int len);

#endif
