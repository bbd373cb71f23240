// SPDX-License-Identifier: GPL-2.0-only
/*
 * A token bucket for each address.  What is kept is the time at which the
 * bucket will be full again: a login puts it off by the time that a token
 * takes, and is refused if that were further away than the bucket is deep.
 *
 * The table is of fixed size, so nobody can make it grow; when the places for
 * an address are taken, the bucket that is the nearest to being full goes.
 */
#include "rate.h"

#include <string.h>

#include "addr.h"
#include "clock.h"
#include "log.h"

#define SETS 256
#define WAYS 8

/**
 * struct bucket - the logins of an address
 * @key: the address
 * @full_us: when it is full again, microseconds
 * @told_ms: when the log spoke of it, 0 = never
 */
struct bucket {
	uint8_t key[ADDR_SITE_LEN];
	uint64_t full_us;
	uint64_t told_ms;
};

static struct bucket table[SETS][WAYS];
static unsigned int rate = LOGIN_RATE_DEFAULT;

void rate_set(unsigned int per_second)
{
	rate = per_second;
}

unsigned int rate_get(void)
{
	return rate;
}

void rate_forget(void)
{
	memset(table, 0, sizeof(table));
}

static struct bucket *get(const struct sockaddr *peer)
{
	struct bucket *set, *fullest;
	uint8_t key[ADDR_SITE_LEN];
	unsigned int hash = 0;

	addr_site(peer, key);
	for (unsigned int i = 0; i < sizeof(key); i++)
		hash = hash * 31 + key[i];
	set = fullest = table[hash % SETS];
	for (unsigned int i = 0; i < WAYS; i++) {
		if (set[i].full_us && !memcmp(set[i].key, key, sizeof(key)))
			return &set[i];
		if (set[i].full_us < fullest->full_us)
			fullest = &set[i];
	}
	memset(fullest, 0, sizeof(*fullest));
	memcpy(fullest->key, key, sizeof(key));
	return fullest;
}

static void tell(struct bucket *b, const struct sockaddr *peer, uint64_t now_ms)
{
	char text[ADDR_TEXT_MAX];

	if (b->told_ms && now_ms - b->told_ms < LOGIN_RATE_TELL_S * 1000)
		return;
	b->told_ms = now_ms;
	addr_print(peer, false, text);
	log_warning("%s begins more than %u logins in a second: those above "
		    "are refused",
		    text, rate);
}

bool rate_take(const struct sockaddr *peer)
{
	uint64_t now_ms = clock_ms(), now = now_ms * 1000;
	uint64_t depth = LOGIN_RATE_BURST_S * UINT64_C(1000000);
	uint64_t token;
	struct bucket *b;

	if (!rate)
		return true;
	token = UINT64_C(1000000) / rate;
	b = get(peer);
	if (b->full_us < now)
		b->full_us = now;
	if (b->full_us + token > now + depth) {
		tell(b, peer, now_ms);
		return false;
	}
	b->full_us += token;
	return true;
}
