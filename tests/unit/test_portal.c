// SPDX-License-Identifier: GPL-2.0-only
/*
 * Connections over TCP: what is read and what is not, time limits, caps,
 * and iscsi-ls, if there is one.  Client and daemon share one thread.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>

#include "acl.h"
#include "conn.h"
#include "crc32c.h"
#include "fake_account.h"
#include "fake_kernel.h"
#include "ktap.h"
#include "log.h"
#include "login_client.h"
#include "login_fault.h"
#include "portal.h"
#include "tmpfile.h"

#define TARGET "iqn.2001-04.com.example:disk"
#define NORMAL "InitiatorName=iqn.i\0TargetName=" TARGET
#define DISCOVERY "InitiatorName=iqn.i\0SessionType=Discovery"

/* seconds for what takes a moment, on a machine that may be busy */
#define PATIENCE 30

static struct event_base *base;

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static void pump(void)
{
	event_base_loop(base, EVLOOP_NONBLOCK);
}

static void begin(void)
{
	fake_reset();
	fake_account_reset();
	login_limits(&fake_info);
	acl_init("/nonexistent", "/nonexistent");
	fake_target(TARGET);
	conn_set_login_time(CONN_LOGIN_S);
	CHECK_EQ(portal_bind(base, NULL, 0), 0);
	CHECK_EQ(portal_listen(), 0);
}

static void end(void)
{
	portal_close();
	CHECK_EQ(portal_count(), 0);
}

static int connect_from(const char *from)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	inet_pton(AF_INET, from, &sin.sin_addr);
	if (bind(fd, (struct sockaddr *)&sin, sizeof(sin)))
		goto fail;
	inet_pton(AF_INET, "127.0.0.1", &sin.sin_addr);
	sin.sin_port = htons(portal_port());
	if (connect(fd, (struct sockaddr *)&sin, sizeof(sin)))
		goto fail;
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
fail:
	close(fd);
	return -1;
}

static size_t make_login(uint8_t *pdu, uint8_t flags, const char *text,
			 size_t len)
{
	struct iscsi_login_hdr *req = (void *)pdu;

	memset(pdu, 0, ISCSI_BHS_LEN);
	req->opcode = ISCSI_OP_LOGIN_REQ | ISCSI_OP_IMMEDIATE;
	req->flags = flags;
	req->itt = htonl(1);
	req->cmd_sn = htonl(1);
	iscsi_set_dlength(req, len);
	memcpy(pdu + ISCSI_BHS_LEN, text, len);
	memset(pdu + ISCSI_BHS_LEN + len, 0, iscsi_pad(len));
	return ISCSI_BHS_LEN + len + iscsi_pad(len);
}

/* Return: bytes that came before the end or the time was over */
static size_t receive(int fd, uint8_t *to, size_t len, double seconds)
{
	double until = now() + seconds;
	size_t got = 0;

	while (got < len && now() < until) {
		ssize_t n;

		pump();
		n = recv(fd, to + got, len - got, MSG_DONTWAIT);
		if (n == 0 || (n < 0 && errno != EAGAIN))
			break;
		if (n > 0)
			got += n;
		else
			usleep(500);
	}
	return got;
}

static bool is_closed(int fd, double seconds)
{
	double until = now() + seconds;
	char byte;

	while (now() < until) {
		ssize_t n;

		pump();
		n = recv(fd, &byte, 1, MSG_DONTWAIT);
		if (n == 0 || (n < 0 && errno == ECONNRESET))
			return true;
		usleep(500);
	}
	return false;
}

/* one response; Return: its login status, or -1 */
static int receive_login(int fd, uint8_t *pdu, double seconds)
{
	struct iscsi_login_rsp_hdr *rsp = (void *)pdu;
	size_t len;

	if (receive(fd, pdu, ISCSI_BHS_LEN, seconds) != ISCSI_BHS_LEN ||
	    rsp->opcode != ISCSI_OP_LOGIN_RSP)
		return -1;
	len = iscsi_dlength(rsp);
	len += iscsi_pad(len);
	if (receive(fd, pdu + ISCSI_BHS_LEN, len, seconds) != len)
		return -1;
	return rsp->status_class << 8 | rsp->status_detail;
}

static int log_in(int fd, uint8_t flags, const char *text, size_t len)
{
	uint8_t pdu[16384];
	size_t n = make_login(pdu, flags, text, len);

	if (send(fd, pdu, n, MSG_NOSIGNAL) != (ssize_t)n)
		return -1;
	return receive_login(fd, pdu, PATIENCE);
}

/* byte for byte, with more behind it that is the module's to read */
static void test_handoff(void)
{
	uint8_t pdu[1024], left[64];
	size_t len;
	int fd;

	begin();
	fd = connect_from("127.0.0.1");
	len = make_login(pdu, OP_TO_FFP, TEXT(NORMAL));
	memset(pdu + len, 0xee, 48);
	for (size_t i = 0; i + 1 < len; i++) {
		CHECK_EQ(send(fd, pdu + i, 1, MSG_NOSIGNAL), 1);
		pump();
	}
	CHECK_EQ(send(fd, pdu + len - 1, 49, MSG_NOSIGNAL), 49);
	CHECK_EQ(receive_login(fd, pdu, PATIENCE), 0);
	for (int i = 0; i < 100 && portal_count(); i++)
		pump();
	CHECK_EQ(portal_count(), 0);
	CHECK(fake_conn_fd >= 0);
	CHECK_EQ(recv(fake_conn_fd, left, sizeof(left), MSG_DONTWAIT), 48);
	CHECK_EQ(left[0], 0xee);
	/* it is the module's now: nothing of ours closes it */
	CHECK(!is_closed(fd, 0.1));
	close(fd);
	end();
}

static void test_two_requests(void)
{
	int fd;

	begin();
	fd = connect_from("127.0.0.1");
	CHECK_EQ(log_in(fd, SEC_TO_OP, TEXT(NORMAL "\0AuthMethod=None")), 0);
	CHECK_EQ(log_in(fd, OP_TO_FFP, TEXT("InitialR2T=Yes")), 0);
	pump();
	CHECK_EQ(fake_calls[FAKE_CONN_NEW], 1);
	close(fd);
	end();
}

static void test_refused(void)
{
	static uint8_t garbage[65536];
	uint8_t pdu[1024];
	size_t len;
	int fd;

	begin();
	fd = connect_from("127.0.0.1");
	CHECK_EQ(log_in(fd, OP_TO_FFP, TEXT("InitiatorName=iqn.i")), 0x0207);
	CHECK(is_closed(fd, PATIENCE));
	close(fd);
	/* the answer gets through though there is more that nobody reads */
	fd = connect_from("127.0.0.1");
	len = make_login(pdu, OP_TO_FFP, TEXT("InitiatorName=iqn.i"));
	CHECK_EQ(send(fd, pdu, len, MSG_NOSIGNAL), (ssize_t)len);
	CHECK(send(fd, garbage, sizeof(garbage), MSG_NOSIGNAL) > 0);
	CHECK_EQ(receive_login(fd, pdu, PATIENCE), 0x0207);
	CHECK(is_closed(fd, PATIENCE));
	/* and if they never close, we do */
	CHECK(portal_count() == 1);
	for (double until = now() + PATIENCE; portal_count() && now() < until;)
		pump();
	CHECK_EQ(portal_count(), 0);
	close(fd);
	end();
}

/* --- faults ---------------------------------------------------------------- */

static void no_faults(void)
{
	login_fault_set_path(tmp_path("faults"));
	login_fault_del(NULL, 0);
}

static void fault(const char *kind, const char *params)
{
	struct login_fault f = { .tid = 1, .target = TARGET };
	char copy[256], reason[256];

	snprintf(copy, sizeof(copy), "%s", params);
	no_faults();
	CHECK_EQ(login_fault_parse(kind, copy, false, &f.args, reason,
				   sizeof(reason)),
		 0);
	CHECK_EQ(login_fault_new(&f), 0);
}

/* a login; how many bytes come of it before the connection ends */
static size_t bytes_of_login(void)
{
	uint8_t pdu[16384];
	size_t n = make_login(pdu, OP_TO_FFP, TEXT(NORMAL));
	int fd = connect_from("127.0.0.1");

	CHECK_EQ(send(fd, pdu, n, MSG_NOSIGNAL), (ssize_t)n);
	n = receive(fd, pdu, sizeof(pdu), PATIENCE);
	close(fd);
	return n;
}

/* what a fault cuts off leaves neither connection nor session behind */
static void test_cut_off(void)
{
	static const struct {
		const char *kind, *params;
		size_t bytes;
		int made;
	} rows[] = {
		{ "login-drop", "PDU=login", 0, 0 },
		{ "login-drop", "", 0, 1 },
		{ "login-drop", "Byte=50", 50, 1 },
		{ "login-status", "Status=0301", 48, 0 },
		{ "login-text", "Length=5000", 48 + 5000, 1 },
		{ "login-key", "Key=A,Do=add,Value=", 0, 1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool before = ktap_ok, whole = i >= 4;

		begin();
		fault(rows[i].kind, rows[i].params);
		if (whole) {
			int fd = connect_from("127.0.0.1");

			CHECK_EQ(log_in(fd, OP_TO_FFP, TEXT(NORMAL)), 0);
			close(fd);
		} else {
			CHECK_EQ(bytes_of_login(), rows[i].bytes);
		}
		CHECK_EQ(fake_calls[FAKE_SESSION_NEW], rows[i].made);
		CHECK_EQ(fake_calls[FAKE_SESSION_DEL], !whole && rows[i].made);
		CHECK_EQ(fake_calls[FAKE_CONN_NEW], whole);
		no_faults();
		end();
		CHECK_ROW(rows[i].params, before);
	}
}

static unsigned int held(void)
{
	const struct login_fault_what what = { TARGET, "iqn.i", 3, 2, "", 0 };
	const struct login_fault *f =
		login_fault_fire(LOGIN_FAULT_DELAY, &what, NULL, NULL);

	return f ? f->held : 0;
}

static int start_login(void)
{
	uint8_t pdu[16384];
	size_t n = make_login(pdu, OP_TO_FFP, TEXT(NORMAL));
	int fd = connect_from("127.0.0.1");

	CHECK_EQ(send(fd, pdu, n, MSG_NOSIGNAL), (ssize_t)n);
	return fd;
}

static void pump_for(double seconds)
{
	for (double until = now() + seconds; now() < until; usleep(500))
		pump();
}

/* held logins: one that goes on, one that has gone, one that is dropped */
static void test_held(void)
{
	uint8_t pdu[1024];
	int fd;

	begin();
	fault("login-delay", "Delay=60000,PDU=login");
	fd = start_login();
	for (double until = now() + PATIENCE; !held() && now() < until;)
		pump();
	CHECK_EQ(held(), 1);
	CHECK_EQ(fake_calls[FAKE_SESSION_NEW], 0);
	no_faults();
	CHECK_EQ(receive_login(fd, pdu, PATIENCE), 0);
	pump();
	CHECK_EQ(fake_calls[FAKE_CONN_NEW], 1);
	close(fd);

	fault("login-delay", "Delay=60000,PDU=login");
	fd = start_login();
	for (double until = now() + PATIENCE; !held() && now() < until;)
		pump();
	close(fd);
	pump_for(0.1);
	no_faults();
	pump_for(0.1);
	CHECK_EQ(portal_count(), 0);
	CHECK_EQ(fake_calls[FAKE_SESSION_NEW], 1);

	fault("login-delay", "Delay=60000,PDU=login");
	fd = start_login();
	for (double until = now() + PATIENCE; !held() && now() < until;)
		pump();
	end();
	CHECK_EQ(held(), 0);
	no_faults();
	close(fd);
}

/* a response that is withheld: its session goes with the connection */
static void test_withheld(void)
{
	uint8_t pdu[1024];
	int fd;

	begin();
	fault("login-withhold", "Count=1");
	fd = start_login();
	CHECK_EQ(receive(fd, pdu, 1, 0.2), 0);
	CHECK_EQ(fake_calls[FAKE_SESSION_NEW], 1);
	CHECK_EQ(fake_calls[FAKE_SESSION_DEL], 0);
	CHECK_EQ(portal_count(), 1);
	no_faults();
	close(fd);
	pump_for(0.1);
	CHECK_EQ(portal_count(), 0);
	CHECK_EQ(fake_calls[FAKE_SESSION_DEL], 1);
	end();
}

/* nothing of a fault is left for the next response of the connection */
static void test_one_response(void)
{
	uint8_t first[1024], second[1024];
	int fd;

	begin();
	fault("login-duplicate", "Count=1,Stage=security");
	fd = connect_from("127.0.0.1");
	CHECK_EQ(log_in(fd, SEC_TO_OP, TEXT(NORMAL "\0AuthMethod=None")), 0);
	CHECK_EQ(receive_login(fd, first, PATIENCE), 0);
	fault("login-split", "Count=1,Byte=7");
	no_faults();
	CHECK_EQ(log_in(fd, OP_TO_FFP, TEXT("InitialR2T=Yes")), 0);
	CHECK_EQ(receive(fd, second, 1, 0.1), 0);
	pump();
	CHECK_EQ(fake_calls[FAKE_CONN_NEW], 1);
	close(fd);
	end();
}

static void test_garbage(void)
{
	unsigned int seed = 3;
	uint8_t garbage[8192];

	begin();
	for (int round = 0; round < 50; round++) {
		int fd = connect_from("127.0.0.1");

		for (size_t i = 0; i < sizeof(garbage); i++) {
			seed = seed * 1103515245 + 12345;
			garbage[i] = seed >> 16;
		}
		/* half of it begins like a login */
		if (round & 1)
			make_login(garbage, round, (char *)garbage + 4096,
				   512 + round);
		send(fd, garbage, sizeof(garbage), MSG_NOSIGNAL);
		shutdown(fd, SHUT_WR);
		for (int i = 0; i < 20; i++)
			pump();
		close(fd);
		for (int i = 0; i < 20; i++)
			pump();
	}
	CHECK_EQ(portal_count(), 0);
	CHECK_EQ(fake_calls[FAKE_SESSION_NEW], 0);
	end();
}

static void test_one_byte_at_a_time(void)
{
	uint8_t pdu[1024];
	double start;
	size_t len;
	bool closed = false;
	int fd;

	begin();
	conn_set_login_time(1);
	fd = connect_from("127.0.0.1");
	len = make_login(pdu, OP_TO_FFP, TEXT(NORMAL));
	start = now();
	for (size_t i = 0; i < len && !closed; i++) {
		send(fd, pdu + i, 1, MSG_NOSIGNAL);
		closed = is_closed(fd, 0.1);
	}
	CHECK(closed);
	CHECK(now() - start > 0.8);
	close(fd);
	/* who asks one thing after the other gets no more time than others */
	conn_set_login_time(4);
	fd = connect_from("127.0.0.1");
	CHECK_EQ(log_in(fd, OP, TEXT(NORMAL)), 0);
	start = now();
	while (now() - start < 2)
		pump();
	CHECK_EQ(log_in(fd, OP, TEXT("InitialR2T=Yes")), 0);
	CHECK(is_closed(fd, PATIENCE));
	CHECK(now() - start < 6);
	close(fd);
	end();
}

/* a wrong answer costs time, but only who gave it */
static void test_failed_authentication(void)
{
	uint8_t pdu[1024];
	bool quick = false;
	double start;
	size_t len;
	int fd, other;

	begin();
	fake_account(TARGET, ACCOUNT_INCOMING, "alice", "secret-of-12+");
	fake_target("iqn.open");
	/* a machine that stops for a moment makes the other wait, too */
	for (int tries = 5; !quick && tries; tries--) {
		fd = connect_from("127.0.0.1");
		CHECK_EQ(log_in(fd, SEC_TO_OP,
				TEXT(NORMAL "\0AuthMethod=CHAP")),
			 0);
		CHECK_EQ(log_in(fd, SEC_TO_OP, TEXT("CHAP_A=5")), 0);
		len = make_login(pdu, SEC_TO_OP,
				 TEXT("CHAP_N=alice\0CHAP_R=0x00"));
		start = now();
		CHECK_EQ(send(fd, pdu, len, MSG_NOSIGNAL), (ssize_t)len);
		pump();
		other = connect_from("127.0.0.1");
		CHECK_EQ(log_in(other, OP_TO_FFP,
				TEXT("InitiatorName=iqn.i\0"
				     "TargetName=iqn.open")),
			 0);
		quick = now() - start < 0.9;
		CHECK_EQ(receive_login(fd, pdu, PATIENCE), 0x0201);
		CHECK(now() - start > 0.9);
		CHECK(is_closed(fd, PATIENCE));
		close(other);
		close(fd);
	}
	CHECK(quick);
	end();
}

static void log_out(int fd)
{
	struct iscsi_logout_hdr req = {
		.opcode = ISCSI_OP_LOGOUT_REQ | ISCSI_OP_IMMEDIATE,
		.reason = 0x80,
		.itt = htonl(7),
		.cmd_sn = htonl(1),
	};
	struct iscsi_logout_rsp_hdr rsp;

	CHECK_EQ(send(fd, &req, sizeof(req), MSG_NOSIGNAL), sizeof(req));
	CHECK_EQ(receive(fd, (uint8_t *)&rsp, sizeof(rsp), PATIENCE),
		 sizeof(rsp));
	CHECK_EQ(rsp.opcode, ISCSI_OP_LOGOUT_RSP);
	CHECK_EQ(rsp.response, 0);
	CHECK(is_closed(fd, PATIENCE));
}

static void test_discovery(void)
{
	int fd;

	begin();
	fd = connect_from("127.0.0.1");
	CHECK_EQ(log_in(fd, OP_TO_FFP, TEXT(DISCOVERY)), 0);
	log_out(fd);
	close(fd);
	CHECK_EQ(fake_calls[FAKE_CONN_NEW], 0);
	CHECK_EQ(fake_calls[FAKE_SESSION_NEW], 0);
	end();
	CHECK_EQ(fake_calls[FAKE_SESSION_DEL], 0);
}

static void append_crc(uint8_t *to, const uint8_t *data, size_t len)
{
	uint32_t crc = crc32c(data, len);

	for (int i = 0; i < 4; i++)
		to[i] = crc >> (8 * i);
}

/* "123456789" is in every table of CRCs; RFC 3720 B.4 has the zeros */
static void test_crc32c(void)
{
	static const uint8_t zeros[32];

	CHECK_EQ(crc32c("123456789", 9), 0xe3069283);
	CHECK_EQ(crc32c(zeros, sizeof(zeros)), 0x8a9136aa);
	CHECK_EQ(crc32c("", 0), 0);
}

static void test_discovery_with_digests(void)
{
	static const char text[16] = "SendTargets=All";
	uint8_t pdu[256] = { 0 }, crc[4];
	struct iscsi_text_hdr *req = (void *)pdu;
	size_t len;
	int fd;

	begin();
	fd = connect_from("127.0.0.1");
	CHECK_EQ(log_in(fd, OP_TO_FFP,
			TEXT(DISCOVERY "\0HeaderDigest=CRC32C"
				       "\0DataDigest=CRC32C,None")),
		 0);
	req->opcode = ISCSI_OP_TEXT_REQ | ISCSI_OP_IMMEDIATE;
	req->flags = ISCSI_FLAG_FINAL;
	req->itt = htonl(2);
	req->ttt = htonl(ISCSI_RESERVED_TAG);
	iscsi_set_dlength(req, sizeof(text));
	append_crc(pdu + 48, pdu, 48);
	memcpy(pdu + 52, text, sizeof(text));
	append_crc(pdu + 68, pdu + 52, 16);
	CHECK_EQ(send(fd, pdu, 72, MSG_NOSIGNAL), 72);
	CHECK_EQ(receive(fd, pdu, 52, PATIENCE), 52);
	CHECK_EQ(pdu[0], ISCSI_OP_TEXT_RSP);
	append_crc(crc, pdu, 48);
	CHECK(!memcmp(crc, pdu + 48, 4));
	len = iscsi_dlength(pdu);
	len += iscsi_pad(len);
	CHECK_EQ(receive(fd, pdu + 52, len + 4, PATIENCE), len + 4);
	append_crc(crc, pdu + 52, len);
	CHECK(!memcmp(crc, pdu + 52 + len, 4));
	CHECK_STR((char *)pdu + 52, "TargetName=" TARGET);

	/* wrong data: rejected; a wrong header: nobody knows what it was */
	memset(pdu, 0, sizeof(pdu));
	req->opcode = ISCSI_OP_TEXT_REQ | ISCSI_OP_IMMEDIATE;
	req->flags = ISCSI_FLAG_FINAL;
	iscsi_set_dlength(req, sizeof(text));
	append_crc(pdu + 48, pdu, 48);
	CHECK_EQ(send(fd, pdu, 72, MSG_NOSIGNAL), 72);
	CHECK_EQ(receive(fd, pdu, 52 + 52, PATIENCE), 52 + 52);
	CHECK_EQ(pdu[0], ISCSI_OP_REJECT);
	CHECK_EQ(pdu[2], ISCSI_REJECT_DATA_DIGEST);
	memset(pdu, 0, sizeof(pdu));
	CHECK_EQ(send(fd, pdu, 52, MSG_NOSIGNAL), 52);
	CHECK(is_closed(fd, PATIENCE));
	close(fd);
	end();
}

static bool raise_limit(rlim_t want)
{
	struct rlimit rl = { want, want };

	return !setrlimit(RLIMIT_NOFILE, &rl);
}

/* open and say nothing; a legitimate initiator logs in all the same */
static void test_half_open(void)
{
	enum { MANY = 10000, SOURCES = 10 };
	static int fds[MANY];
	char from[32];
	double start;
	int fd, n;

	if (!raise_limit(MANY + PORTAL_CONNS_MAX + 1024)) {
		ktap_skip("cannot have so many descriptors");
		return;
	}
	begin();
	for (n = 0; n < MANY; n++) {
		snprintf(from, sizeof(from), "127.0.0.%d", 2 + n % SOURCES);
		fds[n] = connect_from(from);
		if (fds[n] < 0)
			break;
		pump();
	}
	CHECK_EQ(n, MANY);
	CHECK_EQ(portal_count(), PORTAL_CONNS_MAX);
	start = now();
	fd = connect_from("127.0.0.1");
	CHECK_EQ(log_in(fd, OP_TO_FFP, TEXT(NORMAL)), 0);
	/* it doesn't wait until the others are closed */
	CHECK(now() - start < CONN_LOGIN_S - 3);
	close(fd);
	/* the oldest had to go, the newest wait */
	CHECK(is_closed(fds[0], PATIENCE));
	CHECK(!is_closed(fds[MANY - 1], 0.05));
	while (n--)
		close(fds[n]);
	for (double until = now() + PATIENCE; portal_count() && now() < until;)
		pump();
	CHECK_EQ(portal_count(), 0);
	end();
}

/* one address gets a quarter of the places, and no more */
static void test_one_greedy_address(void)
{
	enum { MANY = PORTAL_CONNS_PER_PEER + 200 };
	static int fds[MANY];
	int n, other;

	begin();
	other = connect_from("127.0.0.7");
	pump();
	for (n = 0; n < MANY; n++) {
		fds[n] = connect_from("127.0.0.2");
		pump();
	}
	CHECK_EQ(portal_count(), PORTAL_CONNS_PER_PEER + 1);
	CHECK(is_closed(fds[0], PATIENCE));
	CHECK(is_closed(fds[199], PATIENCE));
	CHECK(!is_closed(fds[200], 0.05));
	CHECK(!is_closed(other, 0.05));
	while (n--)
		close(fds[n]);
	close(other);
	end();
}

/* more connections than descriptors: it goes on serving */
static void test_no_descriptors(void)
{
	struct rlimit old, rl;
	int fds[64], fd, n, used;

	begin();
	getrlimit(RLIMIT_NOFILE, &old);
	used = dup(0);
	close(used);
	for (n = 0; n < 30; n++)
		fds[n] = connect_from("127.0.0.2");
	/* room for ten of them */
	rl = old;
	rl.rlim_cur = used + 30 + 10;
	CHECK_EQ(setrlimit(RLIMIT_NOFILE, &rl), 0);
	for (int i = 0; i < 10; i++)
		pump();
	CHECK(portal_count() <= 10);
	while (n--)
		close(fds[n]);
	for (int i = 0; i < 10; i++)
		pump();
	fd = connect_from("127.0.0.1");
	CHECK_EQ(log_in(fd, OP_TO_FFP, TEXT(DISCOVERY)), 0);
	close(fd);
	setrlimit(RLIMIT_NOFILE, &old);
	end();
}

static void test_address_taken(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in sin = { .sin_family = AF_INET };
	socklen_t len = sizeof(sin);

	CHECK_EQ(bind(fd, (struct sockaddr *)&sin, sizeof(sin)), 0);
	CHECK_EQ(listen(fd, 1), 0);
	CHECK_EQ(getsockname(fd, (struct sockaddr *)&sin, &len), 0);
	CHECK_EQ(portal_bind(base, NULL, ntohs(sin.sin_port)), -EADDRINUSE);
	CHECK_EQ(portal_bind(base, "127.0.0.1", ntohs(sin.sin_port)),
		 -EADDRINUSE);
	CHECK(portal_bind(base, "192.0.2.77", 0) < 0);
	CHECK(portal_bind(base, "no.such.name.invalid", 0) < 0);
	close(fd);
}

/* Return: exit status of a command, its output in text */
static int run_command(const char *command, char *text, size_t size)
{
	int fds[2], status = -1;
	size_t got = 0;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK))
		return -1;
	pid = fork();
	if (!pid) {
		dup2(fds[1], 1);
		dup2(fds[1], 2);
		execl("/bin/sh", "sh", "-c", command, NULL);
		_exit(127);
	}
	close(fds[1]);
	for (double until = now() + PATIENCE; now() < until;) {
		ssize_t n;

		pump();
		n = read(fds[0], text + got, size - 1 - got);
		if (n > 0)
			got += n;
		if (n < 0 && waitpid(pid, &status, WNOHANG) == pid)
			break;
		if (!n) {
			waitpid(pid, &status, 0);
			break;
		}
		usleep(1000);
	}
	text[got] = '\0';
	close(fds[0]);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_iscsi_ls(void)
{
	char command[128], text[65536];
	char name[64];
	int n = 0;

	if (system("command -v iscsi-ls >/dev/null")) {
		ktap_skip("no iscsi-ls");
		return;
	}
	begin();
	for (int i = 0; i < 500; i++) {
		snprintf(name, sizeof(name), "iqn.2001-04.com.example:t%d", i);
		fake_target(name);
	}
	snprintf(command, sizeof(command), "iscsi-ls iscsi://127.0.0.1:%u",
		 portal_port());
	CHECK_EQ(run_command(command, text, sizeof(text)), 0);
	for (char *p = text; (p = strstr(p, "Target:iqn.2001-04")); p++)
		n++;
	CHECK_EQ(n, 501);
	CHECK(strstr(text, "Target:" TARGET));
	/* with CHAP; a wrong secret lists nothing */
	fake_account("", ACCOUNT_INCOMING, "alice", "secret-of-12");
	snprintf(command, sizeof(command),
		 "iscsi-ls iscsi://alice%%secret-of-12@127.0.0.1:%u",
		 portal_port());
	CHECK_EQ(run_command(command, text, sizeof(text)), 0);
	CHECK(strstr(text, "Target:" TARGET));
	snprintf(command, sizeof(command),
		 "iscsi-ls iscsi://alice%%wrong-wrong-@127.0.0.1:%u",
		 portal_port());
	CHECK(run_command(command, text, sizeof(text)) != 0);
	CHECK(!strstr(text, "Target:"));
	end();
}

int main(void)
{
	FILE *null = fopen("/dev/null", "w");

	signal(SIGPIPE, SIG_IGN);
	log_capture(null);
	base = event_base_new();
	ktap_run(test_crc32c);
	ktap_run(test_handoff);
	ktap_run(test_two_requests);
	ktap_run(test_refused);
	ktap_run(test_cut_off);
	ktap_run(test_held);
	ktap_run(test_withheld);
	ktap_run(test_one_response);
	ktap_run(test_garbage);
	ktap_run(test_one_byte_at_a_time);
	ktap_run(test_failed_authentication);
	ktap_run(test_discovery);
	ktap_run(test_discovery_with_digests);
	ktap_run(test_half_open);
	ktap_run(test_one_greedy_address);
	ktap_run(test_no_descriptors);
	ktap_run(test_address_taken);
	ktap_run(test_iscsi_ls);
	event_base_free(base);
	fake_reset();
	fclose(null);
	return ktap_done();
}
