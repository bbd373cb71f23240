/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The daemon's admin socket in a process of its own, over the fake module:
 * include once in a test program.
 */
#ifndef ADMIN_SERVER_H
#define ADMIN_SERVER_H

#include <event2/event.h>
#include <signal.h>
#include <sys/wait.h>

#include "account.h"
#include "admin.h"
#include "fake_kernel.h"
#include "ietd.h"
#include "ietadm.h"
#include "isns.h"
#include "log.h"
#include "tmpfile.h"

static char server_conf[256], server_socket[256], server_state[256];
static pid_t server_pid;

const char *ietd_config_path(void)
{
	return access(server_conf, F_OK) ? NULL : server_conf;
}

static void server_main(int ready)
{
	struct event_base *base = event_base_new();
	FILE *null = fopen("/dev/null", "w");

	log_capture(null);
	if (isns_init(base) || account_load(1) || admin_listen(base) ||
	    write(ready, "", 1) != 1)
		_exit(1);
	event_base_dispatch(base);
	_exit(1);
}

/* @prepare: fills the server's fake module, or NULL */
static void server_start(void (*prepare)(void))
{
	int ready[2];
	char c;

	snprintf(server_conf, sizeof(server_conf), "%s", tmp_path("conf"));
	snprintf(server_socket, sizeof(server_socket), "%s",
		 tmp_path("run/admin.sock"));
	snprintf(server_state, sizeof(server_state), "%s",
		 tmp_path("run/accounts"));
	account_set_path(server_state);
	admin_set_path(server_socket);
	ietadm_set_path(server_socket);
	if (pipe(ready))
		abort();
	fflush(stdout);
	server_pid = fork();
	if (!server_pid) {
		fake_reset();
		if (prepare)
			prepare();
		server_main(ready[1]);
	}
	close(ready[1]);
	if (server_pid < 0 || read(ready[0], &c, 1) != 1)
		abort();
	close(ready[0]);
}

/* Return: whether it was alive until now */
static bool server_stop(void)
{
	int status;

	kill(server_pid, SIGKILL);
	waitpid(server_pid, &status, 0);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

#endif /* ADMIN_SERVER_H */
