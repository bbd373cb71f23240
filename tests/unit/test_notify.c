// SPDX-License-Identifier: GPL-2.0-only
/* Messages to the service manager, by path and by abstract name */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "ktap.h"
#include "notify.h"

static int manager(const char *name)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	memcpy(sun.sun_path, name, strlen(name));
	if (name[0] == '@')
		sun.sun_path[0] = '\0';
	CHECK_EQ(bind(fd, (struct sockaddr *)&sun,
		      offsetof(struct sockaddr_un, sun_path) + strlen(name)),
		 0);
	setenv("NOTIFY_SOCKET", name, 1);
	return fd;
}

static const char *heard(int fd)
{
	static char text[256];
	ssize_t n = recv(fd, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void test_names(void)
{
	char dir[] = "/tmp/test_notify.XXXXXX", name[64];
	int fd;

	CHECK(mkdtemp(dir));
	snprintf(name, sizeof(name), "%s/socket", dir);
	fd = manager(name);
	CHECK_EQ(notify("READY=1"), 0);
	CHECK_STR(heard(fd), "READY=1");
	close(fd);
	CHECK_EQ(notify("READY=1"), -ECONNREFUSED);
	unlink(name);
	rmdir(dir);
	CHECK_EQ(notify("READY=1"), -ENOENT);

	snprintf(name, sizeof(name), "@test_notify.%d", getpid());
	fd = manager(name);
	CHECK_EQ(notify("STOPPING=1"), 0);
	CHECK_STR(heard(fd), "STOPPING=1");
	notify_reloading();
	CHECK(strstr(heard(fd), "RELOADING=1\nMONOTONIC_USEC="));
	close(fd);
}

static void test_nobody(void)
{
	char name[200];

	unsetenv("NOTIFY_SOCKET");
	CHECK_EQ(notify("READY=1"), 0);
	setenv("NOTIFY_SOCKET", "", 1);
	CHECK_EQ(notify("READY=1"), 0);
	setenv("NOTIFY_SOCKET", "relative", 1);
	CHECK_EQ(notify("READY=1"), -EINVAL);
	memset(name, '/', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	setenv("NOTIFY_SOCKET", name, 1);
	CHECK_EQ(notify("READY=1"), -EINVAL);
}

int main(void)
{
	ktap_run(test_names);
	ktap_run(test_nobody);
	return ktap_done();
}
