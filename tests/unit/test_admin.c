// SPDX-License-Identifier: GPL-2.0-only
/* The admin socket: its verbs, and what it makes of hostile clients. */
#include "admin_server.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "admin_msg.h"
#include "ktap.h"
#include "spare.h"

static int connect_server(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(addr.sun_path, server_socket);
	if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		abort();
	return fd;
}

/* Return: the answer's strings joined by '|', "" if the server hung up */
static const char *read_answer(int fd)
{
	static char text[ADMIN_MSG_MAX + 1];
	struct admin_msg m = { 0 };
	const char *s;
	size_t pos = 0;
	long want;
	char c;

	text[0] = '\0';
	while ((want = admin_msg_want(&m)) > 0) {
		ssize_t n = read(fd, admin_msg_room(&m, want), want);

		if (n <= 0)
			break;
		m.len += n;
	}
	while (!want && (s = admin_msg_next(&m, &pos))) {
		if (text[0])
			strcat(text, "|");
		strcat(text, s);
	}
	admin_msg_free(&m);
	/* until the server has closed its side, too */
	while (read(fd, &c, 1) > 0)
		;
	close(fd);
	return text;
}

static const char *ask(const char *first, ...)
{
	struct admin_msg m = { 0 };
	int fd = connect_server();
	const char *s = first;
	va_list ap;

	va_start(ap, first);
	for (; s; s = va_arg(ap, const char *))
		admin_msg_add(&m, s);
	va_end(ap);
	if (send(fd, m.data, m.len, MSG_NOSIGNAL) != (ssize_t)m.len)
		abort();
	admin_msg_free(&m);
	return read_answer(fd);
}

static void prepare(void)
{
	fake_target("iqn.a");
	spare_hold();
}

static void test_verbs(void)
{
	CHECK_STR(ask("account-list", "iqn.a", NULL), "0");
	CHECK_STR(ask("account-add", "iqn.a", "incoming", "joe", "pw", NULL),
		  "0");
	CHECK_STR(ask("account-add", "iqn.a", "outgoing", "we", "pw2", NULL),
		  "0");
	CHECK_STR(ask("account-add", "", "incoming", "disc", "pw3", NULL), "0");
	CHECK_STR(ask("account-list", "iqn.a", NULL),
		  "0|incoming joe|outgoing we");
	CHECK_STR(ask("account-list", "", NULL), "0|incoming disc");
	CHECK_STR(ask("account-show", "iqn.a", "incoming", "joe", NULL),
		  "0|pw");
	CHECK_STR(ask("account-show", "iqn.a", "outgoing", "joe", NULL),
		  "2|there is no such account");
	CHECK_STR(ask("account-del", "iqn.a", "incoming", "joe", NULL), "0");
	CHECK_STR(ask("account-del", "iqn.a", "incoming", "joe", NULL),
		  "2|there is no such account");
	CHECK_STR(ask("account-add", "iqn.a", "incoming", "joe", "pw",
		      "10.0.0.0/8", NULL),
		  "0");
	CHECK_STR(ask("account-list", "iqn.a", NULL),
		  "0|outgoing we|incoming joe initiator=10.0.0.0/8");
	CHECK_STR(ask("account-show", "iqn.a", "incoming", "joe", NULL),
		  "0|pw|10.0.0.0/8");
	CHECK_STR(ask("account-add", "iqn.a", "incoming", "joe", "pw", NULL),
		  "0");
	CHECK_STR(ask("account-show", "iqn.a", "incoming", "joe", NULL),
		  "0|pw");
	CHECK_STR(ask("account-add", "iqn.a", "incoming", "joe", "pw", "\\(",
		      NULL),
		  "22|Initiator takes an item as in initiators.allow, and goes "
		  "with IncomingUser");
	CHECK_STR(ask("account-add", "iqn.a", "incoming", "joe", "pw", "",
		      NULL),
		  "22|Initiator takes an item as in initiators.allow, and goes "
		  "with IncomingUser");
	CHECK_STR(ask("account-add", "iqn.a", "outgoing", "we", "pw2", "ALL",
		      NULL),
		  "22|Initiator takes an item as in initiators.allow, and goes "
		  "with IncomingUser");
	CHECK_STR(ask("account-add", "iqn.a", "incoming", "a", "b", "ALL", "x",
		      NULL),
		  "22|wrong number of arguments");
	CHECK_STR(ask("account-add", "iqn.a", "sideways", "a", "b", NULL),
		  "22|neither incoming nor outgoing");
	CHECK_STR(ask("account-add", "iqn.a", "incoming", "", "b", NULL),
		  "22|name and secret must be 1 to 255 bytes long");
	CHECK_STR(ask("account-add", "iqn.a", "incoming", "a", NULL),
		  "22|wrong number of arguments");
	CHECK_STR(ask("status", "now", NULL), "22|wrong number of arguments");
	CHECK_STR(ask("dance", NULL), "95|ietd does not know this request");
	CHECK_STR(ask("", NULL), "95|ietd does not know this request");
	CHECK_STR(ask("a", "b", "c", "d", "e", "f", "g", "h", "i", "j", NULL),
		  "22|too many arguments");
}

static void test_target_gone(void)
{
	CHECK_STR(ask("account-add", "iqn.a", "incoming", "joe", "pw", NULL),
		  "0");
	CHECK_STR(ask("account-add", "iqn.b", "incoming", "joe", "pw", NULL),
		  "0");
	CHECK_STR(ask("target-gone", NULL), "0");
	CHECK_STR(ask("account-list", "iqn.a", NULL),
		  "0|outgoing we|incoming joe");
	CHECK_STR(ask("account-list", "iqn.b", NULL), "0");
	CHECK_STR(ask("account-list", "", NULL), "0|incoming disc");
}

static void test_reload(void)
{
	char want[512];

	CHECK_STR(ask("reload", NULL), "2|there is no configuration file");
	tmp_write("conf", "Target iqn.c\n", 13);
	CHECK_STR(ask("reload", NULL), "0");
	tmp_write("conf", "Target iqn.c\nWthreads 4 5\n", 26);
	snprintf(want, sizeof(want),
		 "0|warning: %s:2: Wthreads: \"5\" after the value is ignored",
		 server_conf);
	CHECK_STR(ask("reload", NULL), want);
	tmp_write("conf", "Gargot iqn.c\n", 13);
	snprintf(want, sizeof(want),
		 "22|%s:1: Gargot: is not a word of this language",
		 server_conf);
	CHECK_STR(ask("reload", NULL), want);
	tmp_write("conf", "Target iqn.c\nLun 0 Path=/none\n", 30);
	snprintf(want, sizeof(want), "5|%s:2: /none: No such file or directory",
		 server_conf);
	CHECK_STR(ask("reload", NULL), want);
}

static void test_restart(void)
{
	CHECK(server_stop());
	server_start(prepare);
	CHECK_STR(ask("account-show", "iqn.a", "incoming", "joe", NULL),
		  "0|pw");
	CHECK_STR(ask("account-list", "", NULL), "0|incoming disc");
}

static void test_permissions(void)
{
	struct stat st;

	CHECK(!stat(server_socket, &st));
	CHECK_EQ(st.st_mode & 07777, 0600);
	CHECK(!stat(tmp_path("run"), &st));
	CHECK_EQ(st.st_mode & 07777, 0700);
}

static bool hangs_up(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char c;
	bool ret = poll(&p, 1, 5000) == 1 && read(fd, &c, 1) <= 0;

	close(fd);
	return ret;
}

/* each of these ends in silence, and the next client is served */
static void test_hostile(void)
{
	static const struct {
		const char *desc;
		const char *bytes;
		size_t len;
		bool more; /* the server waits for more, and gets none */
	} rows[] = {
		{ "nothing", "", 0, true },
		{ "half a length", "\x01", 1, true },
		{ "length 0", "\0\0\0\0", 4, false },
		{ "length 4 GiB", "\xff\xff\xff\xff", 4, false },
		{ "length 64 KiB + 1", "\x01\0\x01\0", 4, false },
		{ "no end", "\x03\0\0\0abc", 7, false },
		{ "too few bytes", "\x08\0\0\0abc", 7, true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int fd = connect_server();
		bool before = ktap_ok;

		CHECK_EQ(send(fd, rows[i].bytes, rows[i].len, MSG_NOSIGNAL),
			 rows[i].len);
		if (rows[i].more)
			shutdown(fd, SHUT_WR);
		CHECK(hangs_up(fd));
		CHECK_STR(ask("account-list", "iqn.x", NULL), "0");
		CHECK_ROW(rows[i].desc, before);
	}
}

static void test_largest(void)
{
	static char big[ADMIN_MSG_MAX];
	struct admin_msg m = { 0 };
	int fd = connect_server();

	memset(big, 'x', sizeof(big) - 1);
	CHECK_EQ(admin_msg_add(&m, big), 0);
	CHECK_EQ(m.len, ADMIN_MSG_HEAD + ADMIN_MSG_MAX);
	CHECK_EQ(admin_msg_add(&m, ""), -EMSGSIZE);
	CHECK_EQ(send(fd, m.data, m.len, MSG_NOSIGNAL), m.len);
	CHECK_STR(read_answer(fd), "95|ietd does not know this request");
	admin_msg_free(&m);
}

/* byte by byte is slow, not wrong */
static void test_pieces(void)
{
	static const char bytes[] = "\x07\0\0\0status";
	int fd = connect_server();

	for (size_t i = 0; i < sizeof(bytes); i++)
		CHECK_EQ(send(fd, bytes + i, 1, MSG_NOSIGNAL), 1);
	CHECK(!strncmp(read_answer(fd), "0|version ", 10));
}

/* those who say nothing are many, but not too many to serve another later */
static void test_silent_clients(void)
{
	int fds[40];

	for (int i = 0; i < 40; i++)
		fds[i] = connect_server();
	for (int i = 0; i < 40; i++)
		close(fds[i]);
	CHECK_STR(ask("account-list", "iqn.x", NULL), "0");
}

/* the first number that the server has no descriptor of */
static rlim_t unused_descriptor(void)
{
	char path[64];
	rlim_t n = 0;

	do
		snprintf(path, sizeof(path), "/proc/%d/fd/%u", server_pid,
			 (unsigned int)n++);
	while (!faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW));
	return n - 1;
}

/* a client that can't be served does not wait, and nobody runs in circles */
static void test_no_descriptors(void)
{
	struct rlimit old, few;

	CHECK(!prlimit(server_pid, RLIMIT_NOFILE, NULL, &old));
	few = old;
	few.rlim_cur = unused_descriptor();
	CHECK(!prlimit(server_pid, RLIMIT_NOFILE, &few, NULL));
	CHECK(hangs_up(connect_server()));
	CHECK(hangs_up(connect_server()));
	CHECK(!prlimit(server_pid, RLIMIT_NOFILE, &old, NULL));
	CHECK_STR(ask("account-list", "iqn.x", NULL), "0");
}

/* the answer of a reload comes when nobody waits for it any more */
static void test_gone_client(void)
{
	static const char bytes[] = "\x07\0\0\0reload";

	tmp_write("conf", "Target iqn.c\nLun 0 Path=/etc/passwd\n", 36);
	for (int i = 0; i < 20; i++) {
		int fd = connect_server();

		CHECK_EQ(send(fd, bytes, sizeof(bytes), MSG_NOSIGNAL),
			 sizeof(bytes));
		close(fd);
	}
	CHECK_STR(ask("account-list", "iqn.x", NULL), "0");
}

int main(void)
{
	server_start(prepare);
	ktap_run(test_verbs);
	ktap_run(test_target_gone);
	ktap_run(test_reload);
	ktap_run(test_restart);
	ktap_run(test_permissions);
	ktap_run(test_hostile);
	ktap_run(test_largest);
	ktap_run(test_pieces);
	ktap_run(test_silent_clients);
	ktap_run(test_no_descriptors);
	ktap_run(test_gone_client);
	if (!server_stop()) {
		printf("# the server died\n");
		return 1;
	}
	return ktap_done();
}
