// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "apply.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "account.h"
#include "apply_open.h"
#include "config.h"
#include "isns.h"
#include "kernel.h"
#include "log.h"
#include "lun.h"
#include "opener.h"
#include "params.h"
#include "plan.h"
#include "plan_show.h"
#include "rate.h"
#include "target_portal.h"

/*
 * One application of a file.  Files are opened before anything is deleted,
 * so that a wrong path does not cost the logical unit that was there.  Only
 * those that were in use are opened again when the old ones are gone.
 */
struct apply {
	struct config *config;
	struct plan plan;
	struct report report;
	struct opener *opener;
	size_t *opening; /* which LUNs of the plan */
	size_t nr_opening;
	bool again; /* second time of opening */
	bool look; /* only: nothing is changed */
	struct event *event;
	apply_done_fn done;
	void *arg;
};

/* how long a device may be held by those who only look, which is a moment */
#define LOOK_MS 1000

static struct apply *running;
static unsigned int nr_looking;
static opener_fn open_one = lun_open_wait;
static unsigned int open_ms = APPLY_OPEN_MS;

void apply_set_open(opener_fn fn, unsigned int ms)
{
	open_one = fn ? fn : lun_open_wait;
	open_ms = fn ? ms : APPLY_OPEN_MS;
}

/* --- changing the module --- */

static void target_failed(struct apply *a, struct plan_target *t)
{
	t->failed = true;
	report_error(&a->report, "%s:%u: Target: %s: %s", a->config->path,
		     t->from->line, t->from->target.name, kernel_error());
}

static void lun_failed(struct apply *a, struct plan_lun *l)
{
	l->failed = true;
	report_error(&a->report, "%s:%u: Lun: %u of %s: %s", a->config->path,
		     l->from->line, l->lun.lun, l->target->from->target.name,
		     kernel_error());
}

static void delete_gone(struct apply *a)
{
	struct plan *p = &a->plan;
	size_t i;

	for (i = 0; i < p->nr_gone_targets; i++) {
		const struct plan_gone *g = &p->gone_targets[i];

		if (kernel->target_del(g->tid, true))
			report_error(&a->report, "%s: %s can't be deleted: %s",
				     a->config->path, g->name, kernel_error());
		else
			log_debug("target %s: not in the file, deleted",
				  g->name);
	}
	for (i = 0; i < p->nr_gone_luns; i++) {
		const struct plan_gone *g = &p->gone_luns[i];

		if (kernel->lun_del(g->tid, g->lun))
			report_error(&a->report,
				     "%s: Lun %u of %s can't be deleted: %s",
				     a->config->path, g->lun, g->name,
				     kernel_error());
		else
			log_debug("target %s: lun %u: not in the file, "
				  "deleted",
				  g->name, g->lun);
	}
}

static void delete_replaced(struct apply *a)
{
	size_t i;

	for (i = 0; i < a->plan.nr_luns; i++) {
		struct plan_lun *l = &a->plan.luns[i];

		if (!l->replaces || l->failed)
			continue;
		if (kernel->lun_del(l->lun.tid, l->lun.lun))
			lun_failed(a, l);
		else
			log_debug("target %s: lun %u: changed, deleted",
				  l->target->from->target.name, l->lun.lun);
	}
}

static void change_target(struct apply *a, struct plan_target *t)
{
	int err = 0;

	if (t->op == PLAN_NEW)
		err = kernel->target_new(&t->target);
	else if (t->op == PLAN_SET)
		err = kernel->target_set(&t->target);
	if (err)
		target_failed(a, t);
	else if (t->op != PLAN_NOTHING)
		log_debug("target %s: %s, tid %u", t->from->target.name,
			  t->op == PLAN_NEW ? "made" : "changed",
			  t->target.tid);
}

static const struct config_lun *disk_of(const struct plan_lun *l)
{
	return l->from->first ? l->from->first : l->from;
}

/*
 * The logical unit that is there, or will be before this one, with the same
 * disk; NULL: this one is to open it.
 */
static struct plan_lun *shares(const struct apply *a, const struct plan_lun *l)
{
	struct plan_lun *p, *before = NULL;
	size_t i;

	if (!l->from->shared)
		return NULL;
	for (i = 0; i < a->plan.nr_luns; i++) {
		p = &a->plan.luns[i];
		if (p == l || disk_of(p) != disk_of(l))
			continue;
		if (p->op != PLAN_NEW)
			return p;
		if (p < l && !before)
			before = p;
	}
	return before;
}

static void fail_like(struct apply *a, struct plan_lun *l,
		      const struct plan_lun *with)
{
	l->failed = true;
	report_error(&a->report,
		     "%s:%u: Lun: %u of %s: the logical unit of line %u, with "
		     "the same path, could not be made",
		     a->config->path, l->from->line, l->lun.lun,
		     l->target->from->target.name, with->from->line);
}

/* A path that can't be opened costs none of its logical units what it was. */
static void fail_like_first(struct apply *a)
{
	size_t i;

	for (i = 0; i < a->plan.nr_luns; i++) {
		struct plan_lun *l = &a->plan.luns[i];
		const struct plan_lun *with;

		with = l->op == PLAN_NEW && !l->failed ? shares(a, l) : NULL;
		if (with && with->failed)
			fail_like(a, l, with);
	}
}

static void fail_shares(struct apply *a)
{
	do
		fail_like_first(a);
	while (plan_fail_blocked(&a->plan, a->config, &a->report));
}

/* Return: whether it can be made now */
static bool take_share(struct apply *a, struct plan_lun *l)
{
	const struct plan_lun *with = shares(a, l);

	if (!with)
		return true;
	if (with->failed) {
		fail_like(a, l, with);
		return false;
	}
	l->retry = with->retry;
	l->lun.of_tid = with->lun.tid;
	l->lun.of_lun = with->lun.lun;
	l->lun.set |= K_HAS(IET_L_OF_TID) | K_HAS(IET_L_OF_LUN);
	return !l->retry;
}

static void change_lun(struct apply *a, struct plan_lun *l)
{
	int err;

	if (l->failed || l->retry || l->op == PLAN_NOTHING)
		return;
	/* a target that could not be changed is still there for its LUNs */
	if (l->target->failed && l->target->op == PLAN_NEW) {
		l->failed = true;
		return;
	}
	l->lun.tid = l->target->target.tid;
	if (l->op == PLAN_NEW && !take_share(a, l))
		return;
	if (l->op == PLAN_SET) {
		err = kernel->lun_set(&l->lun);
	} else {
		if (l->fd >= 0) {
			l->lun.fd = l->fd;
			l->lun.set |= K_HAS(IET_L_FD);
		}
		if (l->state_fd >= 0) {
			l->lun.state_fd = l->state_fd;
			l->lun.set |= K_HAS(IET_L_STATE_FD);
		}
		err = kernel->lun_new(&l->lun);
	}
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
	if (l->state_fd >= 0)
		close(l->state_fd);
	l->state_fd = -1;
	if (err)
		lun_failed(a, l);
	else
		log_debug("target %s: lun %u: %s", l->target->from->target.name,
			  l->lun.lun, l->op == PLAN_NEW ? "made" : "changed");
}

static void change_luns(struct apply *a, bool retried)
{
	size_t i;

	for (i = 0; i < a->plan.nr_luns; i++) {
		struct plan_lun *l = &a->plan.luns[i];

		if (retried && !l->retry)
			continue;
		if (retried)
			l->retry = false;
		change_lun(a, l);
	}
}

static void add_accounts(struct apply *a, const char *target,
			 const struct config_account *c)
{
	for (; c; c = c->next) {
		int err = account_add(target, &c->account, IET_ORIGIN_CONFIG);

		if (err)
			report_error(&a->report, "%s:%u: account %s: %s",
				     a->config->path, c->line, c->account.name,
				     strerror(-err));
	}
}

/* No login comes in between: all this is one turn of the event loop. */
static void change_accounts(struct apply *a)
{
	const struct config_target *t;

	account_drop(NULL, IET_ORIGIN_CONFIG);
	add_accounts(a, "", a->config->accounts);
	for (t = a->config->targets; t; t = t->next)
		add_accounts(a, t->target.name, t->accounts);
}

static void change_portals(struct apply *a)
{
	struct target_portals *all = NULL;
	struct config_target *t;

	for (t = a->config->targets; t; t = t->next) {
		if (!t->portals)
			continue;
		t->portals->next = all;
		all = t->portals;
		t->portals = NULL;
	}
	target_portals_replace(all);
}

static void change_lun_access(struct apply *a)
{
	struct lun_access *all = NULL;
	struct config_target *t;

	for (t = a->config->targets; t; t = t->next) {
		if (!t->access)
			continue;
		t->access->next = all;
		all = t->access;
		t->access = NULL;
	}
	lun_access_replace(all);
}

static void change_isns(struct apply *a)
{
	const struct config *c = a->config;

	if (isns_configure(c->isns_server, c->isns_access_control))
		report_error(&a->report, "%s: iSNSServer: %s cannot be used",
			     c->path, c->isns_server);
}

/* --- opening --- */

static bool needs_open(const struct apply *a, const struct plan_lun *l)
{
	if (l->op != PLAN_NEW || !lun_needs_file(&l->lun) || l->failed ||
	    shares(a, l))
		return false;
	return !a->again || l->retry;
}

/* Takes a device for a moment only, so that nobody finds it in use. */
static int look_at_one(const char *path, const char *iotype, uint32_t iomode,
		       unsigned int busy_ms, char *reason)
{
	int fd = open_one(path, iotype, iomode, busy_ms, reason);

	if (fd < 0)
		return fd;
	close(fd);
	fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	fd = -errno;
	snprintf(reason, LUN_REASON_MAX, "%s", strerror(-fd));
	return fd;
}

static unsigned int busy_ms(const struct apply *a)
{
	if (a->again)
		return open_ms / 2;
	return nr_looking && !a->look ? LOOK_MS : 0;
}

static int start_opening(struct apply *a)
{
	const struct plan *p = &a->plan;
	struct open_request *reqs;
	size_t i, n = 0;

	free(a->opening);
	a->opening = calloc(p->nr_luns + 1, sizeof(*a->opening));
	reqs = calloc(p->nr_luns + 1, sizeof(*reqs));
	if (!a->opening || !reqs) {
		free(reqs);
		return -ENOMEM;
	}
	for (i = 0; i < p->nr_luns; i++) {
		const struct plan_lun *l = &p->luns[i];

		if (!needs_open(a, l))
			continue;
		reqs[n] = (struct open_request){
			.path = l->lun.path,
			.iotype = l->lun.iotype,
			.scsi_id = a->look ? NULL : l->lun.scsi_id,
			.iomode = l->lun.iomode,
			.encrypted = l->lun.encrypted && !a->look,
		};
		a->opening[n++] = i;
	}
	a->nr_opening = n;
	a->opener = opener_start(reqs, n, a->look ? look_at_one : open_one,
				 busy_ms(a));
	free(reqs);
	return a->opener ? 0 : -errno;
}

static bool deletes_any(const struct plan *p)
{
	size_t i;

	if (p->nr_gone_targets || p->nr_gone_luns)
		return true;
	for (i = 0; i < p->nr_luns; i++)
		if (p->luns[i].replaces)
			return true;
	return false;
}

/* Without a state file the logical unit works, but keeps nothing. */
static void take_state(struct apply *a, struct plan_lun *l, size_t i)
{
	const char *reason;

	l->state_fd = opener_take_state(a->opener, i, &reason);
	if (reason)
		log_warning(
			"%s:%u: no reservation will survive a power cut: %s",
			a->config->path, l->from->line, reason);
}

/* Return: whether some are to be opened again */
static bool take_opened(struct apply *a)
{
	bool may_retry = !a->again && deletes_any(&a->plan), retry = false;
	size_t i;

	for (i = 0; i < a->nr_opening; i++) {
		struct plan_lun *l = &a->plan.luns[a->opening[i]];
		const char *reason;

		l->fd = opener_take(a->opener, i, &reason);
		if (l->fd >= 0 && a->look) {
			close(l->fd);
			l->fd = -1;
			continue;
		}
		if (l->fd >= 0) {
			take_state(a, l, i);
			if (opener_is_blank(a->opener, i))
				l->lun.encrypted = IET_ENCRYPTED_NEW;
			continue;
		}
		if (l->fd == -EBUSY && may_retry) {
			l->retry = retry = true;
		} else {
			l->failed = true;
			report_error(&a->report, "%s:%u: %s: %s",
				     a->config->path, l->from->line,
				     l->lun.path, reason);
		}
		l->fd = -1;
	}
	opener_free(a->opener);
	a->opener = NULL;
	return retry;
}

/* --- only a look --- */

/* Those that were in use may be free when the old ones are gone. */
static void may_fail(struct apply *a)
{
	size_t i;

	for (i = 0; i < a->nr_opening; i++) {
		const struct plan_lun *l = &a->plan.luns[a->opening[i]];

		if (l->retry)
			report_warning(&a->report,
				       "%s:%u: %s: the device is in use, maybe "
				       "by what goes before",
				       a->config->path, l->from->line,
				       l->lun.path);
	}
}

static void looked(struct apply *a)
{
	if (take_opened(a))
		may_fail(a);
	fail_shares(a);
	plan_show(&a->plan, a->config, &a->report);
}

/* --- from beginning to end --- */

static int begin(struct apply *a, const char *path)
{
	int err = config_load(path, &a->config, &a->report);

	if (!err)
		err = plan_make(&a->plan, a->config, &a->report);
	if (err)
		return err;
	err = start_opening(a);
	if (err)
		report_error(&a->report, "%s: %s", path, strerror(-err));
	return err;
}

/* The files are open, or the time for that is over.  Return: 1 to go on. */
static int opened(struct apply *a)
{
	bool retry;
	size_t i;

	if (a->look) {
		looked(a);
		return 0;
	}
	retry = take_opened(a);
	if (a->again) {
		change_luns(a, true);
		return 0;
	}
	change_accounts(a);
	change_portals(a);
	/* before there are new logical units, which not everybody may see */
	change_lun_access(a);
	rate_set(a->config->login_rate);
	/* before there are new targets, which it may have to protect */
	change_isns(a);
	fail_shares(a);
	delete_gone(a);
	delete_replaced(a);
	for (i = 0; i < a->plan.nr_targets; i++)
		change_target(a, &a->plan.targets[i]);
	change_luns(a, false);
	a->again = true;
	if (!retry)
		return 0;
	if (!start_opening(a))
		return 1;
	report_error(&a->report, "%s: out of memory", a->config->path);
	return 0;
}

static int end(struct apply *a, int err)
{
	int result = err ? err : (int)a->report.errors;

	if (!a->look)
		report_log(&a->report);
	else if (!err)
		result = 0;
	if (a->done)
		a->done(result, &a->report, a->arg);
	if (a->event)
		event_free(a->event);
	opener_free(a->opener);
	plan_free(&a->plan);
	config_free(a->config);
	report_clear(&a->report);
	free(a->opening);
	return result;
}

int apply_file(const char *path)
{
	struct apply a = { 0 };
	int err;

	if (running) {
		log_error("%s: is being applied already", path);
		return -EBUSY;
	}
	err = begin(&a, path);
	if (err)
		return end(&a, err);
	do {
		struct pollfd p = { .fd = opener_event_fd(a.opener),
				    .events = POLLIN };

		while (poll(&p, 1, open_ms) < 0 && errno == EINTR)
			;
	} while (opened(&a));
	return end(&a, 0);
}

static void on_opened(evutil_socket_t fd, short what, void *arg);

static int wait_opened(struct apply *a, struct event_base *base)
{
	struct timeval tv = { .tv_sec = open_ms / 1000,
			      .tv_usec = open_ms % 1000 * 1000 };

	if (a->event)
		event_free(a->event);
	a->event = event_new(base, opener_event_fd(a->opener), EV_READ,
			     on_opened, a);
	return a->event && !event_add(a->event, &tv) ? 0 : -ENOMEM;
}

static void finish_running(struct apply *a, int err)
{
	if (a->look)
		nr_looking--;
	else
		running = NULL;
	end(a, err);
	free(a);
}

static void on_opened(evutil_socket_t fd, short what, void *arg)
{
	struct apply *a = arg;

	(void)fd;
	(void)what;
	if (!opened(a))
		finish_running(a, 0);
	else if (wait_opened(a, event_get_base(a->event)))
		finish_running(a, -ENOMEM);
}

static int start(struct event_base *base, const char *path, bool look,
		 apply_done_fn done, void *arg)
{
	struct apply *a;
	int err;

	if (running)
		return -EBUSY;
	a = calloc(1, sizeof(*a));
	if (!a)
		return -ENOMEM;
	a->done = done;
	a->arg = arg;
	a->look = look;
	if (look)
		nr_looking++;
	else
		running = a;
	err = begin(a, path);
	if (!err) {
		err = wait_opened(a, base);
		if (err)
			report_error(&a->report, "%s: out of memory", path);
	}
	if (err)
		finish_running(a, err);
	return 0;
}

int apply_start(struct event_base *base, const char *path, apply_done_fn done,
		void *arg)
{
	return start(base, path, false, done, arg);
}

int apply_look(struct event_base *base, const char *path, apply_done_fn done,
	       void *arg)
{
	return start(base, path, true, done, arg);
}

bool apply_running(void)
{
	return running;
}
