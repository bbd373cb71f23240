/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Time as the limits on logins see it.
 */
#ifndef IET_USR_CLOCK_H
#define IET_USR_CLOCK_H

#include <stdint.h>

/**
 * clock_ms - the time since some moment before the start
 *
 * Return: milliseconds, never less than before and never 0
 */
uint64_t clock_ms(void);

/**
 * clock_fake - let the time be what a test says
 * @ms: what clock_ms() returns from now on; 0 = the real time again
 */
void clock_fake(uint64_t ms);

#endif /* IET_USR_CLOCK_H */
