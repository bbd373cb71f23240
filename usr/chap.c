// SPDX-License-Identifier: GPL-2.0-only
/*
 * CHAP on the target's side (RFC 7143 section 12.1.3).
 *
 *	initiator			target
 *	AuthMethod=CHAP			AuthMethod=CHAP
 *	CHAP_A=<list>			CHAP_A=<one> CHAP_I CHAP_C
 *	CHAP_N CHAP_R
 *	[CHAP_I CHAP_C]			[CHAP_N CHAP_R]
 */
#include "chap.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "account.h"
#include "acl.h"

static const struct {
	enum chap_algorithm id;
	const char *number;
	const char *name;
	size_t len;
} algorithms[] = {
	{ CHAP_SHA3_256, "8", "SHA3-256", 32 },
	{ CHAP_SHA256, "7", "SHA256", 32 },
	{ CHAP_SHA1, "6", "SHA1", 20 },
	{ CHAP_MD5, "5", "MD5", 16 },
};

#define NR_ALGORITHMS (sizeof(algorithms) / sizeof(algorithms[0]))

size_t chap_digest(enum chap_algorithm algorithm, uint8_t id,
		   const char *secret, const uint8_t *challenge, size_t len,
		   uint8_t digest[CHAP_DIGEST_MAX])
{
	unsigned int digest_len = 0;
	EVP_MD_CTX *ctx;
	EVP_MD *md = NULL;
	bool ok;

	for (size_t i = 0; i < NR_ALGORITHMS; i++)
		if (algorithms[i].id == algorithm)
			md = EVP_MD_fetch(NULL, algorithms[i].name, NULL);
	if (!md)
		return 0;
	ctx = EVP_MD_CTX_new();
	ok = ctx && EVP_DigestInit_ex(ctx, md, NULL) &&
	     EVP_DigestUpdate(ctx, &id, sizeof(id)) &&
	     EVP_DigestUpdate(ctx, secret, strlen(secret)) &&
	     EVP_DigestUpdate(ctx, challenge, len) &&
	     EVP_DigestFinal_ex(ctx, digest, &digest_len);
	EVP_MD_CTX_free(ctx);
	EVP_MD_free(md);
	return ok ? digest_len : 0;
}

/* an administrator may have switched weak ones off in libcrypto */
static bool is_available(const char *name)
{
	EVP_MD *md = EVP_MD_fetch(NULL, name, NULL);

	EVP_MD_free(md);
	return md;
}

/* CHAP_NONE: unknown, or not available */
static enum chap_algorithm algorithm_of(const char *number, size_t len)
{
	for (size_t i = 0; i < NR_ALGORITHMS; i++)
		if (len == strlen(algorithms[i].number) &&
		    !memcmp(number, algorithms[i].number, len) &&
		    is_available(algorithms[i].name))
			return algorithms[i].id;
	return CHAP_NONE;
}

enum chap_algorithm chap_choose(const char *list)
{
	enum chap_algorithm found = CHAP_NONE;
	const char *word;
	size_t len;

	while (!found && (word = text_list_next(&list, &len)))
		found = algorithm_of(word, len);
	return found;
}

void chap_start(struct chap *c, const char *initiator,
		const struct sockaddr *peer)
{
	*c = (struct chap){
		.initiator = initiator,
		.peer = peer,
		.state = CHAP_WANT_A,
	};
}

void chap_wipe(struct chap *c)
{
	OPENSSL_cleanse(c, sizeof(*c));
}

static enum chap_result fail(struct chap *c, const char *why)
{
	c->why = why;
	return CHAP_FAILED;
}

static bool random_bytes(void *data, size_t len)
{
	return getrandom(data, len, 0) == (ssize_t)len;
}

/* CHAP_A has come: send our challenge */
static enum chap_result take_algorithms(struct chap *c,
					const struct offers *offers,
					struct text_buf *out)
{
	if (!offers->value[KEY_CHAP_A])
		return CHAP_MORE;
	c->algorithm = chap_choose(offers->value[KEY_CHAP_A]);
	if (!c->algorithm)
		return fail(c, "we have none of its CHAP algorithms");
	if (!random_bytes(&c->id, sizeof(c->id)) ||
	    !random_bytes(c->challenge, sizeof(c->challenge)))
		return CHAP_ERROR;

	text_add(out, key_name(KEY_CHAP_A), "%d", c->algorithm);
	text_add(out, key_name(KEY_CHAP_I), "%u", c->id);
	text_add_binary(out, key_name(KEY_CHAP_C), c->challenge,
			sizeof(c->challenge));
	c->state = CHAP_WANT_R;
	return CHAP_MORE;
}

/* does CHAP_R answer our challenge? */
static bool is_right(const struct chap *c, const struct account *account,
		     const char *value)
{
	uint8_t want[CHAP_DIGEST_MAX], have[CHAP_DIGEST_MAX];
	size_t want_len, have_len;
	bool right;

	/* compute it for an unknown name, too: the time must not tell */
	want_len = chap_digest(c->algorithm, c->id,
			       account ? account->secret : "unknown",
			       c->challenge, sizeof(c->challenge), want);
	right = want_len && !text_binary(value, have, sizeof(have), &have_len);
	right = right && have_len == want_len &&
		!CRYPTO_memcmp(have, want, want_len) && account;
	OPENSSL_cleanse(want, sizeof(want));
	OPENSSL_cleanse(have, sizeof(have));
	return right;
}

static bool same_secret(const struct account *a, const struct account *b)
{
	size_t len = strlen(a->secret);

	return len == strlen(b->secret) &&
	       !CRYPTO_memcmp(a->secret, b->secret, len);
}

/* the initiator wants to know who we are: mutual CHAP */
static enum chap_result prove(struct chap *c, const char *target,
			      const struct account *peer,
			      const struct offers *offers, struct text_buf *out)
{
	const struct account *us = account_find(target, ACCOUNT_OUTGOING, NULL);
	uint8_t challenge[TEXT_BINARY_MAX], digest[CHAP_DIGEST_MAX];
	uint64_t id;
	size_t len;

	if (!us)
		return fail(c, "it wants us to authenticate, and there is no "
			       "OutgoingUser");
	if (text_number(offers->value[KEY_CHAP_I], &id) || id > 255 ||
	    text_binary(offers->value[KEY_CHAP_C], challenge, sizeof(challenge),
			&len))
		return fail(c, "its CHAP_I or CHAP_C makes no sense");
	/*
	 * Our own challenge come back asks us for the very answer that is
	 * due to us, and so does one secret for both directions (12.1.3).
	 */
	if (len == sizeof(c->challenge) &&
	    !CRYPTO_memcmp(challenge, c->challenge, len))
		return fail(c, "it sends our own challenge back");
	if (same_secret(us, peer))
		return fail(c, "OutgoingUser has the same secret as this user, "
			       "which RFC 7143 forbids");

	len = chap_digest(c->algorithm, id, us->secret, challenge, len, digest);
	if (!len)
		return CHAP_ERROR;
	text_add(out, key_name(KEY_CHAP_N), "%s", us->name);
	text_add_binary(out, key_name(KEY_CHAP_R), digest, len);
	OPENSSL_cleanse(digest, sizeof(digest));
	return CHAP_OK;
}

/* one that is for other initiators is as good as none */
static const struct account *find_user(const struct chap *c, const char *target,
				       const char *name)
{
	const struct account *a = account_find(target, ACCOUNT_INCOMING, name);

	if (a && a->who[0] && !acl_item_match(a->who, c->initiator, c->peer))
		return NULL;
	return a;
}

static enum chap_result take_response(struct chap *c, const char *target,
				      const struct offers *offers,
				      struct text_buf *out, char *user,
				      size_t user_size)
{
	const char *name = offers->value[KEY_CHAP_N];
	const char *response = offers->value[KEY_CHAP_R];
	const char *id = offers->value[KEY_CHAP_I];
	const char *challenge = offers->value[KEY_CHAP_C];
	const struct account *account;
	enum chap_result result = CHAP_OK;

	if (!name && !response && !id && !challenge)
		return CHAP_MORE;
	if (!name || !response || !id != !challenge)
		return fail(c, "some of its CHAP keys are missing");

	snprintf(user, user_size, "%s", name);
	account = find_user(c, target, name);
	if (!is_right(c, account, response))
		return fail(c, account ? "wrong secret" :
			       account_find(target, ACCOUNT_INCOMING, name) ?
					 "this user is for other initiators" :
					 "there is no such user");
	if (challenge)
		result = prove(c, target, account, offers, out);
	if (result == CHAP_OK)
		c->state = CHAP_DONE;
	return result;
}

enum chap_result chap_step(struct chap *c, const char *target,
			   const struct offers *offers, struct text_buf *out,
			   char *user, size_t user_size)
{
	switch (c->state) {
	case CHAP_IDLE:
		return CHAP_FAILED;
	case CHAP_WANT_A:
		return take_algorithms(c, offers, out);
	case CHAP_WANT_R:
		return take_response(c, target, offers, out, user, user_size);
	case CHAP_DONE:
		break;
	}
	return CHAP_OK;
}
