/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Network threads: each owns the receive and transmit sides of its
 * connections, so that a connection's PDU state needs no lock.
 */
#ifndef IET_NTHREAD_H
#define IET_NTHREAD_H

#include <linux/types.h>

struct iet_conn;
struct iet_nthread;

/* a PDU without data costs as much of a turn as so many bytes */
#define IET_TURN_PDU 4096

int iet_nthreads_start(unsigned int nr);
void iet_nthreads_stop(void);
unsigned int iet_nthreads_nr(void);

void iet_nthread_assign(struct iet_conn *conn);
void iet_nthread_unassign(struct iet_conn *conn);
void iet_nthread_attach(struct iet_conn *conn);
void iet_nthread_kick(struct iet_conn *conn);
void iet_nthread_detach(struct iet_conn *conn);
u32 iet_nthread_turn(const struct iet_conn *conn, u32 used);
bool iet_nthread_current(const struct iet_conn *conn);

#endif /* IET_NTHREAD_H */
