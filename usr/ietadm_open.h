/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Opening a backing file in a process of its own, so that ietadm does not hang
 * with the file's storage.
 */
#ifndef IET_USR_IETADM_OPEN_H
#define IET_USR_IETADM_OPEN_H

#include <stdbool.h>
#include <stdint.h>

#include "lun.h"

/* how long a file may take to open, beside the time that it may be busy */
#define IETADM_OPEN_MS 3000

/**
 * typedef ietadm_open_fn - what opens a file: lun_open_wait(), or a test's
 */
typedef int (*ietadm_open_fn)(const char *path, const char *iotype,
			      uint32_t iomode, unsigned int busy_ms,
			      char *reason);

/**
 * ietadm_open - open a file, but wait no longer than it may take
 * @open_one: opens it
 * @path: as of lun_open_wait()
 * @iotype: as of lun_open_wait()
 * @iomode: as of lun_open_wait()
 * @busy_ms: as of lun_open_wait()
 * @ms: how long it may take beside that
 * @blank: set to whether it is, as lun_is_blank() says; NULL: no matter
 * @reason: as of lun_open_wait()
 *
 * A thread would not do: a process does not end before all its threads have,
 * and one that waits for a hung disk can't.
 *
 * Return: as lun_open_wait(), or -ETIMEDOUT: the child is left to itself
 */
int ietadm_open(ietadm_open_fn open_one, const char *path, const char *iotype,
		uint32_t iomode, unsigned int busy_ms, unsigned int ms,
		bool *blank, char reason[LUN_REASON_MAX]);

#endif /* IET_USR_IETADM_OPEN_H */
