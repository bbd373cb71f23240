/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reservations of a logical unit, persistent or not.
 */
#ifndef IET_RESERVATION_H
#define IET_RESERVATION_H

#include <linux/spinlock.h>

#include "pr_state.h"

struct iet_nexus;
struct iet_scmd;
struct iet_volume;
struct work_struct;

/**
 * struct iet_reservation - who has reserved a logical unit
 * @lock: of everything here; taken from any context, before vol->lock
 * @active: somebody has; read without the lock on the fast path
 * @busy: a PERSISTENT RESERVE OUT is being carried out
 * @waiting: those that wait for their turn
 * @legacy: who has by RESERVE, or NULL; only compared, also without the lock
 * @pr: persistent reservation; changed under @lock by who has set @busy, who
 *	reads it without
 */
struct iet_reservation {
	spinlock_t lock;
	bool active;
	bool busy;
	struct list_head waiting;
	const struct iet_nexus *legacy;
	struct iet_pr pr;
};

int iet_reservations_init(void);
void iet_reservations_exit(void);
void iet_reservation_in_worker(struct work_struct *work);

void iet_reservation_init(struct iet_reservation *r);
int iet_reservation_restore(struct iet_volume *vol);
void iet_reservation_changed(struct iet_reservation *r);
void iet_reservation_exit(struct iet_reservation *r);
void iet_reservation_reset(struct iet_volume *vol);
void iet_reservation_nexus_lost(struct iet_volume *vol,
				const struct iet_nexus *nexus);
bool iet_reservation_conflict(const struct iet_scmd *s);
bool iet_reservation_denies(struct iet_volume *vol,
			    const struct iet_nexus *nexus, const char *port,
			    const char *target, bool write);

#endif /* IET_RESERVATION_H */
