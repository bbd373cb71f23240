/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The file that keeps run-time accounts over a restart of the daemon.
 *
 * A line for each account, "TARGET incoming|outgoing NAME SECRET", each of the
 * three in hexadecimal ("-" = empty).
 */
#ifndef IET_USR_ACCOUNT_FILE_H
#define IET_USR_ACCOUNT_FILE_H

#include "account.h"
#include "run_file.h"

#define ACCOUNT_FILE "/run/iet/accounts"

/**
 * account_file_path - where the file is
 *
 * Return: the path
 */
const char *account_file_path(void);

/**
 * account_file_create - begin a new file aside
 * @instance: instance of the module
 *
 * Return: the file, for run_file_commit(), or NULL with errno set
 */
struct run_file *account_file_create(uint64_t instance);

/**
 * account_file_write - add an account
 * @f: file
 * @target: target name, or ""
 * @a: account
 *
 * Return: 0 or a negative errno
 */
int account_file_write(struct run_file *f, const char *target,
		       const struct account *a);

/**
 * account_file_read - read the file
 * @instance: a file of another instance of the module is removed
 * @fn: called for each account; a negative errno ends it
 * @arg: passed to @fn
 *
 * Return: 0 (also if there is no file), -EPERM if others than this user could
 * have written it, -EINVAL if it is damaged, or another negative errno
 */
int account_file_read(uint64_t instance,
		      int (*fn)(const char *target, const struct account *a,
				void *arg),
		      void *arg);

#endif /* IET_USR_ACCOUNT_FILE_H */
