/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Files under the run directory that keep what the daemon knows over a restart
 * of it, for one life of the loaded module.
 *
 * Text: a line "KIND 1 INSTANCE", then whatever their owner writes, in lines.
 * Written aside and renamed, so that they are always whole; readable by root
 * alone, and no copy of what is in them is left in memory.
 */
#ifndef IET_USR_RUN_FILE_H
#define IET_USR_RUN_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct run_file;

/**
 * run_file_create - begin a new file aside
 * @path: where it will be
 * @kind: first word of its first line
 * @instance: instance of the module
 *
 * Makes the directory (0700) if there is none.
 *
 * Return: the file, or NULL with errno set
 */
struct run_file *run_file_create(const char *path, const char *kind,
				 uint64_t instance);

/**
 * run_file_stream - where to write the lines
 * @f: file
 *
 * Return: the stream
 */
FILE *run_file_stream(const struct run_file *f);

/**
 * run_file_commit - put the new file in place of the old
 * @f: file, is closed and freed
 * @err: negative errno: drop the new file instead
 *
 * Return: @err, or the error of writing
 */
int run_file_commit(struct run_file *f, int err);

/**
 * run_file_read - read a file
 * @path: where it is
 * @kind: as for run_file_create()
 * @instance: a file of another instance of the module is removed
 * @max: room for a line
 * @fn: called for each line, which it may change; it ends with a newline
 *	unless it has been cut off.  A negative errno ends it.
 * @arg: passed to @fn
 *
 * Return: 0 (also if there is no file), -EPERM if others than this user could
 * have written it, -EINVAL if it is damaged, or another negative errno
 */
int run_file_read(const char *path, const char *kind, uint64_t instance,
		  size_t max, int (*fn)(char *line, void *arg), void *arg);

#endif /* IET_USR_RUN_FILE_H */
