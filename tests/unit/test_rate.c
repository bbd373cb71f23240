// SPDX-License-Identifier: GPL-2.0-only
/* The limit on logins: how many, of whom, and what the refused ones hear */
#include "rate.h"

#include <stdio.h>

#include "acl.h"
#include "clock.h"
#include "fake_account.h"
#include "fake_kernel.h"
#include "ktap.h"
#include "log.h"
#include "login_client.h"

#define TARGET "iqn.t"
#define NORMAL "InitiatorName=iqn.i\0TargetName=" TARGET
#define DISCOVERY "InitiatorName=iqn.i\0SessionType=Discovery"
#define UNAVAILABLE 0x0301

static uint64_t now;
static FILE *null;

static void begin(unsigned int per_second)
{
	log_capture(null);
	rate_forget();
	rate_set(per_second);
	now = 1000000;
	clock_fake(now);
}

static void later(unsigned int ms)
{
	now += ms;
	clock_fake(now);
}

/* Return: how many of so many tries may begin */
static int take(int family, const char *address, int tries)
{
	struct sockaddr_storage ss = { .ss_family = family };
	int n = 0;

	if (family == AF_INET)
		inet_pton(family, address,
			  &((struct sockaddr_in *)&ss)->sin_addr);
	else
		inet_pton(family, address,
			  &((struct sockaddr_in6 *)&ss)->sin6_addr);
	while (tries--)
		n += rate_take((struct sockaddr *)&ss);
	return n;
}

static void test_rate(void)
{
	begin(5);
	CHECK_EQ(take(AF_INET, "10.0.0.2", 1000), 50);
	later(199);
	CHECK_EQ(take(AF_INET, "10.0.0.2", 1000), 0);
	later(1);
	CHECK_EQ(take(AF_INET, "10.0.0.2", 1000), 1);
	later(1000);
	CHECK_EQ(take(AF_INET, "10.0.0.2", 1000), 5);
	/* a bucket does not get fuller than full */
	later(3600000);
	CHECK_EQ(take(AF_INET, "10.0.0.2", 1000), 50);
}

static void test_no_rate(void)
{
	begin(0);
	CHECK_EQ(take(AF_INET, "10.0.0.2", 100000), 100000);
	begin(LOGIN_RATE_MAX);
	CHECK_EQ(take(AF_INET, "10.0.0.2", 100000), 100000);
	begin(LOGIN_RATE_DEFAULT);
	CHECK_EQ(take(AF_INET, "10.0.0.2", 100000), 2000);
}

static void test_others(void)
{
	begin(1);
	CHECK_EQ(take(AF_INET, "10.0.0.2", 100), 10);
	CHECK_EQ(take(AF_INET, "10.0.0.3", 100), 10);
	/* a mapped address is the same one, a /64 is one */
	CHECK_EQ(take(AF_INET6, "::ffff:10.0.0.3", 100), 0);
	CHECK_EQ(take(AF_INET6, "2001:db8::1", 100), 10);
	CHECK_EQ(take(AF_INET6, "2001:db8::ffff", 100), 0);
	CHECK_EQ(take(AF_INET6, "2001:db8:0:1::1", 100), 10);
}

/* a flood of addresses does not wash a busy one out */
static void test_many(void)
{
	char address[32];
	int left = 0;

	begin(1);
	CHECK_EQ(take(AF_INET, "10.0.0.2", 100), 10);
	for (int i = 0; i < 60000; i++) {
		snprintf(address, sizeof(address), "11.%d.%d.1", i >> 8,
			 i & 255);
		left += take(AF_INET, address, 1);
	}
	CHECK_EQ(left, 60000);
	CHECK_EQ(take(AF_INET, "10.0.0.2", 100), 0);
}

static void test_log(void)
{
	char *text = NULL, *s;
	size_t len, lines = 0;
	FILE *f = open_memstream(&text, &len);

	begin(1);
	log_capture(f);
	for (int i = 0; i < 119; i++) {
		take(AF_INET, "10.0.0.2", 1000);
		later(1000);
	}
	log_capture(null);
	fclose(f);
	for (s = text; (s = strstr(s, "10.0.0.2 begins more than 1 ")); s++)
		lines++;
	CHECK_EQ(lines, 2);
	free(text);
}

static int login(const char *text, size_t len)
{
	client_begin();
	return client_send(OP_TO_FFP, text, len);
}

static void test_login(void)
{
	fake_reset();
	fake_account_reset();
	login_limits(&fake_info);
	acl_init("/nonexistent", "/nonexistent");
	fake_target(TARGET);
	begin(1);
	for (int i = 0; i < 5; i++) {
		CHECK_EQ(login(TEXT(NORMAL)), 0);
		CHECK_EQ(login(TEXT(DISCOVERY)), 0);
	}
	fake_calls[FAKE_TARGET_GET] = 0;
	CHECK_EQ(login(TEXT(NORMAL)), UNAVAILABLE);
	CHECK_EQ(client_action, PDU_SEND_CLOSE);
	CHECK_EQ(client_rsp.delay_ms, 0);
	CHECK_EQ(client_keys(), 0);
	CHECK_EQ(fake_calls[FAKE_TARGET_GET], 0);
	CHECK_EQ(login(TEXT(DISCOVERY)), UNAVAILABLE);
	/* somebody else */
	client_begin();
	client_address(&client_login.peer, "10.0.0.3");
	CHECK_EQ(client_send(OP_TO_FFP, TEXT(DISCOVERY)), 0);
	/* the requests of one login are one login */
	later(1000);
	client_begin();
	CHECK_EQ(client_send(SEC_TO_OP, TEXT(NORMAL)), 0);
	CHECK_EQ(client_send(OP_TO_FFP, NO_TEXT), 0);
	CHECK_EQ(client_action, PDU_ACCEPT);
}

int main(void)
{
	null = fopen("/dev/null", "w");
	ktap_run(test_rate);
	ktap_run(test_no_rate);
	ktap_run(test_others);
	ktap_run(test_many);
	ktap_run(test_log);
	ktap_run(test_login);
	login_free(&client_login);
	fake_reset();
	fclose(null);
	return ktap_done();
}
