/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Accounts for tests of the login: these functions stand in for account.c.
 * Include it in one file of a program only.
 */
#ifndef FAKE_ACCOUNT_H
#define FAKE_ACCOUNT_H

#include <stdio.h>
#include <string.h>

#include "account.h"

#define FAKE_ACCOUNTS 16

static struct {
	char target[256];
	struct account account;
} fake_accounts[FAKE_ACCOUNTS];

static unsigned int nr_fake_accounts;

static inline void fake_account(const char *target, enum account_dir dir,
				const char *name, const char *secret)
{
	struct account *a = &fake_accounts[nr_fake_accounts].account;

	snprintf(fake_accounts[nr_fake_accounts++].target, 256, "%s", target);
	a->dir = dir;
	snprintf(a->name, sizeof(a->name), "%s", name);
	snprintf(a->secret, sizeof(a->secret), "%s", secret);
	a->who[0] = '\0';
}

static inline void fake_account_who(const char *name, const char *who)
{
	for (unsigned int i = 0; i < nr_fake_accounts; i++) {
		struct account *a = &fake_accounts[i].account;

		if (!strcmp(a->name, name))
			snprintf(a->who, sizeof(a->who), "%s", who);
	}
}

static inline void fake_account_reset(void)
{
	nr_fake_accounts = 0;
}

const struct account *account_find(const char *target, enum account_dir dir,
				   const char *name)
{
	for (unsigned int i = 0; i < nr_fake_accounts; i++) {
		const struct account *a = &fake_accounts[i].account;

		if (a->dir == dir && !strcmp(fake_accounts[i].target, target) &&
		    (!name || !strcmp(a->name, name)))
			return a;
	}
	return NULL;
}

bool account_required(const char *target)
{
	return account_find(target, ACCOUNT_INCOMING, NULL);
}

#endif /* FAKE_ACCOUNT_H */
