/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Auto contingent allegiance (SAM-5 5.9.2): after CHECK CONDITION of a command
 * with the NACA bit nothing else of its task set runs until the initiator has
 * seen to it.
 */
#ifndef IET_ACA_H
#define IET_ACA_H

#include <linux/types.h>

struct iet_itl;
struct iet_nexus;
struct iet_scmd;
struct iet_volume;

bool iet_aca_admit(struct iet_scmd *s, struct iet_itl *itl);
bool iet_aca_holds(const struct iet_scmd *s);
bool iet_aca_is_let_in(const struct iet_scmd *s);
void iet_aca_leave(struct iet_scmd *s);
void iet_aca_ended(struct iet_scmd *s, struct iet_itl *itl);
void iet_aca_clear(struct iet_volume *vol, const struct iet_nexus *nexus);
void iet_aca_take_back(struct iet_scmd *s);
void iet_aca_forget(struct iet_volume *vol, struct iet_itl *itl);
void iet_aca_changed(struct iet_volume *vol);

#endif /* IET_ACA_H */
