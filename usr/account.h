/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * CHAP accounts: the one kind of run-time state that the daemon owns and the
 * module does not.  Accounts that came by ietadm are kept in a root-only
 * file under the run directory, so that a new daemon has them, too; they
 * count only for the instance of the module (IET_I_INSTANCE) they were made
 * for.
 *
 * Accounts belong to a target by its name ("" = discovery).
 */
#ifndef IET_USR_ACCOUNT_H
#define IET_USR_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ACCOUNT_NAME_MAX 255
#define ACCOUNT_SECRET_MAX 255
#define ACCOUNT_WHO_MAX 255
#define ACCOUNT_FILE_MAX 255

enum account_dir {
	ACCOUNT_INCOMING, /* initiator proves itself to us */
	ACCOUNT_OUTGOING, /* we prove ourselves: at most one for each target */
};

/**
 * struct account - a CHAP account
 * @dir: direction
 * @name: of the user
 * @secret: that proves it
 * @who: which initiators may be this user: an item as in initiators.allow,
 *	"" = all; incoming accounts only
 * @file: from which ietd.conf has the secret, "" = none, or a longer path
 */
struct account {
	enum account_dir dir;
	char name[ACCOUNT_NAME_MAX + 1];
	char secret[ACCOUNT_SECRET_MAX + 1];
	char who[ACCOUNT_WHO_MAX + 1];
	char file[ACCOUNT_FILE_MAX + 1];
};

/**
 * account_find - look an account up
 * @target: target name, or "" for discovery
 * @dir: direction
 * @name: account name; NULL: the first (for %ACCOUNT_OUTGOING, the) account
 *
 * Return: the account, valid until the accounts change, or NULL
 */
const struct account *account_find(const char *target, enum account_dir dir,
				   const char *name);

/**
 * account_required - does a login need CHAP?
 * @target: target name, or "" for discovery
 *
 * Return: true if there is an incoming account
 */
bool account_required(const char *target);

/**
 * account_each - call a function for each account of a target
 * @target: target name, or "" for discovery
 * @fn: returns 0 to go on
 * @arg: passed to @fn
 *
 * Return: 0, or what @fn returned
 */
int account_each(const char *target,
		 int (*fn)(const struct account *a, void *arg), void *arg);

/**
 * account_origin - who made an account
 * @a: of account_find() or account_each()
 *
 * Return: enum iet_origin
 */
uint32_t account_origin(const struct account *a);

/**
 * account_add - add an account, or replace the secret of the same name
 * @target: target name, or "" for discovery
 * @a: the account; an outgoing one replaces the outgoing one there was
 * @origin: enum iet_origin
 *
 * Return: 0, -EINVAL if name or secret are empty or too long, -ENOMEM, or
 * the error of writing the state file
 */
int account_add(const char *target, const struct account *a, uint32_t origin);

/**
 * account_del - remove an account
 * @target: target name, or "" for discovery
 * @dir: direction
 * @name: account name
 *
 * Return: 0, -ENOENT, or the error of writing the state file
 */
int account_del(const char *target, enum account_dir dir, const char *name);

/**
 * account_drop - remove all accounts of a target, or all of an origin
 * @target: target name, "" for discovery, NULL for all
 * @origin: enum iet_origin, or -1 for any
 */
void account_drop(const char *target, int origin);

/**
 * account_load - read the run-time accounts back
 * @instance: IET_I_INSTANCE of the module; accounts of another are dropped
 *
 * Return: 0 (also if there is no file), or a negative errno
 */
int account_load(uint64_t instance);

/**
 * account_drop_gone - remove the run-time accounts of targets that are gone
 * @is_left: whether there is a target of this name
 * @arg: passed to @is_left
 */
void account_drop_gone(bool (*is_left)(const char *target, void *arg),
		       void *arg);

/**
 * account_count - number of accounts
 *
 * Return: of all targets and discovery together
 */
unsigned int account_count(void);

/**
 * account_set_path - keep the run-time accounts in another file; for tests
 * @path: path, kept by reference
 */
void account_set_path(const char *path);

#endif /* IET_USR_ACCOUNT_H */
