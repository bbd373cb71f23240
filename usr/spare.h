/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A descriptor in reserve.  A connection that waits, and for which there is no
 * descriptor, keeps its listening socket readable, and the daemon would run in
 * circles.
 */
#ifndef IET_USR_SPARE_H
#define IET_USR_SPARE_H

#include <stdbool.h>

/**
 * spare_hold - take the descriptor, if it is not there
 *
 * Before there can be too few.
 */
void spare_hold(void);

/**
 * spare_drop - give it back, at the end of the daemon
 */
void spare_drop(void);

/**
 * spare_missing - has accept() failed since there are too few?
 * @err: its errno
 */
bool spare_missing(int err);

/**
 * spare_refuse - end a connection that waits, with the descriptor in reserve
 * @listener: where it waits; not blocking
 */
void spare_refuse(int listener);

#endif /* IET_USR_SPARE_H */
