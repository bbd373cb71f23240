// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "account.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "account_file.h"
#include "iet_netlink.h"
#include "log.h"

struct entry {
	struct entry *next;
	char *target;
	uint32_t origin;
	struct account account;
};

static struct entry *entries; /* in the order in which they were added */
static uint64_t instance;

static void free_entry(struct entry *e)
{
	if (!e)
		return;
	free(e->target);
	explicit_bzero(e, sizeof(*e));
	free(e);
}

static struct entry *make_entry(const char *target, const struct account *a,
				uint32_t origin)
{
	struct entry *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	e->target = strdup(target);
	if (!e->target) {
		free(e);
		return NULL;
	}
	e->origin = origin;
	e->account = *a;
	return e;
}

/* Names of targets are compared without case, as the standard has it. */
static bool is_of(const struct entry *e, const char *target)
{
	return !strcasecmp(e->target, target);
}

static bool is(const struct entry *e, const char *target, enum account_dir dir,
	       const char *name)
{
	return e->account.dir == dir && is_of(e, target) &&
	       (!name || !strcmp(e->account.name, name));
}

const struct account *account_find(const char *target, enum account_dir dir,
				   const char *name)
{
	struct entry *e;

	for (e = entries; e; e = e->next)
		if (is(e, target, dir, name))
			return &e->account;
	return NULL;
}

bool account_required(const char *target)
{
	return account_find(target, ACCOUNT_INCOMING, NULL);
}

int account_each(const char *target,
		 int (*fn)(const struct account *a, void *arg), void *arg)
{
	struct entry *e;
	int ret;

	for (e = entries; e; e = e->next) {
		if (!is_of(e, target))
			continue;
		ret = fn(&e->account, arg);
		if (ret)
			return ret;
	}
	return 0;
}

uint32_t account_origin(const struct account *a)
{
	const struct entry *e;

	e = (const void *)((const char *)a - offsetof(struct entry, account));
	return e->origin;
}

/* The state file: all that was made at run time. */
static int save(void)
{
	struct run_file *f;
	struct entry *e;
	int err = 0;

	f = account_file_create(instance);
	if (!f)
		return -errno;
	for (e = entries; e && !err; e = e->next)
		if (e->origin == IET_ORIGIN_RUNTIME)
			err = account_file_write(f, e->target, &e->account);
	return run_file_commit(f, err);
}

static int check(const struct account *a)
{
	size_t name = strnlen(a->name, sizeof(a->name));
	size_t secret = strnlen(a->secret, sizeof(a->secret));

	if (!name || name > ACCOUNT_NAME_MAX || !secret ||
	    secret > ACCOUNT_SECRET_MAX)
		return -EINVAL;
	if (a->dir != ACCOUNT_INCOMING && a->dir != ACCOUNT_OUTGOING)
		return -EINVAL;
	return 0;
}

int account_add(const char *target, const struct account *a, uint32_t origin)
{
	const char *name = a->dir == ACCOUNT_OUTGOING ? NULL : a->name;
	struct entry **at, *e, *old = NULL;
	int err = check(a);

	if (err)
		return err;
	e = make_entry(target, a, origin);
	if (!e)
		return -ENOMEM;
	for (at = &entries; *at; at = &(*at)->next)
		if (is(*at, target, a->dir, name)) {
			old = *at;
			e->next = old->next;
			break;
		}
	*at = e;

	if (origin == IET_ORIGIN_RUNTIME ||
	    (old && old->origin == IET_ORIGIN_RUNTIME))
		err = save();
	if (err) {
		*at = old ? old : e->next;
		free_entry(e);
		return err;
	}
	free_entry(old);
	return 0;
}

int account_del(const char *target, enum account_dir dir, const char *name)
{
	struct entry **at, *e;
	int err = 0;

	for (at = &entries; *at; at = &(*at)->next)
		if (is(*at, target, dir, name))
			break;
	e = *at;
	if (!e)
		return -ENOENT;
	*at = e->next;
	if (e->origin == IET_ORIGIN_RUNTIME)
		err = save();
	if (err) {
		*at = e;
		return err;
	}
	free_entry(e);
	return 0;
}

void account_drop(const char *target, int origin)
{
	struct entry **at = &entries, *e;
	bool changed = false;
	int err;

	while ((e = *at)) {
		if ((target && !is_of(e, target)) ||
		    (origin >= 0 && e->origin != (uint32_t)origin)) {
			at = &e->next;
			continue;
		}
		changed |= e->origin == IET_ORIGIN_RUNTIME;
		*at = e->next;
		free_entry(e);
	}
	err = changed ? save() : 0;
	if (err)
		log_error("%s: %s", account_file_path(), strerror(-err));
}

void account_drop_gone(bool (*is_left)(const char *target, void *arg),
		       void *arg)
{
	struct entry **at = &entries, *e;
	bool changed = false;
	int err;

	while ((e = *at)) {
		if (e->origin != IET_ORIGIN_RUNTIME || !*e->target ||
		    is_left(e->target, arg)) {
			at = &e->next;
			continue;
		}
		changed = true;
		*at = e->next;
		free_entry(e);
	}
	err = changed ? save() : 0;
	if (err)
		log_error("%s: %s", account_file_path(), strerror(-err));
}

unsigned int account_count(void)
{
	unsigned int n = 0;
	struct entry *e;

	for (e = entries; e; e = e->next)
		n++;
	return n;
}

static int load_one(const char *target, const struct account *a, void *arg)
{
	struct entry ***at = arg, *e;

	if (check(a))
		return -EINVAL;
	e = make_entry(target, a, IET_ORIGIN_RUNTIME);
	if (!e)
		return -ENOMEM;
	**at = e;
	*at = &e->next;
	return 0;
}

int account_load(uint64_t of_instance)
{
	struct entry **at = &entries;
	int err;

	while (*at)
		at = &(*at)->next;
	instance = of_instance;
	err = account_file_read(instance, load_one, &at);
	if (err)
		log_error("%s: %s: remove it to do without the accounts that "
			  "ietadm has made",
			  account_file_path(),
			  err == -EINVAL ? "is damaged" :
			  err == -EPERM	 ? "others could have written it" :
					   strerror(-err));
	return err;
}
