/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a persistent reservation means to the I_T_L nexuses that there are.
 *
 * Registrations belong to names and outlive sessions; commands come from
 * nexuses.  So that no command has to look for a registration, each I_T_L nexus
 * has the answer: iet_itl.kept_off.  It is what iet_pr_kept_off() says of the
 * registration by the names of the nexus, and is true whenever
 * reservation.lock is free and the nexus is in vol->itls:
 *
 *	join	 a nexus gets into that list, by a login or a new LUN, in one
 *		 with looking for what is registered already, by itself, for it
 *		 (SPEC_I_PT, ALL_TG_PT, REGISTER AND MOVE), or before the last
 *		 power cut (APTPL); and before any command can find it
 *	follow	 a PERSISTENT RESERVE OUT becomes the state of the unit, in one
 *		 with it
 *	end	 the nexus leaves the list; commands that it still has ask by
 *		 name
 *
 * Nothing else changes registrations, nor the type or the holder of the
 * reservation: what is restored from a state file comes before the first nexus.
 */
#ifndef IET_PR_NEXUS_H
#define IET_PR_NEXUS_H

struct iet_itl;
struct iet_pr_req;
struct iet_volume;

void iet_pr_nexus_join(struct iet_volume *vol, struct iet_itl *itl);
void iet_pr_nexus_follow(struct iet_volume *vol, struct iet_pr_req *req);

#endif /* IET_PR_NEXUS_H */
