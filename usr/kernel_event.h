/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The module's events, on a socket of their own: what comes by itself must
 * not stand between a request and its answer.
 */
#ifndef IET_USR_KERNEL_EVENT_H
#define IET_USR_KERNEL_EVENT_H

/**
 * kernel_event_open - subscribe
 * @family: id of the module's family
 *
 * Return: the descriptor (the same one when called again), or a negative
 * errno
 */
int kernel_event_open(int family);

/**
 * kernel_event_close - unsubscribe
 */
void kernel_event_close(void);

#endif /* IET_USR_KERNEL_EVENT_H */
