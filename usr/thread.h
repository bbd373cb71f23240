/* SPDX-License-Identifier: GPL-2.0-only */
/* Threads for what may block, beside the event loop. */
#ifndef IET_USR_THREAD_H
#define IET_USR_THREAD_H

/**
 * thread_start - start a thread that nobody waits for
 * @fn: what it does; its result counts for nothing
 * @arg: passed to @fn
 *
 * It takes no signals: those are for the event loop.
 *
 * Return: 0 or a positive errno
 */
int thread_start(void *(*fn)(void *arg), void *arg);

#endif /* IET_USR_THREAD_H */
