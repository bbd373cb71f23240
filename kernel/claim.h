/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who waits for the end of an aborted command that a backend holds: as many
 * task management functions as have been asked for meanwhile, of whichever
 * initiators.  A function that is given up may let the command go on only if
 * no other one relies on its end.
 */
#ifndef IET_CLAIM_H
#define IET_CLAIM_H

#include <linux/types.h>

struct iet_claim;
struct iet_cmnd;
struct iet_tmf;

/**
 * struct iet_claims - who waits
 * @first: most often there is no other
 * @more: the others
 */
struct iet_claims {
	struct iet_tmf *first;
	struct iet_claim *more;
};

void iet_claim_add(struct iet_cmnd *cmnd, struct iet_tmf *tmf);
bool iet_claim_drop(struct iet_cmnd *cmnd, struct iet_tmf *tmf);
struct iet_claims iet_claims_take(struct iet_cmnd *cmnd);
void iet_claims_end(struct iet_claims claims);

#endif /* IET_CLAIM_H */
