/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note OR BSD-3-Clause */
/*
 * The random numbers of fault injection, for the module's rules and the
 * daemon's: the same seed begins the same sequence in both, in each release.
 */
#ifndef IET_RANDOM_H
#define IET_RANDOM_H

#include <linux/types.h>

/**
 * iet_random() - the next of a sequence of random numbers
 * @state: any number; the same one begins the same sequence
 *
 * No secret and no statistics depend on it, only that it can be replayed.
 *
 * Return: 32 bits
 */
static inline __u32 iet_random(__u32 *state)
{
	__u32 z = *state += 0x9e3779b9;

	z = (z ^ z >> 16) * 0x21f0aaad;
	z = (z ^ z >> 15) * 0x735a2d97;
	return z ^ z >> 15;
}

#endif /* IET_RANDOM_H */
