// SPDX-License-Identifier: GPL-2.0-only
/*
 * When to ask the iSNS server something.
 *
 * There is one request at a time: the one that isns_ops.c finds due.  So
 * whatever happens in between - targets come and go, the server forgets all
 * or is away - ends in the same state.
 */
#include "isns.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "isns_inbox.h"
#include "isns_link.h"
#include "isns_node.h"
#include "isns_notice.h"
#include "isns_ops.h"
#include "isns_site.h"
#include "kernel.h"
#include "log.h"

#define BACKOFF_MAX_S 60
/* targets come in crowds: for so long others may follow */
#define SETTLE_MS 50
/* a connection that lasted for so long was a good one */
#define GOOD_S 30

static struct {
	struct event_base *base;
	struct event *work; /* something may be due */
	struct event *retry; /* the server is away; connect then */
	struct event *tick;
	struct event *leave; /* the time for leaving is over */

	struct isns_server next; /* the one to take when this one is left */
	struct isns_link *link;
	struct isns_inbox *inbox;
	struct timeval up_since;
	unsigned int fails; /* connections that came to nothing, in turn */

	bool look; /* targets or portals may have changed */
	bool is_left; /* it was not the time that has ended it */
	void (*left)(void *arg);
	void *left_arg;

	const struct isns_operation *current;
	struct isns_node *node; /* it is about this one */
} isns;

static void work_after(unsigned int ms)
{
	const struct timeval tv = { .tv_sec = ms / 1000,
				    .tv_usec = ms % 1000 * 1000 };

	if (isns.work && !evtimer_pending(isns.work, NULL))
		event_add(isns.work, &tv);
}

/* --- what there is to register ------------------------------------------- */

static int see_target(const struct kernel_target *t, void *arg)
{
	(void)arg;
	return isns_node_see(t->name, t->alias);
}

static void look_at_targets(void)
{
	struct isns_node *n, *next;

	TAILQ_FOREACH(n, &isns_nodes, link)
		n->present = false;
	if (kernel->target_dump(see_target, NULL)) {
		log_error("iSNS: %s", kernel_error());
		/* better late than all taken out */
		TAILQ_FOREACH(n, &isns_nodes, link)
			n->present = true;
	}
	for (n = TAILQ_FIRST(&isns_nodes); n; n = next) {
		next = TAILQ_NEXT(n, link);
		if (!n->present && !n->registered && n != isns.node)
			isns_node_forget(n);
	}
}

/* Return: whether they have changed */
static bool look_at_portals(void)
{
	struct sockaddr_storage local = { 0 }, peer = { 0 };
	bool changed;

	if (!isns_link_addresses(isns.link, &local, &peer))
		return false;
	changed = isns_site_look(&isns_reg.site, &local, &peer);
	if (isns.inbox)
		isns_inbox_allow(isns.inbox, &peer, &local);
	return changed;
}

static void name_entity(void)
{
	struct sockaddr_storage local = { 0 }, peer = { 0 };

	isns_link_addresses(isns.link, &local, &peer);
	isns_site_name(&isns_reg.site, &local);
}

static void set_tick(unsigned int seconds)
{
	const struct timeval tv = { .tv_sec = seconds };

	event_add(isns.tick, &tv);
}

/* --- a request ----------------------------------------------------------- */

static void connection_ends(const char *reason);

static void carry_out(const struct isns_operation *op, struct isns_node *n)
{
	struct isns_buf buf = { 0 };
	int err;

	op->build(&buf, n);
	err = isns_link_request(isns.link, op->function, op->flags, &buf);
	isns_buf_free(&buf);
	if (err) {
		isns_link_close(isns.link);
		connection_ends(strerror(-err));
		return;
	}
	isns.current = op;
	isns.node = n;
}

/* --- the course of things ------------------------------------------------ */

/* not from here: whoever has called may be the link, which is freed then */
static void leave_soon(void)
{
	const struct timeval now = { 0 };

	isns.is_left = true;
	event_add(isns.leave, &now);
}

static void open_link(void)
{
	int err = isns_link_open(isns.link, isns_reg.server.host,
				 isns_reg.server.port);

	if (err)
		connection_ends(strerror(-err));
}

static void step(void)
{
	const struct isns_operation *op;
	struct isns_node *n;

	if (!isns_reg.server.host[0])
		return;
	/* what a request is about must stay until it is answered */
	if (isns.look && !isns.node) {
		isns.look = false;
		look_at_targets();
		if (look_at_portals() && isns_reg.registered)
			isns_forget_registration();
	}
	op = isns_operation_next(&n);
	if (!op && isns_reg.leaving && !isns.node) {
		leave_soon();
		return;
	}
	if (isns_link_is_free(isns.link)) {
		if (op)
			carry_out(op, n);
	} else if (isns_link_is_closed(isns.link) && op &&
		   !evtimer_pending(isns.retry, NULL)) {
		open_link();
	}
}

static void on_work(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	step();
}

static void on_retry(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	if (isns_reg.server.host[0] && isns_link_is_closed(isns.link))
		open_link();
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct isns_node *n;

	(void)fd;
	(void)what;
	(void)arg;
	isns_reg.verify = true;
	isns.look = true;
	TAILQ_FOREACH(n, &isns_nodes, link) {
		n->refused = false;
		n->stale = true;
	}
	set_tick(isns_tick_s());
	step();
}

static void on_up(void *arg)
{
	(void)arg;
	event_base_gettimeofday_cached(isns.base, &isns.up_since);
	if (isns.fails)
		log_info("iSNS server %s is there again",
			 isns_server_text(&isns_reg.server));
	else
		log_debug("iSNS server %s: connected",
			  isns_server_text(&isns_reg.server));
	name_entity();
	/* who has been away may have forgotten us */
	isns_reg.verify = isns_reg.registered;
	isns.look = true;
	step();
}

static void on_answer(uint32_t status, struct isns_reader *r, void *arg)
{
	const struct isns_operation *op = isns.current;
	struct isns_node *n = isns.node;
	int err;

	(void)arg;
	isns.node = NULL;
	isns_reg.again_s = 0;
	err = op->done(n, status, r);
	if (isns_reg.again_s)
		set_tick(isns_reg.again_s);
	if (err) {
		isns_link_close(isns.link);
		connection_ends("its answer makes no sense");
		return;
	}
	step();
}

/* twice as long each time, and not all clients of a server at once */
static void try_again(void)
{
	unsigned int shift = isns.fails < 6 ? isns.fails : 6;
	unsigned int ms = 1000u << shift;
	struct timeval tv;

	if (ms > BACKOFF_MAX_S * 1000)
		ms = BACKOFF_MAX_S * 1000;
	ms = ms / 2 + random() % ms;
	tv.tv_sec = ms / 1000;
	tv.tv_usec = ms % 1000 * 1000;
	event_add(isns.retry, &tv);
}

static void connection_ends(const char *reason)
{
	struct isns_node *n;
	struct timeval now;

	isns.node = NULL;
	TAILQ_FOREACH(n, &isns_nodes, link)
		if (n->step) {
			isns_node_drop_found(n);
			n->stale = true;
		}
	/* there is no time for another try */
	if (isns_reg.leaving) {
		leave_soon();
		return;
	}
	event_base_gettimeofday_cached(isns.base, &now);
	if (isns.up_since.tv_sec && now.tv_sec - isns.up_since.tv_sec >= GOOD_S)
		isns.fails = 0;
	isns.up_since.tv_sec = 0;
	if (!isns.fails)
		log_warning("iSNS server %s: %s; trying again",
			    isns_server_text(&isns_reg.server), reason);
	else
		log_debug("iSNS server %s: %s",
			  isns_server_text(&isns_reg.server), reason);
	try_again();
	isns.fails++;
}

static void on_down(const char *reason, void *arg)
{
	(void)arg;
	connection_ends(reason);
}

/* --- notices ------------------------------------------------------------- */

static void on_change(const char *target, const char *about, uint32_t bitmap,
		      void *arg)
{
	struct isns_node *n = isns_node_find(target);
	struct isns_node *ours = isns_node_find(about);

	(void)arg;
	log_debug("iSNS: change 0x%x of %s for %s", bitmap, about, target);
	if (n)
		n->stale = true;
	/* by whomever: it may be our own request that it speaks of */
	if (ours && bitmap & ISNS_SCN_REMOVED)
		ours->doubt = true;
	if (n || ours)
		work_after(SETTLE_MS);
}

static const struct isns_notice_ops notice_ops = { on_change };

static void on_notice(const struct isns_message *m, struct isns_buf *answer,
		      void *arg)
{
	isns_notice(m, isns_reg.site.eid, &notice_ops, arg, answer);
}

static const struct isns_link_ops link_ops = {
	.up = on_up,
	.answer = on_answer,
	.notice = on_notice,
	.down = on_down,
};

/* --- configuration ------------------------------------------------------- */

bool isns_is_server(const char *server)
{
	struct isns_server s;

	return isns_server_parse(server, &s);
}

static void close_server(void)
{
	isns_link_free(isns.link);
	isns.link = NULL;
	isns_inbox_close(isns.inbox);
	isns.inbox = NULL;
	event_del(isns.retry);
	event_del(isns.tick);
	event_del(isns.work);
	isns.node = NULL;
	while (!TAILQ_EMPTY(&isns_nodes))
		isns_node_forget(TAILQ_FIRST(&isns_nodes));
	memset(&isns_reg.server, 0, sizeof(isns_reg.server));
	memset(&isns_reg.site, 0, sizeof(isns_reg.site));
	isns_reg.registered = isns_reg.verify = false;
	isns.fails = 0;
	isns_reg.period = 0;
	isns.up_since.tv_sec = 0;
}

static void open_server(const struct isns_server *s)
{
	isns.link = isns_link_new(isns.base, &link_ops, NULL);
	if (!isns.link) {
		log_error("iSNS: %s", strerror(ENOMEM));
		return;
	}
	isns_reg.server = *s;
	isns.inbox = isns_inbox_open(isns.base, on_notice, NULL);
	if (!isns.inbox)
		log_warning("iSNS: no port for notices: %s", strerror(errno));
	isns_reg.site.notice_port = isns.inbox ? isns_inbox_port(isns.inbox) :
						 0;
	isns_reg.site.esi = isns.inbox;
	isns_reg.site.groups = true;
	set_tick(isns_tick_s());
	isns_targets_changed();
}

static void take_next(void *arg)
{
	const struct isns_server next = isns.next;

	(void)arg;
	close_server();
	memset(&isns.next, 0, sizeof(isns.next));
	if (next.host[0])
		open_server(&next);
}

int isns_configure(const char *server, bool access_control)
{
	bool newly = access_control && !isns_reg.access_control;
	struct isns_server s = { 0 };
	struct isns_node *n;

	if (server[0] && !isns_server_parse(server, &s))
		return -EINVAL;
	isns_reg.access_control = access_control;
	if (isns_reg.leaving) {
		isns.next = s;
		return 0;
	}
	if (isns_server_same(&isns_reg.server, &s)) {
		TAILQ_FOREACH(n, &isns_nodes, link)
			n->stale |= newly;
		isns_targets_changed();
		return 0;
	}
	isns.next = s;
	if (!isns_leave(take_next, NULL))
		take_next(NULL);
	return 0;
}

const char *isns_configured(bool *access_control)
{
	const struct isns_server *s = isns_reg.leaving ? &isns.next :
							 &isns_reg.server;

	*access_control = isns_reg.access_control;
	return s->host[0] ? isns_server_text(s) : "";
}

void isns_targets_changed(void)
{
	if (!isns_reg.server.host[0])
		return;
	isns.look = true;
	work_after(SETTLE_MS);
}

enum isns_verdict isns_access(const char *target, const char *initiator)
{
	const struct isns_node *n;

	if (!isns_reg.access_control)
		return ISNS_ALLOWED;
	n = isns_node_find(target);
	if (!n || !n->known)
		return ISNS_UNKNOWN;
	return isns_node_shows(n, initiator) ? ISNS_ALLOWED : ISNS_FORBIDDEN;
}

void isns_status(char *text, size_t size)
{
	unsigned int nr = 0;
	struct isns_node *n;

	if (!isns_reg.server.host[0]) {
		snprintf(text, size, "none");
		return;
	}
	TAILQ_FOREACH(n, &isns_nodes, link)
		nr += n->registered;
	snprintf(text, size, "%s %s %u%s", isns_server_text(&isns_reg.server),
		 isns_link_is_closed(isns.link) ? "away" : "there", nr,
		 isns_reg.access_control ? " access-control" : "");
}

/* --- the end ------------------------------------------------------------- */

static void on_leave(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	if (isns_reg.registered)
		log_warning("iSNS server %s: %s stays registered%s",
			    isns_server_text(&isns_reg.server),
			    isns_reg.site.eid,
			    isns.is_left ? "" : ": no answer");
	isns_reg.leaving = false;
	isns.left(isns.left_arg);
}

bool isns_leave(void (*done)(void *arg), void *arg)
{
	const struct timeval tv = { .tv_sec = ISNS_LEAVE_S };

	if (isns_reg.leaving) {
		/* the end of all takes the place of a change of servers */
		isns.left = done;
		isns.left_arg = arg;
		return true;
	}
	/* a registration that is under way may yet succeed */
	if (!isns_reg.server.host[0] || (!isns_reg.registered && !isns.node))
		return false;
	isns_reg.leaving = true;
	isns.is_left = false;
	event_del(isns.retry);
	isns.left = done;
	isns.left_arg = arg;
	event_add(isns.leave, &tv);
	work_after(0);
	return true;
}

int isns_init(struct event_base *base)
{
	isns.base = base;
	isns.work = evtimer_new(base, on_work, NULL);
	isns.retry = evtimer_new(base, on_retry, NULL);
	isns.tick = evtimer_new(base, on_tick, NULL);
	isns.leave = evtimer_new(base, on_leave, NULL);
	if (isns.work && isns.retry && isns.tick && isns.leave)
		return 0;
	isns_exit();
	return -ENOMEM;
}

void isns_exit(void)
{
	struct event *events[] = { isns.work, isns.retry, isns.tick,
				   isns.leave };

	if (isns.work && isns.retry && isns.tick && isns.leave)
		close_server();
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		if (events[i])
			event_free(events[i]);
	memset(&isns, 0, sizeof(isns));
	memset(&isns_reg, 0, sizeof(isns_reg));
}
