/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The order of an initiator's own commands while the data of some is still to
 * come: an ORDERED one waits for those before it, and those after it for it
 * (SAM-5 8.6.3).  When they have gone to the device server, span.c has it.
 *
 * An initiator waits for its own data only, never for that of others.
 */
#ifndef IET_ORDER_H
#define IET_ORDER_H

#include <linux/types.h>

struct iet_cmnd;
struct iet_session;

bool iet_order_holds(struct iet_cmnd *cmnd);
void iet_order_wait(struct iet_cmnd *cmnd);
void iet_order_leave(struct iet_cmnd *cmnd);
void iet_order_run(struct iet_session *session);

#endif /* IET_ORDER_H */
