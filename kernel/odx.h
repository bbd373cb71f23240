/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Limits of POPULATE TOKEN and WRITE USING TOKEN.
 */
#ifndef IET_ODX_H
#define IET_ODX_H

/*
 * What one command copies at most, and at best, bytes: initiators want a
 * command to end within a few seconds.
 */
#define IET_ODX_BYTES_MAX (1ULL << 30)
#define IET_ODX_BYTES_OPTIMAL (64ULL << 20)

#endif /* IET_ODX_H */
