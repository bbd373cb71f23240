/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Included before everything else, as ../kernel/shim/kernel.h is in user
 * space: the real headers, and what tests take from the C library.
 */
#ifndef KUNIT_KERNEL_H
#define KUNIT_KERNEL_H
#define IET_COMPAT_H

#include <kunit/test.h>
#include <linux/align.h>
#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/hex.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/types.h>
#include <linux/unaligned.h>

#define malloc(size) kmalloc(size, GFP_KERNEL | __GFP_NOFAIL)
#define calloc(n, size) kcalloc(n, size, GFP_KERNEL | __GFP_NOFAIL)
#define free(p) kfree(p)
#define rand() ((int)(get_random_u32() >> 1))
#define assert(cond) WARN_ON_ONCE(!(cond))
/* tests run on whatever CPU they are on */
static __maybe_unused unsigned int shim_cpu;

#endif /* KUNIT_KERNEL_H */
