// SPDX-License-Identifier: GPL-2.0-only
/* CHAP: vectors (made with Python's hashlib), one-way, mutual, attacks */
#include <netinet/in.h>
#include <stdlib.h>

#include "chap.h"
#include "fake_account.h"
#include "ktap.h"

#define TARGET "iqn.2001-04.com.example:disk"
#define SECRET "secret-of-12+"
#define OTHER_SECRET "quite-another-one"

static const char *initiator = "iqn.2001-04.com.example:a";
static const struct sockaddr_in peer = {
	.sin_family = AF_INET,
	.sin_addr.s_addr = 0x0100010a, /* 10.1.0.1 */
};
static struct chap chap;
static struct text_buf out;
static char user[ACCOUNT_NAME_MAX + 1];

static const char *hex(const uint8_t *data, size_t len)
{
	static char text[2 * TEXT_BINARY_MAX + 3];
	char *p = text;

	p += sprintf(p, "0x");
	while (len--)
		p += sprintf(p, "%02x", *data++);
	return text;
}

static void test_vectors(void)
{
	static const struct {
		enum chap_algorithm algorithm;
		const char *digest;
	} rows[] = {
		{ CHAP_MD5, "0xcb7738a975c3f263008b4626d21eaded" },
		{ CHAP_SHA1, "0xc6c9678d93f739acc1d838999be4a1fad1134cf8" },
		{ CHAP_SHA256, "0x639c1954771abe61df3b51ca41c696c9"
			       "fe3b2d7a43d69df0b5d8ee724349b405" },
		{ CHAP_SHA3_256, "0xc3a790bfbeff4916d4cea82466897db4"
				 "f175943af43fa5df55d0211fa4b06e3a" },
	};
	uint8_t challenge[16], digest[CHAP_DIGEST_MAX];

	for (int i = 0; i < 16; i++)
		challenge[i] = i;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t len = chap_digest(rows[i].algorithm, 0x2a, SECRET,
					 challenge, sizeof(challenge), digest);

		CHECK_STR(hex(digest, len), rows[i].digest);
	}
	CHECK_EQ(chap_digest(9, 0x2a, SECRET, challenge, 16, digest), 0);
}

static void test_choice(void)
{
	CHECK_EQ(chap_choose("5"), CHAP_MD5);
	CHECK_EQ(chap_choose("6,5"), CHAP_SHA1);
	CHECK_EQ(chap_choose("4,7,6,5"), CHAP_SHA256);
	CHECK_EQ(chap_choose("8,7,6,5"), CHAP_SHA3_256);
	CHECK_EQ(chap_choose("5,8"), CHAP_MD5);
	CHECK_EQ(chap_choose("56,,8"), CHAP_SHA3_256);
	CHECK_EQ(chap_choose("9"), CHAP_NONE);
	CHECK_EQ(chap_choose(""), CHAP_NONE);
	CHECK_EQ(chap_choose("55,15"), CHAP_NONE);
}

static void begin(void)
{
	text_free(&out);
	text_init(&out, 65536);
	user[0] = '\0';
	fake_account_reset();
	fake_account(TARGET, ACCOUNT_INCOMING, "alice", SECRET);
	fake_account(TARGET, ACCOUNT_INCOMING, "bob", "bobs-own-secret");
	fake_account(TARGET, ACCOUNT_OUTGOING, "target", OTHER_SECRET);
	chap_start(&chap, initiator, (const struct sockaddr *)&peer);
}

static enum chap_result step(const struct offers *offers)
{
	text_free(&out);
	return chap_step(&chap, TARGET, offers, &out, user, sizeof(user));
}

static enum chap_result send_algorithms(const char *list)
{
	struct offers o = { .value[KEY_CHAP_A] = list };

	return step(&o);
}

static const char *answer(const char *name)
{
	for (char *p = out.data; out.data && p < out.data + out.len;
	     p += strlen(p) + 1)
		if (!strncmp(p, name, strlen(name)) && p[strlen(name)] == '=')
			return p + strlen(name) + 1;
	return NULL;
}

/* what an initiator makes of our challenge */
static const char *response(const char *secret)
{
	uint8_t digest[CHAP_DIGEST_MAX];
	size_t len = chap_digest(chap.algorithm, chap.id, secret,
				 chap.challenge, sizeof(chap.challenge),
				 digest);

	return hex(digest, len);
}

static enum chap_result send_response(const char *name, const char *value,
				      const char *id, const char *challenge)
{
	char *copy = value ? strdup(value) : NULL;
	struct offers o = {
		.value[KEY_CHAP_N] = name,
		.value[KEY_CHAP_R] = copy,
		.value[KEY_CHAP_I] = id,
		.value[KEY_CHAP_C] = challenge,
	};
	enum chap_result result = step(&o);

	free(copy);
	return result;
}

static void test_one_way(void)
{
	static const char *const lists[] = { "5", "6", "7", "8" };

	for (size_t i = 0; i < 4; i++) {
		begin();
		CHECK_EQ(send_algorithms(lists[i]), CHAP_MORE);
		CHECK_STR(answer("CHAP_A"), lists[i]);
		CHECK(answer("CHAP_I"));
		CHECK_STR(answer("CHAP_C"),
			  hex(chap.challenge, sizeof(chap.challenge)));
		CHECK_EQ(send_response("alice", response(SECRET), NULL, NULL),
			 CHAP_OK);
		CHECK_EQ(out.len, 0);
		CHECK_STR(user, "alice");
	}
}

static void test_users(void)
{
	static const char nobody[] = "there is no such user";
	static const struct {
		const char *name;
		const char *secret;
		enum chap_result result;
		const char *why;
	} rows[] = {
		{ "alice", SECRET, CHAP_OK, NULL },
		{ "bob", "bobs-own-secret", CHAP_OK, NULL },
		{ "bob", SECRET, CHAP_FAILED, "wrong secret" },
		{ "Alice", SECRET, CHAP_FAILED, nobody },
		{ "mallory", SECRET, CHAP_FAILED, nobody },
		{ "mallory", "unknown", CHAP_FAILED, nobody },
		{ "", SECRET, CHAP_FAILED, nobody },
		{ "target", OTHER_SECRET, CHAP_FAILED, nobody },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool ok = ktap_ok;

		begin();
		send_algorithms("7");
		CHECK_EQ(send_response(rows[i].name, response(rows[i].secret),
				       NULL, NULL),
			 rows[i].result);
		CHECK_STR(chap.why ? chap.why : "-",
			  rows[i].why ? rows[i].why : "-");
		CHECK_ROW(rows[i].name, ok);
	}
}

/* a user that is bound to initiators: by name, by a pattern, by address */
static void test_users_of_initiators(void)
{
	static const struct {
		const char *who;
		const char *initiator;
		enum chap_result result;
	} rows[] = {
		{ "", "iqn.2001-04.com.example:a", CHAP_OK },
		{ "iqn.2001-04.com.example:a", "iqn.2001-04.com.example:a",
		  CHAP_OK },
		{ "iqn.2001-04.com.example:a", "iqn.2001-04.com.example:ab",
		  CHAP_FAILED },
		{ "iqn.*:web[0-9]", "iqn.2001-04.com.example:web7", CHAP_OK },
		{ "iqn.*:web[0-9]", "iqn.2001-04.com.example:db7",
		  CHAP_FAILED },
		{ "10.1.0.0/16", "iqn.2001-04.com.example:a", CHAP_OK },
		{ "10.2.0.0/16", "iqn.2001-04.com.example:a", CHAP_FAILED },
	};
	static const char secret[] = "carols-own-secret";

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool ok = ktap_ok;

		initiator = rows[i].initiator;
		begin();
		fake_account(TARGET, ACCOUNT_INCOMING, "carol", secret);
		fake_account_who("carol", rows[i].who);
		send_algorithms("7");
		CHECK_EQ(send_response("carol", response(secret), NULL, NULL),
			 rows[i].result);
		CHECK_STR(chap.why ? chap.why : "-",
			  rows[i].result == CHAP_OK ?
				  "-" :
				  "this user is for other initiators");
		CHECK_ROW(rows[i].who, ok);
	}
	initiator = "iqn.2001-04.com.example:a";
}

static void test_bad_responses(void)
{
	static const char *const values[] = {
		"",	  "0x",	     "0x00",
		"0bAA==", "garbage", "0x00000000000000000000000000000000",
	};

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		begin();
		send_algorithms("5");
		CHECK_EQ(send_response("alice", values[i], NULL, NULL),
			 CHAP_FAILED);
	}
	/* the right one and a byte more */
	begin();
	send_algorithms("5");
	{
		char longer[128];

		snprintf(longer, sizeof(longer), "%s00", response(SECRET));
		CHECK_EQ(send_response("alice", longer, NULL, NULL),
			 CHAP_FAILED);
	}
	/* keys that belong together */
	begin();
	send_algorithms("5");
	CHECK_EQ(send_response("alice", NULL, NULL, NULL), CHAP_FAILED);
	begin();
	send_algorithms("5");
	CHECK_EQ(send_response(NULL, response(SECRET), NULL, NULL),
		 CHAP_FAILED);
	begin();
	send_algorithms("5");
	CHECK_EQ(send_response("alice", response(SECRET), "1", NULL),
		 CHAP_FAILED);
	begin();
	CHECK_EQ(send_algorithms("1,2,3"), CHAP_FAILED);
	CHECK_STR(chap.why, "we have none of its CHAP algorithms");
}

static void test_mutual(void)
{
	static const char *const lists[] = { "5", "6", "7", "8" };
	uint8_t challenge[24], digest[CHAP_DIGEST_MAX];

	memset(challenge, 0x5a, sizeof(challenge));
	for (size_t i = 0; i < 4; i++) {
		char *value;
		size_t len;

		begin();
		send_algorithms(lists[i]);
		value = strdup(hex(challenge, sizeof(challenge)));
		CHECK_EQ(send_response("alice", response(SECRET), "17", value),
			 CHAP_OK);
		CHECK_STR(answer("CHAP_N"), "target");
		len = chap_digest(chap.algorithm, 17, OTHER_SECRET, challenge,
				  sizeof(challenge), digest);
		CHECK_STR(answer("CHAP_R"), hex(digest, len));
		free(value);
	}
}

static void test_mutual_refused(void)
{
	static const struct {
		const char *id;
		const char *challenge;
	} rows[] = {
		{ "256", "0x00112233" }, { "-1", "0x00112233" },
		{ "x", "0x00112233" },	 { "1", "" },
		{ "1", "0x" },		 { "1", "zz" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin();
		send_algorithms("7");
		CHECK_EQ(send_response("alice", response(SECRET), rows[i].id,
				       rows[i].challenge),
			 CHAP_FAILED);
		CHECK(!answer("CHAP_R"));
	}
	/* no account to prove ourselves with */
	begin();
	nr_fake_accounts = 2;
	send_algorithms("7");
	CHECK_EQ(send_response("alice", response(SECRET), "1", "0x001122"),
		 CHAP_FAILED);
	CHECK(strstr(chap.why, "there is no OutgoingUser"));
	/* the initiator has not proved itself: no answer for it */
	begin();
	send_algorithms("7");
	CHECK_EQ(send_response("alice", "0x00", "1", "0x001122"), CHAP_FAILED);
	CHECK(!answer("CHAP_R"));
}

static void test_reflection(void)
{
	char *value;

	begin();
	send_algorithms("7");
	value = strdup(hex(chap.challenge, sizeof(chap.challenge)));
	CHECK_EQ(send_response("alice", response(SECRET), "1", value),
		 CHAP_FAILED);
	CHECK(!answer("CHAP_R"));
	free(value);
}

static void test_same_secret(void)
{
	begin();
	snprintf(fake_accounts[2].account.secret, ACCOUNT_SECRET_MAX + 1,
		 SECRET);
	send_algorithms("7");
	CHECK_EQ(send_response("alice", response(SECRET), "1", "0x001122"),
		 CHAP_FAILED);
	CHECK(strstr(chap.why, "the same secret"));
	CHECK(!answer("CHAP_R"));
	/* bob has another one */
	begin();
	snprintf(fake_accounts[2].account.secret, ACCOUNT_SECRET_MAX + 1,
		 SECRET);
	send_algorithms("7");
	CHECK_EQ(send_response("bob", response("bobs-own-secret"), "1",
			       "0x001122"),
		 CHAP_OK);
}

static void test_challenges_differ(void)
{
	uint8_t first[CHAP_CHALLENGE_LEN];

	begin();
	send_algorithms("5");
	memcpy(first, chap.challenge, sizeof(first));
	begin();
	send_algorithms("5");
	CHECK(memcmp(first, chap.challenge, sizeof(first)));
	chap_wipe(&chap);
	memset(first, 0, sizeof(first));
	CHECK(!memcmp(first, chap.challenge, sizeof(first)));
}

int main(void)
{
	ktap_run(test_vectors);
	ktap_run(test_choice);
	ktap_run(test_one_way);
	ktap_run(test_users);
	ktap_run(test_users_of_initiators);
	ktap_run(test_bad_responses);
	ktap_run(test_mutual);
	ktap_run(test_mutual_refused);
	ktap_run(test_reflection);
	ktap_run(test_same_secret);
	ktap_run(test_challenges_differ);
	text_free(&out);
	return ktap_done();
}
