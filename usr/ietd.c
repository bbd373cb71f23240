// SPDX-License-Identifier: GPL-2.0-only
/*
 * The iSCSI target daemon: it listens, lets initiators log in and hands
 * their connections over to the module, and makes the module be what
 * ietd.conf says.  It owns nothing that a session needs: it may end, and be
 * started again, while sessions go on.
 */
#include "ietd.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "account.h"
#include "admin.h"
#include "apply.h"
#include "config_check.h"
#include "daemon.h"
#include "iet_state.h"
#include "isns.h"
#include "kernel.h"
#include "log.h"
#include "login.h"
#include "login_fault.h"
#include "notify.h"
#include "portal.h"
#include "state.h"

/* a reload that came while another was under way */
#define RELOAD_AGAIN_MS 100

static struct event_base *base;
static struct event *reload_event;
static bool ending;

/* --- signals ------------------------------------------------------------- */

static void reload_done(int result, const struct report *r, void *arg)
{
	(void)r;
	(void)arg;
	if (!result)
		log_info("configuration applied");
	notify("READY=1");
}

static void on_reload(evutil_socket_t sig, short what, void *arg)
{
	const struct timeval soon = { .tv_usec = RELOAD_AGAIN_MS * 1000 };
	const char *path = ietd_config_path();
	int err;

	(void)sig;
	(void)what;
	(void)arg;
	if (!path) {
		log_info("there is no configuration file to read again");
		return;
	}
	notify_reloading();
	err = apply_start(base, path, reload_done, NULL);
	if (err == -EBUSY) {
		/* the file may have changed since that one has read it */
		event_add(reload_event, &soon);
	} else if (err) {
		log_error("cannot read %s again: %s", path, strerror(-err));
		notify("READY=1");
	}
}

static void end_loop(void *arg)
{
	(void)arg;
	event_base_loopbreak(base);
}

static void on_stop(evutil_socket_t sig, short what, void *arg)
{
	bool again = ending;

	(void)what;
	ending = true;
	log_info("%s: the daemon ends, sessions go on", strsignal(sig));
	notify("STOPPING=1");
	/* who cannot log in should not be told to; but not at any price */
	if (again || !isns_leave(end_loop, arg))
		end_loop(arg);
}

static const struct {
	int sig;
	event_callback_fn fn;
} signals[] = {
	{ SIGHUP, on_reload },
	{ SIGTERM, on_stop },
	{ SIGINT, on_stop },
};

#define NR_SIGNALS (sizeof(signals) / sizeof(signals[0]))

static struct event *signal_events[NR_SIGNALS];

static int catch_signals(void)
{
	signal(SIGPIPE, SIG_IGN);
	reload_event = evtimer_new(base, on_reload, NULL);
	if (!reload_event)
		return -ENOMEM;
	for (size_t i = 0; i < NR_SIGNALS; i++) {
		signal_events[i] =
			evsignal_new(base, signals[i].sig, signals[i].fn, NULL);
		if (!signal_events[i] || event_add(signal_events[i], NULL))
			return -ENOMEM;
	}
	return 0;
}

static void forget_signals(void)
{
	for (size_t i = 0; i < NR_SIGNALS; i++)
		if (signal_events[i])
			event_free(signal_events[i]);
	if (reload_event)
		event_free(reload_event);
}

/* --- start --------------------------------------------------------------- */

/* Return: the descriptor of the claim, or a negative errno */
static int open_module(struct kernel_info *info)
{
	int err = kernel_open();
	int fd;

	if (!err)
		err = kernel->info_get(info);
	if (err) {
		log_error("%s", kernel_error());
		return err;
	}
	fd = kernel_claim();
	if (fd < 0)
		log_error("%s", kernel_error());
	return fd;
}

/* what does not work of a good file keeps the rest from nothing */
static int configure(void)
{
	const char *path = ietd_config_path();
	int err;

	if (!path) {
		log_info("there is no %s: configure through ietadm",
			 IETD_CONFIG);
		return 0;
	}
	err = apply_file(path);
	if (err < 0)
		log_error("%s was not applied", path);
	return err < 0 ? err : 0;
}

static int start(const struct kernel_info *info)
{
	int err;

	login_limits(info);
	err = catch_signals();
	if (err)
		return err;
	/* without them, targets that they protect would be open to all */
	err = account_load(info->instance);
	if (err)
		return err;
	login_fault_load(info->instance);
	/* a port that is taken must not be found out when all is changed */
	err = portal_bind(base, options.address, options.port);
	if (!err)
		err = isns_init(base);
	if (!err)
		err = configure();
	if (!err)
		err = admin_listen(base);
	if (!err) {
		daemon_write_pid(IETD_PIDFILE);
		err = portal_listen();
	}
	return err;
}

static void stop(void)
{
	portal_close();
	if (login_faults_any())
		login_fault_save();
	admin_close();
	isns_exit();
	forget_signals();
	unlink(IETD_PIDFILE);
}

static int run(void)
{
	struct kernel_info info = { 0 };
	int claim, err;

	base = event_base_new();
	if (!base)
		return -ENOMEM;
	claim = open_module(&info);
	if (claim < 0) {
		event_base_free(base);
		return claim;
	}
	err = start(&info);
	if (!err) {
		log_info("ready, listening on port %u", portal_port());
		daemon_ready();
		notify("READY=1");
		event_base_dispatch(base);
	}
	stop();
	event_base_free(base);
	close(claim);
	kernel_close();
	return err;
}

/* for the administrator's terminal, before a reload */
static int check(void)
{
	const char *path;

	log_init("ietd", true, false, options.debug);
	path = ietd_config_path();
	if (!path) {
		printf("there is no %s\n", IETD_CONFIG);
		return 0;
	}
	return config_check(path, stdout);
}

int main(int argc, char *argv[])
{
	int err, status = options_parse(argc, argv);

	if (status >= 0)
		return status;
	if (options.check)
		return check() ? EXIT_FAILURE : EXIT_SUCCESS;
	state_set_dir(IET_STATE_DIR);
	log_init("ietd", true, !options.foreground, options.debug);
	if (options.other_user)
		log_warning("-u and -g are without effect: the daemon needs "
			    "its rights to configure the module");
	if (!options.foreground) {
		err = daemon_begin();
		if (err) {
			log_error("cannot become a daemon: %s", strerror(-err));
			return EXIT_FAILURE;
		}
	}
	return run() ? EXIT_FAILURE : EXIT_SUCCESS;
}
