/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>

#define crypto_memneq(a, b, n) (!!memcmp(a, b, n))
