// SPDX-License-Identifier: GPL-2.0-only
/*
 * The iSNS client against a server on the loopback interface that forgets,
 * refuses, is silent, lies or is not there.
 */
#define _GNU_SOURCE

#include <dlfcn.h>
#include <netdb.h>
#include <poll.h>
#include <time.h>

#include "acl.h"
#include "fake_account.h"
#include "fake_kernel.h"
#include "isns.h"
#include "isns_node.h"
#include "isns_server.h"
#include "ktap.h"
#include "log.h"
#include "login_client.h"
#include "portal.h"

#define A "iqn.2001-04.com.example:a"
#define B "iqn.2001-04.com.example:b"
#define JOE "iqn.1993-08.org.debian:01:joe"
#define ANN "iqn.1993-08.org.debian:01:ann"

static struct event_base *base;
static struct isns_server server;
static bool left;

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/* seconds for what takes a moment, on a machine that may be busy */
#define PATIENCE 30

/* turns of the event loop until @cond, for @seconds at most */
#define WAIT(cond, seconds)                                     \
	({                                                      \
		double end_ = now() + (seconds);                \
		bool is_ = (cond);                              \
                                                                \
		while (!is_ && now() < end_) {                  \
			event_base_loop(base, EVLOOP_NONBLOCK); \
			poll(NULL, 0, 2);                       \
			is_ = (cond);                           \
		}                                               \
		is_;                                            \
	})

/* for things that must not happen */
static void idle(double seconds)
{
	WAIT(false, seconds);
}

static void configure(bool access)
{
	char text[64];

	snprintf(text, sizeof(text), "127.0.0.1:%u", server.port);
	CHECK_EQ(isns_configure(text, access), 0);
}

static void begin(void)
{
	base = event_base_new();
	fake_reset();
	fake_target(A);
	fake_target(B);
	memset(&server, 0, sizeof(server));
	server_up(&server, base);
	/* nothing listens, so nobody comes: only the addresses count */
	CHECK_EQ(portal_bind(base, "127.0.0.1", 0), 0);
	CHECK_EQ(isns_init(base), 0);
	left = false;
}

/* a name with two addresses, to the first of which there is no route */
#define TWO "two.example"

int getaddrinfo(const char *host, const char *port,
		const struct addrinfo *hints, struct addrinfo **list)
{
	int (*real)(const char *, const char *, const struct addrinfo *,
		    struct addrinfo **) = dlsym(RTLD_NEXT, "getaddrinfo");
	int err;

	if (!host || strcmp(host, TWO))
		return real(host, port, hints, list);
	err = real("255.255.255.255", port, hints, list);
	return err ? err : real("127.0.0.1", port, hints, &(*list)->ai_next);
}

static void end(void)
{
	isns_exit();
	portal_close();
	server_down(&server);
	event_base_free(base);
}

static void set_left(void *arg)
{
	(void)arg;
	left = true;
}

static void delete_target(const char *name)
{
	CHECK_EQ(kernel->target_del(fake_find_target(name)->tid, true), 0);
	isns_targets_changed();
}

/* --- registration -------------------------------------------------------- */

static void test_register(void)
{
	char status[128];

	begin();
	configure(false);
	CHECK(WAIT(server.nr_scn == 2, PATIENCE));
	CHECK(server_find(&server, A) >= 0);
	CHECK(server_find(&server, B) >= 0);
	CHECK_EQ(server.replaced, 1);
	CHECK_EQ(server.nr_portals, 1);
	CHECK_EQ(server.nr_groups, 2);
	CHECK(server.notice_port);
	CHECK_EQ(server.esi_port, server.notice_port);
	CHECK(!strncmp(server.eid, "iet.", 4));
	isns_status(status, sizeof(status));
	CHECK(strstr(status, " there 2"));
	/* without access control it asks for no initiators */
	CHECK_EQ(server.nr[ISNS_DEV_ATTR_QRY], 0);
	CHECK_EQ(isns_access(A, JOE), ISNS_ALLOWED);
	/* the same again changes nothing */
	configure(false);
	idle(0.2);
	CHECK_EQ(server.nr[ISNS_DEV_ATTR_REG], 2);
	end();
}

static void test_targets_change(void)
{
	begin();
	configure(false);
	CHECK(WAIT(server.nr_scn == 2, PATIENCE));
	fake_target("iqn.c");
	isns_targets_changed();
	CHECK(WAIT(server_find(&server, "iqn.c") >= 0, PATIENCE));
	delete_target(A);
	CHECK(WAIT(server_find(&server, A) < 0, PATIENCE));
	CHECK_EQ(server.nr_names, 2);
	/* gone and there again at once: nothing is left behind */
	delete_target(B);
	fake_target(B);
	idle(0.2);
	CHECK(server_find(&server, B) >= 0);
	snprintf(fake_find_target(B)->alias, IET_ALIAS_LEN, "new");
	server.nr[ISNS_DEV_ATTR_REG] = 0;
	isns_targets_changed();
	CHECK(WAIT(server.nr[ISNS_DEV_ATTR_REG], PATIENCE));
	/* with the last target the entity goes; with a new one it comes */
	delete_target(B);
	delete_target("iqn.c");
	CHECK(WAIT(!server.eid[0], PATIENCE));
	fake_target(A);
	isns_targets_changed();
	CHECK(WAIT(server.eid[0] && server.nr_names == 1, PATIENCE));
	CHECK_EQ(server.replaced, 2);
	end();
}

static void test_many_targets(void)
{
	char name[64];

	begin();
	for (int i = 0; i < SERVER_NAMES - 2; i++) {
		snprintf(name, sizeof(name), "iqn.many:%d", i);
		fake_target(name);
	}
	configure(true);
	CHECK(WAIT(server.nr_names == SERVER_NAMES &&
			   isns_access(name, JOE) == ISNS_FORBIDDEN,
		   PATIENCE));
	end();
}

static void test_do_without(void)
{
	static const uint32_t refused[] = { ISNS_ESI_NOT_AVAILABLE,
					    ISNS_FEATURE_NOT_SUPPORTED };

	for (int i = 0; i < 2; i++) {
		begin();
		server.refuse = refused[i];
		configure(false);
		CHECK(WAIT(server.nr_names == 2, PATIENCE));
		CHECK_EQ(!server.esi_port, i == 0);
		CHECK_EQ(!server.nr_groups, i == 1);
		CHECK(server.notice_port);
		end();
	}
	/* one that wants nothing is not asked again and again */
	begin();
	server.refuse = ISNS_INVALID_REGISTRATION;
	configure(true);
	CHECK(WAIT(server.nr[ISNS_DEV_ATTR_REG] == 2, PATIENCE));
	idle(0.5);
	CHECK_EQ(server.nr[ISNS_DEV_ATTR_REG], 2);
	CHECK_EQ(isns_access(A, JOE), ISNS_UNKNOWN);
	end();
}

/* --- the end ------------------------------------------------------------- */

static void test_leave(void)
{
	begin();
	CHECK(!isns_leave(set_left, NULL));
	configure(false);
	CHECK(WAIT(server.nr_scn == 2, PATIENCE));
	CHECK(isns_leave(set_left, NULL));
	CHECK(WAIT(left, PATIENCE));
	CHECK(!server.eid[0]);
	/* and it stays so */
	isns_targets_changed();
	CHECK(!isns_leave(set_left, NULL));
	end();
}

static void test_leave_mute(void)
{
	double begun;

	begin();
	configure(false);
	CHECK(WAIT(server.nr_scn == 2, PATIENCE));
	server.mute = true;
	begun = now();
	CHECK(isns_leave(set_left, NULL));
	CHECK(WAIT(left, PATIENCE));
	CHECK(now() - begun < ISNS_LEAVE_S + PATIENCE / 2);
	end();
	/* nor is a server waited for that is not there */
	begin();
	configure(false);
	CHECK(WAIT(server.nr_scn == 2, PATIENCE));
	server_down(&server);
	idle(0.1);
	if (isns_leave(set_left, NULL))
		CHECK(WAIT(left, PATIENCE));
	end();
}

static void test_other_server(void)
{
	struct isns_server other = { 0 };
	char text[64];

	begin();
	server_up(&other, base);
	configure(false);
	CHECK(WAIT(server.nr_scn == 2, PATIENCE));
	snprintf(text, sizeof(text), "localhost:%u", other.port);
	CHECK_EQ(isns_configure(text, false), 0);
	CHECK(WAIT(other.nr_scn == 2, PATIENCE));
	CHECK(!server.eid[0]);
	/* twice while the first change is under way: the last one counts */
	configure(false);
	CHECK_EQ(isns_configure("", false), 0);
	CHECK(WAIT(!other.eid[0], PATIENCE));
	idle(0.2);
	CHECK(!server.eid[0]);
	CHECK_EQ(isns_configure("[::1", false), -EINVAL);
	server_down(&other);
	end();
}

/* --- a server that is away ----------------------------------------------- */

static void test_away(void)
{
	static const char *const shown[] = { JOE, NULL };

	begin();
	server.shown = shown;
	server_down(&server);
	configure(true);
	idle(0.3);
	CHECK_EQ(isns_access(A, JOE), ISNS_UNKNOWN);
	server_up(&server, base);
	CHECK(WAIT(isns_access(A, JOE) == ISNS_ALLOWED, PATIENCE));
	CHECK_EQ(isns_access(A, ANN), ISNS_FORBIDDEN);
	/* what it has said counts while it is away */
	server_down(&server);
	idle(0.3);
	CHECK_EQ(isns_access(A, JOE), ISNS_ALLOWED);
	CHECK_EQ(isns_access(A, ANN), ISNS_FORBIDDEN);
	/* and it may come back with nothing */
	server_forget(&server);
	server_up(&server, base);
	CHECK(WAIT(server.nr_names == 2, PATIENCE));
	CHECK_EQ(isns_access(A, JOE), ISNS_ALLOWED);
	end();
}

static void test_drops(void)
{
	begin();
	configure(false);
	CHECK(WAIT(server.nr_scn == 2, PATIENCE));
	/* it has closed the connection, but forgotten nothing */
	server_drop(&server);
	CHECK(WAIT(server.nr[ISNS_DEV_ATTR_QRY] == 1, PATIENCE));
	idle(0.1);
	CHECK_EQ(server.nr[ISNS_DEV_ATTR_REG], 2);
	end();
}

static void test_next_address(void)
{
	char text[64];

	begin();
	snprintf(text, sizeof(text), TWO ":%u", server.port);
	CHECK_EQ(isns_configure(text, false), 0);
	CHECK(WAIT(server.nr_scn == 2, PATIENCE));
	end();
}

/* --- access control ------------------------------------------------------ */

static void test_access(void)
{
	static const char *const shown[] = { JOE, "iqn.other", NULL };
	static const char *const none[] = { NULL };

	begin();
	server.shown = shown;
	server.both = "iqn.Both";
	configure(true);
	CHECK_EQ(isns_access(A, JOE), ISNS_UNKNOWN);
	CHECK(WAIT(isns_access(A, JOE) == ISNS_ALLOWED, PATIENCE));
	CHECK(WAIT(isns_access(B, JOE) == ISNS_ALLOWED, PATIENCE));
	CHECK_EQ(isns_access(A, "IQN.other"), ISNS_ALLOWED);
	CHECK_EQ(isns_access(A, "iqn.both"), ISNS_ALLOWED);
	CHECK_EQ(isns_access(A, ANN), ISNS_FORBIDDEN);
	CHECK_EQ(isns_access(A, ""), ISNS_FORBIDDEN);
	CHECK_EQ(isns_access("iqn.nothing", JOE), ISNS_UNKNOWN);
	configure(false);
	CHECK_EQ(isns_access(A, ANN), ISNS_ALLOWED);
	server.shown = none;
	configure(true);
	CHECK(WAIT(isns_access(A, JOE) == ISNS_FORBIDDEN, PATIENCE));
	end();
}

static void test_long_answer(void)
{
	enum { NR = 3000 };
	static char names[NR][64];
	static const char *shown[NR + 1];

	begin();
	for (int i = 0; i < NR; i++) {
		/* not in order */
		snprintf(names[i], sizeof(names[i]), "iqn.i:%d", i * 1231 % NR);
		shown[i] = names[i];
	}
	server.shown = shown;
	server.cut = 4096;
	configure(true);
	CHECK(WAIT(isns_access(A, "iqn.i:2999") == ISNS_ALLOWED, PATIENCE));
	for (int i = 0; i < NR; i++)
		if (isns_access(A, names[i]) != ISNS_ALLOWED)
			CHECK_STR(names[i], "allowed");
	CHECK_EQ(isns_access(A, "iqn.i:3000"), ISNS_FORBIDDEN);
	end();
}

static int login(const char *keys, size_t len)
{
	client_begin();
	return client_send(OP_TO_FFP, keys, len);
}

static void test_login(void)
{
	static const char *const shown[] = { JOE, NULL };
	static const char joe[] = "InitiatorName=" JOE "\0TargetName=" A;
	static const char ann[] = "InitiatorName=" ANN "\0TargetName=" A;

	begin();
	fake_account_reset();
	login_limits(&fake_info);
	acl_init("/nonexistent", "/nonexistent");
	server.shown = shown;
	configure(true);
	/* they try again after this one */
	CHECK_EQ(login(joe, sizeof(joe)), ISCSI_LOGIN_SERVICE_UNAVAILABLE);
	CHECK(WAIT(isns_access(A, JOE) == ISNS_ALLOWED, PATIENCE));
	CHECK_EQ(login(joe, sizeof(joe)), ISCSI_LOGIN_SUCCESS);
	CHECK_EQ(login(ann, sizeof(ann)), ISCSI_LOGIN_FORBIDDEN);
	/* without a server there is nobody to ask */
	CHECK_EQ(isns_configure("", false), 0);
	CHECK_EQ(login(ann, sizeof(ann)), ISCSI_LOGIN_SUCCESS);
	login_free(&client_login);
	end();
}

/* --- notices ------------------------------------------------------------- */

static int notify_from(const char *from, uint16_t port)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	inet_pton(AF_INET, from, &in.sin_addr);
	if (bind(fd, (struct sockaddr *)&in, sizeof(in)))
		abort();
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	in.sin_port = htons(port);
	connect(fd, (struct sockaddr *)&in, sizeof(in));
	return fd;
}

/* Return: the status that comes back, or -1: it is closed or silent */
static int tell(int fd, uint16_t function, const struct isns_buf *buf)
{
	struct isns_hdr hdr = { function, buf->len,
				ISNS_FLAG_SERVER | ISNS_FLAG_FIRST |
					ISNS_FLAG_LAST,
				77, 0 };
	uint8_t bytes[1024];
	ssize_t n = -1;

	isns_hdr_write(&hdr, bytes);
	memcpy(bytes + ISNS_HDR_LEN, buf->data, buf->len);
	idle(0.05);
	if (send(fd, bytes, ISNS_HDR_LEN + buf->len, MSG_NOSIGNAL) < 0)
		return -1;
	WAIT((n = recv(fd, bytes, sizeof(bytes), 0)) >= 0 || errno != EAGAIN,
	     10);
	if (n < ISNS_HDR_LEN + 4 || isns_hdr_read(bytes, &hdr) ||
	    hdr.function != (function | ISNS_RESPONSE) || hdr.xid != 77)
		return -1;
	return bytes[ISNS_HDR_LEN + 3];
}

static void put_change(struct isns_buf *buf, const char *target,
		       const char *about, uint32_t bitmap)
{
	isns_buf_free(buf);
	isns_put_string(buf, ISNS_TAG_NAME, target);
	isns_put_u32(buf, ISNS_TAG_SCN_BITMAP, bitmap);
	isns_put_string(buf, ISNS_TAG_NAME, about);
}

static void put_inquiry(struct isns_buf *buf, const char *eid)
{
	isns_buf_free(buf);
	isns_put_string(buf, ISNS_TAG_EID, eid);
}

static void test_notices(void)
{
	static const char *const shown[] = { JOE, NULL };
	struct isns_buf buf = { 0 };
	int fd;

	begin();
	configure(true);
	CHECK(WAIT(server.nr_scn == 2 && isns_access(B, JOE) == ISNS_FORBIDDEN,
		   PATIENCE));
	fd = notify_from("127.0.0.1", server.notice_port);
	put_inquiry(&buf, server.eid);
	CHECK_EQ(tell(fd, ISNS_ESI, &buf), 0);
	put_inquiry(&buf, "iet.other");
	CHECK_EQ(tell(fd, ISNS_ESI, &buf), ISNS_NO_SUCH_ENTRY);
	/* it asks what has changed */
	server.shown = shown;
	put_change(&buf, A, JOE, ISNS_SCN_ADDED);
	CHECK_EQ(tell(fd, ISNS_SCN, &buf), 0);
	CHECK(WAIT(isns_access(A, JOE) == ISNS_ALLOWED, PATIENCE));
	CHECK_EQ(isns_access(B, JOE), ISNS_FORBIDDEN);
	/* no target is taken out, whatever it says */
	put_change(&buf, A, B, ISNS_SCN_REMOVED);
	CHECK_EQ(tell(fd, ISNS_SCN, &buf), 0);
	idle(0.2);
	CHECK_EQ(server.replaced, 1);
	/* somebody has taken it out: all is registered anew */
	server_del(&server, B);
	put_change(&buf, A, B, ISNS_SCN_REMOVED);
	CHECK_EQ(tell(fd, ISNS_SCN, &buf), 0);
	CHECK(WAIT(server_find(&server, B) >= 0, PATIENCE));
	CHECK_EQ(server.replaced, 2);
	/* after nonsense the connection ends, and others go on */
	CHECK_EQ(send(fd, "0123456789abcdef", 16, MSG_NOSIGNAL), 16);
	CHECK_EQ(tell(fd, ISNS_ESI, &buf), -1);
	close(fd);
	/* nobody but the server may say something */
	fd = notify_from("127.0.0.2", server.notice_port);
	put_inquiry(&buf, server.eid);
	CHECK_EQ(tell(fd, ISNS_ESI, &buf), -1);
	close(fd);
	isns_buf_free(&buf);
	end();
}

static void test_notice_on_link(void)
{
	struct isns_hdr hdr = { .function = ISNS_ESI,
				.xid = 1,
				.flags = ISNS_FLAG_FIRST | ISNS_FLAG_LAST };
	struct isns_buf buf = { 0 };
	uint8_t bytes[ISNS_HDR_LEN];

	begin();
	configure(false);
	CHECK(WAIT(server.nr_scn == 2, PATIENCE));
	put_inquiry(&buf, server.eid);
	hdr.length = buf.len;
	isns_hdr_write(&hdr, bytes);
	bufferevent_write(server.conn, bytes, sizeof(bytes));
	bufferevent_write(server.conn, buf.data, buf.len);
	CHECK(WAIT(server.nr[ISNS_ESI], PATIENCE));
	isns_buf_free(&buf);
	end();
}

/* --- a server that lies -------------------------------------------------- */

#define HDR(len) "\0\1\x80\2\0" len "\x4c\0\0\5\0\0"

static const struct {
	const char *what;
	const char *bytes;
	size_t len;
} lies[] = {
#define LIE(s) (s), sizeof(s) - 1
	{ "not iSNS", LIE("HTTP/1.1 400 Bad Request\r\n\r\n") },
	{ "signed", LIE("\0\1\x80\2\0\4\x6c\0\0\5\0\0\0\0\0\0") },
	{ "no status", LIE(HDR("\0")) },
	{ "attribute cut off", LIE(HDR("\x10") "\0\0\0\0"
					       "\0\0\0\0\0\0\0\0"
					       "\0\0\0\x20") },
	{ "length beyond", LIE(HDR("\x14") "\0\0\0\0"
					   "\0\0\0\0\0\0\0\0"
					   "\0\0\0\x20\xff\xff\xff\xfc") },
	{ "name without end", LIE(HDR("\x18") "\0\0\0\0"
					      "\0\0\0\0\0\0\0\0"
					      "\0\0\0\x20\0\0\0\4abcd") },
	{ "middle without beginning",
	  LIE("\0\1\x80\2\0\4\x40\0\0\5\0\1\0\0\0\0") },
};

static void test_lies(void)
{
	static const char *const shown[] = { JOE, NULL };

	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		bool before = ktap_ok;
		struct isns_node *n;

		begin();
		/* the first query is request 5: register, add, 2 of SCN */
		server.raw = lies[i].bytes;
		server.raw_len = lies[i].len;
		server.shown = shown;
		configure(true);
		CHECK(WAIT(server.nr[ISNS_DEV_ATTR_QRY], PATIENCE));
		CHECK(WAIT(!server.conn, PATIENCE));
		n = isns_node_find(A);
		CHECK(n && !n->known && !n->found.nr);
		/* the connection has ended, and a good one follows */
		server.raw = NULL;
		CHECK(WAIT(isns_access(A, JOE) == ISNS_ALLOWED, PATIENCE));
		end();
		CHECK_ROW(lies[i].what, before);
	}
}

int main(void)
{
	FILE *null = fopen("/dev/null", "w");

	log_capture(null);
	ktap_run(test_register);
	ktap_run(test_targets_change);
	ktap_run(test_many_targets);
	ktap_run(test_do_without);
	ktap_run(test_leave);
	ktap_run(test_leave_mute);
	ktap_run(test_other_server);
	ktap_run(test_away);
	ktap_run(test_drops);
	ktap_run(test_next_address);
	ktap_run(test_access);
	ktap_run(test_long_answer);
	ktap_run(test_login);
	ktap_run(test_notices);
	ktap_run(test_notice_on_link);
	ktap_run(test_lies);
	fclose(null);
	return ktap_done();
}
