/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Secrets in files of their own, so that the configuration file can be shown
 * around.
 */
#ifndef IET_USR_SECRET_H
#define IET_USR_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/**
 * secret_path - does this name a file that has the secret?
 * @word: what stands in the place of a secret
 *
 * Return: the path in @PATH, which is absolute, or NULL if @word is the
 * secret itself
 */
const char *secret_path(const char *word);

/**
 * secret_read - read a secret
 * @path: a regular file that is root's, and that nobody else has any rights
 *	to; its first line is the secret
 * @secret: the secret, not empty; to be wiped by the caller
 * @size: room in @secret, bytes
 * @reason: why it does not work, in words
 *
 * Return: 0 or a negative errno
 */
int secret_read(const char *path, char *secret, size_t size,
		const char **reason);

/**
 * secret_set_owner - the files belong to somebody else; for tests
 * @uid: to whom
 */
void secret_set_owner(uid_t uid);

#endif /* IET_USR_SECRET_H */
