// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cloned initiators.
 *
 * A table of fixed size has the logins of late, so nobody can make it grow.
 * A login finds its place by a digest of what identifies it; when the places
 * for it are taken, the login that was seen longest ago is forgotten.
 */
#include "clone.h"

#include <string.h>

#include <openssl/evp.h>

#include "addr.h"
#include "clock.h"
#include "log.h"

#define SETS 256
#define WAYS 8
#define ISID_LEN 6

/**
 * struct login_of - the logins of one session
 * @digest: of its clone_id
 * @seen: when the last one was, 0 = nothing is here
 * @peer: where it was from
 * @turns: when the last changes of the address were, 0 = never
 * @turn: place of the oldest of them, the next to be written
 * @held_until: only @peer may log in until then
 */
struct login_of {
	uint8_t digest[EVP_MAX_MD_SIZE];
	uint64_t seen;
	struct sockaddr_storage peer;
	uint64_t turns[CLONE_TURNS];
	unsigned int turn;
	uint64_t held_until;
};

static struct login_of table[SETS][WAYS];

void clone_forget(void)
{
	memset(table, 0, sizeof(table));
}

/* the names are with their NULs, so different ones never make one text */
static bool digest_of(const struct clone_id *id,
		      uint8_t digest[EVP_MAX_MD_SIZE])
{
	uint8_t text[1024];
	size_t target = strlen(id->target) + 1;
	size_t initiator = strlen(id->initiator) + 1;

	memset(digest, 0, EVP_MAX_MD_SIZE);
	if (target + initiator + ISID_LEN > sizeof(text))
		return false;
	memcpy(text, id->target, target);
	memcpy(text + target, id->initiator, initiator);
	memcpy(text + target + initiator, id->isid, ISID_LEN);
	return EVP_Digest(text, target + initiator + ISID_LEN, digest, NULL,
			  EVP_sha256(), NULL);
}

static struct login_of *find(const uint8_t digest[EVP_MAX_MD_SIZE])
{
	struct login_of *set = table[digest[0] % SETS];

	for (unsigned int i = 0; i < WAYS; i++)
		if (set[i].seen &&
		    !memcmp(set[i].digest, digest, EVP_MAX_MD_SIZE))
			return &set[i];
	return NULL;
}

static struct login_of *make(const uint8_t digest[EVP_MAX_MD_SIZE],
			     const struct sockaddr *peer)
{
	struct login_of *set = table[digest[0] % SETS], *oldest = set;

	for (unsigned int i = 1; i < WAYS; i++)
		if (set[i].seen < oldest->seen)
			oldest = &set[i];
	memset(oldest, 0, sizeof(*oldest));
	memcpy(oldest->digest, digest, EVP_MAX_MD_SIZE);
	memcpy(&oldest->peer, peer, addr_size(peer));
	return oldest;
}

static bool is_from(const struct login_of *l, const struct sockaddr *peer)
{
	const uint8_t *a, *b;
	size_t a_len, b_len;

	a = addr_bytes((const struct sockaddr *)&l->peer, &a_len);
	b = addr_bytes(peer, &b_len);
	return a_len == b_len && !memcmp(a, b, a_len);
}

bool clone_refused(const struct clone_id *id, const struct sockaddr *peer)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	const struct login_of *l;

	if (!digest_of(id, digest))
		return false;
	l = find(digest);
	return l && clock_ms() < l->held_until && !is_from(l, peer);
}

static void hold(struct login_of *l, const struct clone_id *id,
		 const struct sockaddr *peer)
{
	char other[ADDR_TEXT_MAX], last[ADDR_TEXT_MAX];

	addr_print((const struct sockaddr *)&l->peer, false, other);
	addr_print(peer, false, last);
	log_warning("%s: %s and %s both log in as %s with the same ISID and "
		    "end each other's session: cloned machines? Only %s may "
		    "log in for %d s",
		    id->target, other, last, id->initiator, last, CLONE_HOLD_S);
	l->held_until = l->seen + CLONE_HOLD_S * 1000;
	memset(l->turns, 0, sizeof(l->turns));
}

void clone_logged_in(const struct clone_id *id, const struct sockaddr *peer)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	uint64_t now = clock_ms(), first;
	struct login_of *l;

	if (!digest_of(id, digest))
		return;
	l = find(digest);
	if (!l)
		l = make(digest, peer);
	l->seen = now;
	if (is_from(l, peer))
		return;
	l->turns[l->turn] = now;
	l->turn = (l->turn + 1) % CLONE_TURNS;
	first = l->turns[l->turn];
	if (first && now - first <= CLONE_TURNS_S * 1000)
		hold(l, id, peer);
	memcpy(&l->peer, peer, addr_size(peer));
}
