// SPDX-License-Identifier: GPL-2.0-only
#include "spare.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "log.h"

static int spare_fd = -1;

void spare_hold(void)
{
	if (spare_fd < 0)
		spare_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

void spare_drop(void)
{
	if (spare_fd >= 0)
		close(spare_fd);
	spare_fd = -1;
}

bool spare_missing(int err)
{
	return err == EMFILE || err == ENFILE;
}

void spare_refuse(int listener)
{
	int fd;

	log_warning("no descriptor for a connection: %s", strerror(EMFILE));
	spare_drop();
	fd = accept(listener, NULL, NULL);
	if (fd >= 0)
		close(fd);
	spare_hold();
}
