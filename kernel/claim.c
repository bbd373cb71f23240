// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who waits for the end of an aborted command: see claim.h.
 */
#include <linux/slab.h>

#include "claim.h"
#include "cmnd.h"
#include "tmf.h"

/**
 * struct iet_claim - one more function that waits for a command
 * @next: in cmnd->claims
 * @tmf: the function
 */
struct iet_claim {
	struct iet_claim *next;
	struct iet_tmf *tmf;
};

/**
 * iet_claim_add() - somebody relies on the end of an aborted command
 * @cmnd: the command
 * @tmf: a function that waits for it; NULL: the initiator has been told, or
 *	will be, and nobody may let it go on any more
 *
 * Context: the connection's thread.
 */
void iet_claim_add(struct iet_cmnd *cmnd, struct iet_tmf *tmf)
{
	struct iet_claim *claim;

	if (!tmf) {
		cmnd->doomed = true;
		return;
	}
	if (!cmnd->aborted_by) {
		cmnd->aborted_by = tmf;
		iet_tmf_get(tmf);
		return;
	}
	claim = kmalloc(sizeof(*claim), GFP_NOWAIT | __GFP_NOWARN);
	if (!claim) {
		iet_tmf_fail(tmf);
		return;
	}
	claim->tmf = tmf;
	claim->next = cmnd->claims;
	cmnd->claims = claim;
	iet_tmf_get(tmf);
}

static bool take_out(struct iet_cmnd *cmnd, const struct iet_tmf *tmf)
{
	struct iet_claim **at, *claim;

	if (cmnd->aborted_by == tmf) {
		cmnd->aborted_by = NULL;
		return true;
	}
	for (at = &cmnd->claims; (claim = *at); at = &claim->next) {
		if (claim->tmf != tmf)
			continue;
		*at = claim->next;
		kfree(claim);
		return true;
	}
	return false;
}

/**
 * iet_claim_drop() - a function has been given up
 * @cmnd: an aborted command; whether the function waits for it is not known
 * @tmf: the function, which has a reference besides
 *
 * Context: the connection's thread.
 * Return: true: nobody relies on the end of the command any more
 */
bool iet_claim_drop(struct iet_cmnd *cmnd, struct iet_tmf *tmf)
{
	if (!take_out(cmnd, tmf))
		return false;
	iet_tmf_put(tmf);
	return !cmnd->aborted_by && !cmnd->claims && !cmnd->doomed;
}

/**
 * iet_claims_take() - an aborted command is about to end
 * @cmnd: the command
 *
 * Context: the connection's thread.
 * Return: for iet_claims_end(), when it has
 */
struct iet_claims iet_claims_take(struct iet_cmnd *cmnd)
{
	struct iet_claims claims = { cmnd->aborted_by, cmnd->claims };

	cmnd->aborted_by = NULL;
	cmnd->claims = NULL;
	return claims;
}

/**
 * iet_claims_end() - an aborted command has ended
 * @claims: who waits for that
 *
 * Context: the connection's thread.
 */
void iet_claims_end(struct iet_claims claims)
{
	struct iet_claim *claim;

	if (claims.first)
		iet_tmf_put(claims.first);
	while ((claim = claims.more)) {
		claims.more = claim->next;
		iet_tmf_put(claim->tmf);
		kfree(claim);
	}
}
