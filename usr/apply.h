/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Making the module be what the configuration file says: the difference
 * between the file and a dump of the module is a list of operations.  Start
 * and reload are the same.
 *
 * Objects made by ietadm (IET_ORIGIN_RUNTIME) are left alone unless the file
 * names them, too; those of the file follow the file.
 */
#ifndef IET_USR_APPLY_H
#define IET_USR_APPLY_H

#include <stdbool.h>

#include "report.h"

struct event_base;

/**
 * apply_file - apply a configuration file
 * @path: the file
 *
 * Waits until all backing files are open or the time for that is over
 * (APPLY_OPEN_MS); a daemon that serves initiators uses apply_start()
 * instead.  Everything there is to say goes to the log.
 *
 * Return: 0; a negative errno if the file has errors or the module doesn't
 * answer, in which case nothing has changed; or the number of things that
 * did not work while the rest was applied
 */
int apply_file(const char *path);

/**
 * typedef apply_done_fn - called when an apply_start() is through
 * @result: as of apply_file()
 * @r: everything there is to say, has been logged
 * @arg: of apply_start()
 */
typedef void (*apply_done_fn)(int result, const struct report *r, void *arg);

/**
 * apply_start - apply a configuration file without blocking the event loop
 * @base: event loop
 * @path: the file
 * @done: called from the event loop, or before apply_start() returns
 * @arg: passed to @done
 *
 * Return: 0 if @done has been or will be called, -EBUSY if another
 * apply_start() is still under way, or -ENOMEM
 */
int apply_start(struct event_base *base, const char *path, apply_done_fn done,
		void *arg);

/**
 * apply_look - say what apply_start() would do, and do nothing
 * @base: event loop
 * @path: the file
 * @done: as of apply_start(); result is 0 or a negative errno, and the report
 *	has what plan_show() says, and an error for each thing that would not
 *	work; nothing of it has been logged
 * @arg: passed to @done
 *
 * Disks that would be opened are opened for a moment.  What only the module
 * can refuse is not found out.
 *
 * Return: as apply_start()
 */
int apply_look(struct event_base *base, const char *path, apply_done_fn done,
	       void *arg);

/**
 * apply_running - is an apply_start() under way?
 *
 * What there is may be half of the old and half of the new then.
 *
 * Return: whether it is
 */
bool apply_running(void);

/* how long all the backing files together may take to open */
#define APPLY_OPEN_MS 10000

#endif /* IET_USR_APPLY_H */
