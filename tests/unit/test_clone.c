// SPDX-License-Identifier: GPL-2.0-only
/* Clones: who is one, who is let in, and for how long */
#include "clone.h"

#include <stdio.h>

#include "acl.h"
#include "clock.h"
#include "fake_account.h"
#include "fake_kernel.h"
#include "ktap.h"
#include "log.h"
#include "login_client.h"
#include "rate.h"

#define TARGET "iqn.t"
#define KEYS "InitiatorName=iqn.i\0TargetName=" TARGET
#define UNAVAILABLE 0x0301

static uint64_t now;
static char *log_text;
static size_t log_len;
static FILE *log_file;

static void begin(void)
{
	if (log_file)
		fclose(log_file);
	free(log_text);
	log_file = open_memstream(&log_text, &log_len);
	log_capture(log_file);
	clone_forget();
	fake_reset();
	fake_account_reset();
	login_limits(&fake_info);
	rate_set(0);
	acl_init("/nonexistent", "/nonexistent");
	fake_target(TARGET);
	now = 1000000;
	clock_fake(now);
}

static void later(unsigned int ms)
{
	now += ms;
	clock_fake(now);
}

/* Return: login status */
static int login(const char *from)
{
	client_begin();
	client_address(&client_login.peer, from);
	return client_send(OP_TO_FFP, TEXT(KEYS));
}

static int warnings(void)
{
	int n = 0;

	fflush(log_file);
	for (char *s = log_text; (s = strstr(s, "cloned machines")); s++)
		n++;
	return n;
}

/* two that take turns until one of them, .3, is the last */
static void fight(void)
{
	begin();
	CHECK_EQ(login("10.0.0.2"), 0);
	for (int i = 0; i < CLONE_TURNS; i++) {
		later(2000);
		CHECK_EQ(warnings(), 0);
		CHECK_EQ(login(i % 2 ? "10.0.0.3" : "10.0.0.4"), 0);
	}
}

static void test_clones(void)
{
	fight();
	CHECK_EQ(warnings(), 1);
	CHECK(strstr(log_text, TARGET ": 10.0.0.4 and 10.0.0.3 both"));
	CHECK(strstr(log_text, "as iqn.i"));
	CHECK(strstr(log_text, "Only 10.0.0.3 may"));
	/* the other one is kept out, without a line for each try */
	for (int i = 0; i < 10; i++) {
		later(1000);
		CHECK_EQ(login("10.0.0.4"), UNAVAILABLE);
		CHECK_EQ(client_action, PDU_SEND_CLOSE);
	}
	CHECK_EQ(warnings(), 1);
	CHECK(!strstr(log_text, "refused"));
	/* and its tries are no turns of the one that is in */
	CHECK_EQ(login("10.0.0.3"), 0);
	CHECK_EQ(login("10.0.0.4"), UNAVAILABLE);
	CHECK_EQ(login("10.0.0.2"), UNAVAILABLE);
}

static void test_end_of_hold(void)
{
	fight();
	later(CLONE_HOLD_S * 1000 - 1);
	CHECK_EQ(login("10.0.0.4"), UNAVAILABLE);
	later(1);
	CHECK_EQ(login("10.0.0.4"), 0);
	/* the fight is a new one */
	CHECK_EQ(login("10.0.0.3"), 0);
	CHECK_EQ(login("10.0.0.4"), 0);
	CHECK_EQ(warnings(), 1);
	CHECK_EQ(login("10.0.0.3"), 0);
	CHECK_EQ(warnings(), 2);
	CHECK_EQ(login("10.0.0.4"), UNAVAILABLE);
}

static void test_others(void)
{
	static const uint8_t isid[6] = { 0x40, 0, 1, 0x37, 0, 2 };

	fight();
	/* another ISID, another initiator, another target */
	client_begin();
	client_address(&client_login.peer, "10.0.0.4");
	memcpy(client_hdr.isid, isid, sizeof(isid));
	CHECK_EQ(client_send(OP_TO_FFP, TEXT(KEYS)), 0);
	client_begin();
	client_address(&client_login.peer, "10.0.0.4");
	CHECK_EQ(client_send(OP_TO_FFP,
			     TEXT("InitiatorName=iqn.j\0TargetName=" TARGET)),
		 0);
	fake_target("iqn.u");
	client_begin();
	client_address(&client_login.peer, "10.0.0.4");
	CHECK_EQ(client_send(OP_TO_FFP,
			     TEXT("InitiatorName=iqn.i\0TargetName=iqn.u")),
		 0);
	CHECK_EQ(login("10.0.0.4"), UNAVAILABLE);
}

static void test_no_clones(void)
{
	/* one that comes again and again */
	begin();
	for (int i = 0; i < 100; i++)
		CHECK_EQ(login("10.0.0.2"), 0);
	CHECK_EQ(warnings(), 0);
	/* one that moves, but not in a hurry: 4 turns take more than 30 s */
	for (int i = 0; i < 20; i++) {
		later(CLONE_TURNS_S * 1000 / (CLONE_TURNS - 1) + 1);
		CHECK_EQ(login(i % 2 ? "10.0.0.3" : "10.0.0.4"), 0);
	}
	CHECK_EQ(warnings(), 0);
}

static void test_only_logins_count(void)
{
	begin();
	fake_account(TARGET, ACCOUNT_INCOMING, "joe", "secretsecret12");
	for (int i = 0; i < 20; i++)
		CHECK(login(i % 2 ? "10.0.0.3" : "10.0.0.4"));
	fake_account_reset();
	CHECK_EQ(login("10.0.0.2"), 0);
	CHECK_EQ(warnings(), 0);
}

/* more names than there are places: old ones go, nothing grows */
static void test_many(void)
{
	static const uint8_t isid[6];
	struct sockaddr_storage peer;
	char name[32];

	begin();
	client_address(&peer, "10.0.0.2");
	for (int i = 0; i < 20000; i++) {
		const struct clone_id id = { TARGET, name, isid };

		later(1);
		snprintf(name, sizeof(name), "iqn.%d", i);
		clone_logged_in(&id, (struct sockaddr *)&peer);
		CHECK(!clone_refused(&id, (struct sockaddr *)&peer));
	}
	fight();
	CHECK_EQ(warnings(), 1);
}

int main(void)
{
	ktap_run(test_clones);
	ktap_run(test_end_of_hold);
	ktap_run(test_others);
	ktap_run(test_no_clones);
	ktap_run(test_only_logins_count);
	ktap_run(test_many);
	login_free(&client_login);
	log_capture(NULL);
	fclose(log_file);
	free(log_text);
	fake_reset();
	return ktap_done();
}
