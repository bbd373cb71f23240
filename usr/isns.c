// SPDX-License-Identifier: GPL-2.0-only
/*
 * What to ask of the iSNS server, and when.
 *
 * There is one request at a time.  Which one comes next follows from what the
 * server is known to have and what it shall have: a table of operations is
 * gone through, and the first one that is due is carried out.  So whatever
 * happens in between - targets come and go, the server forgets all or is
 * away - ends in the same state.
 */
#include "isns.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <event2/event.h>

#include "addr.h"
#include "isns_inbox.h"
#include "isns_link.h"
#include "isns_node.h"
#include "isns_notice.h"
#include "isns_request.h"
#include "kernel.h"
#include "log.h"
#include "portal.h"
#include "text.h"

#define HOST_MAX 256
#define BACKOFF_MAX_S 60
/* targets come in crowds: for so long others may follow */
#define SETTLE_MS 50
/* the server is asked again in any case, and by that knows we are there */
#define TICK_S 300
#define TICK_MIN_S 10
/* a connection that lasted for so long was a good one */
#define GOOD_S 30

struct server {
	char host[HOST_MAX];
	uint16_t port;
};

static struct {
	struct event_base *base;
	struct event *work; /* something may be due */
	struct event *retry; /* the server is away; connect then */
	struct event *tick;
	struct event *leave; /* the time for leaving is over */

	struct server server; /* host "" = none */
	struct server next; /* the one to take when this one is left */
	bool access_control;

	struct isns_link *link;
	struct isns_inbox *inbox;
	struct isns_site site;
	struct timeval up_since;
	unsigned int fails; /* connections that came to nothing, in turn */
	uint32_t period; /* of registration, as granted, s; 0 = none */

	bool look; /* targets or portals may have changed */
	bool registered; /* the server has the entity */
	bool verify; /* or has it? */
	bool leaving;
	bool is_left; /* it was not the time that has ended it */
	void (*left)(void *arg);
	void *left_arg;

	const struct operation *current;
	struct isns_node *node; /* it is about this one */
} isns;

static void work_after(unsigned int ms)
{
	const struct timeval tv = { .tv_sec = ms / 1000,
				    .tv_usec = ms % 1000 * 1000 };

	if (isns.work && !evtimer_pending(isns.work, NULL))
		event_add(isns.work, &tv);
}

static const char *server_text(void)
{
	static char text[HOST_MAX + 16];

	if (isns.server.port == ISNS_PORT)
		return isns.server.host;
	snprintf(text, sizeof(text),
		 strchr(isns.server.host, ':') ? "[%s]:%u" : "%s:%u",
		 isns.server.host, isns.server.port);
	return text;
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

static bool same_addr(const struct sockaddr *a, const struct sockaddr *b)
{
	size_t len, other_len;
	const uint8_t *one = addr_bytes(a, &len);
	const uint8_t *other = addr_bytes(b, &other_len);

	return len && len == other_len && !memcmp(one, other, len);
}

static int add_portal(const struct sockaddr *sa, void *arg)
{
	struct isns_site *site = arg;
	struct isns_portal *p = &site->portals[site->nr_portals];

	if (site->nr_portals == ISNS_PORTALS_MAX)
		return 0;
	memcpy(&p->sa, sa,
	       sa->sa_family == AF_INET ? sizeof(struct sockaddr_in) :
					  sizeof(struct sockaddr_in6));
	site->nr_portals++;
	return 0;
}

/*
 * Notices go where the server can reach us for sure: the address that we
 * reach it from.  A portal in a network that the server is not in must not
 * be asked for, or the server would take it out.
 */
static void choose_notices(struct isns_site *site,
			   const struct sockaddr_storage *local, bool is_here)
{
	bool any = false;

	for (unsigned int i = 0; i < site->nr_portals; i++) {
		struct isns_portal *p = &site->portals[i];

		p->notices = same_addr((const struct sockaddr *)&p->sa,
				       (const struct sockaddr *)local);
		any |= p->notices;
	}
	/* what is on this machine reaches any address of it */
	if (!any && is_here && site->nr_portals)
		site->portals[0].notices = true;
}

/* Return: whether they have changed */
static bool look_at_portals(void)
{
	struct sockaddr_storage local = { 0 }, peer = { 0 };
	static struct isns_site site;
	bool changed;

	if (!isns_link_addresses(isns.link, &local, &peer))
		return false;
	memset(&site, 0, sizeof(site));
	portal_each((const struct sockaddr *)&local, add_portal, &site);
	choose_notices(&site, &local,
		       same_addr((const struct sockaddr *)&local,
				 (const struct sockaddr *)&peer));
	changed = site.nr_portals != isns.site.nr_portals ||
		  memcmp(site.portals, isns.site.portals, sizeof(site.portals));
	memcpy(isns.site.portals, site.portals, sizeof(site.portals));
	isns.site.nr_portals = site.nr_portals;
	if (isns.inbox)
		isns_inbox_allow(isns.inbox, &peer, &local);
	return changed;
}

/*
 * It must not be that of another client on this machine, which it would
 * replace; and it must be the same after a restart.
 */
static void name_entity(void)
{
	struct sockaddr_storage local = { 0 }, peer = { 0 };
	char host[ADDR_TEXT_MAX + 1] = "";

	if (isns.site.eid[0])
		return;
	if (gethostname(host, sizeof(host) - 1))
		host[0] = '\0';
	if (!host[0] || host[0] == '(' || !strncmp(host, "localhost", 9)) {
		isns_link_addresses(isns.link, &local, &peer);
		addr_print((const struct sockaddr *)&local, false, host);
	}
	snprintf(isns.site.eid, sizeof(isns.site.eid), "iet.%s:%u", host,
		 portal_port());
}

/* the server knows nothing of us, as far as we know */
static void forget_registration(void)
{
	struct isns_node *n, *next;

	isns.registered = false;
	isns.verify = false;
	for (n = TAILQ_FIRST(&isns_nodes); n; n = next) {
		next = TAILQ_NEXT(n, link);
		n->registered = false;
		n->scn = false;
		n->doubt = false;
		n->refused = false;
		n->stale = true;
		isns_node_drop_found(n);
		if (!n->present)
			isns_node_forget(n);
	}
}

/* --- operations ---------------------------------------------------------- */

/**
 * struct operation - a request to the server
 * @what: it, in words that follow "cannot"
 * @function: &enum isns_function
 * @flags: %ISNS_FLAG_REPLACE or 0
 * @is_due: is it due for this node?
 * @build: makes the payload
 * @done: takes the answer; a negative errno if it makes no sense
 */
struct operation {
	const char *what;
	uint16_t function;
	uint16_t flags;
	bool (*is_due)(const struct isns_node *n);
	void (*build)(struct isns_buf *buf, const struct isns_node *n);
	int (*done)(struct isns_node *n, uint32_t status,
		    struct isns_reader *r);
};

static bool any_present(void)
{
	const struct isns_node *n;

	TAILQ_FOREACH(n, &isns_nodes, link)
		if (n->present)
			return true;
	return false;
}

static bool leave_due(const struct isns_node *n)
{
	return isns.registered && n->registered &&
	       (isns.leaving || !any_present());
}

static void leave_build(struct isns_buf *buf, const struct isns_node *n)
{
	isns_build_leave(buf, &isns.site, n);
}

static void refused(const char *name, uint32_t status);

static int leave_done(struct isns_node *n, uint32_t status,
		      struct isns_reader *r)
{
	(void)r;
	if (status != ISNS_SUCCESS)
		refused(n->name, status);
	else
		log_info("iSNS server %s: %s is taken out", server_text(),
			 isns.site.eid);
	forget_registration();
	return 0;
}

static bool verify_due(const struct isns_node *n)
{
	return (isns.verify || n->doubt) && isns.registered && n->registered &&
	       n->present;
}

static void verify_build(struct isns_buf *buf, const struct isns_node *n)
{
	isns_build_verify(buf, n);
}

struct seek {
	const char *name;
	bool found;
};

static int is_it(const char *name, void *arg)
{
	struct seek *s = arg;

	if (!strcasecmp(name, s->name))
		s->found = true;
	return 0;
}

static int verify_done(struct isns_node *n, uint32_t status,
		       struct isns_reader *r)
{
	struct seek seek = { n->name, false };
	int err = 0;

	isns.verify = false;
	n->doubt = false;
	if (status == ISNS_SUCCESS)
		err = isns_parse_names(r, is_it, &seek);
	if (err || seek.found)
		return err;
	log_info("iSNS server %s has forgotten us", server_text());
	forget_registration();
	return 0;
}

static bool enter_due(const struct isns_node *n)
{
	return !isns.registered && n->present && !n->refused;
}

static void enter_build(struct isns_buf *buf, const struct isns_node *n)
{
	isns_build_enter(buf, &isns.site, n);
}

static void set_tick(void)
{
	struct timeval tv = { .tv_sec = TICK_S };

	if (isns.period && isns.period / 3 < TICK_S)
		tv.tv_sec = isns.period / 3;
	if (tv.tv_sec < TICK_MIN_S)
		tv.tv_sec = TICK_MIN_S;
	event_add(isns.tick, &tv);
}

/* 5.6.5.1, 6.3.5: a server need not know of these; then without */
static bool do_without(uint32_t status)
{
	if (status == ISNS_ESI_NOT_AVAILABLE && isns.site.esi)
		isns.site.esi = false;
	else if (status == ISNS_FEATURE_NOT_SUPPORTED && isns.site.groups)
		isns.site.groups = false;
	else
		return false;
	return true;
}

static int enter_done(struct isns_node *n, uint32_t status,
		      struct isns_reader *r)
{
	const struct timeval soon = { .tv_sec = BACKOFF_MAX_S };
	int err;

	if (status != ISNS_SUCCESS) {
		if (do_without(status))
			return 0;
		refused(n->name, status);
		n->refused = true;
		event_add(isns.tick, &soon);
		return 0;
	}
	isns.period = 0;
	err = isns_parse_period(r, &isns.period);
	if (err)
		return err;
	log_info("iSNS server %s: registered as %s", server_text(),
		 isns.site.eid);
	isns.registered = true;
	n->registered = true;
	set_tick();
	return 0;
}

static bool remove_due(const struct isns_node *n)
{
	return isns.registered && n->registered && !n->present;
}

static void remove_build(struct isns_buf *buf, const struct isns_node *n)
{
	isns_build_remove(buf, n);
}

static int remove_done(struct isns_node *n, uint32_t status,
		       struct isns_reader *r)
{
	(void)r;
	if (status != ISNS_SUCCESS)
		refused(n->name, status);
	/* it may be there again meanwhile */
	n->registered = false;
	n->scn = false;
	n->known = false;
	n->stale = true;
	if (!n->present)
		isns_node_forget(n);
	return 0;
}

static bool add_due(const struct isns_node *n)
{
	return isns.registered && n->present && !n->registered && !n->refused;
}

static void add_build(struct isns_buf *buf, const struct isns_node *n)
{
	isns_build_add(buf, &isns.site, n);
}

static int add_done(struct isns_node *n, uint32_t status, struct isns_reader *r)
{
	(void)r;
	if (status == ISNS_SUCCESS) {
		n->registered = true;
	} else if (!do_without(status)) {
		refused(n->name, status);
		n->refused = true;
		isns.verify = true;
	}
	return 0;
}

static bool scn_due(const struct isns_node *n)
{
	return isns.registered && n->registered && n->present && !n->scn;
}

static void scn_build(struct isns_buf *buf, const struct isns_node *n)
{
	isns_build_scn_reg(buf, n);
}

/* without notices, the tick does; a bit later */
static int scn_done(struct isns_node *n, uint32_t status, struct isns_reader *r)
{
	(void)r;
	if (status != ISNS_SUCCESS)
		log_debug("iSNS server %s: no notices for %s: status %u",
			  server_text(), n->name, status);
	n->scn = true;
	return 0;
}

static bool query_due(const struct isns_node *n)
{
	return isns.access_control && isns.registered && n->registered &&
	       n->present && (n->stale || n->step);
}

static void query_build(struct isns_buf *buf, const struct isns_node *n)
{
	isns_build_query(buf, n);
}

static int take_name(const char *name, void *arg)
{
	return isns_node_found(arg, name);
}

static int query_done(struct isns_node *n, uint32_t status,
		      struct isns_reader *r)
{
	int err = 0;

	/* what changes from now on may not be in the rest of the answers */
	if (!n->step)
		n->stale = false;
	if (status == ISNS_SUCCESS) {
		err = isns_parse_names(r, take_name, n);
	} else if (status != ISNS_NO_SUCH_ENTRY) {
		/* it stands by what it has said last */
		refused(n->name, status);
		isns_node_drop_found(n);
		isns.verify = true;
		return 0;
	}
	if (err) {
		isns_node_drop_found(n);
		n->stale = true;
	} else if (++n->step == ISNS_QUERIES) {
		isns_node_take_found(n);
		log_debug("iSNS: %zu initiators for %s", n->initiators.nr,
			  n->name);
	}
	return err;
}

/* the first that is due for any node is next */
static const struct operation operations[] = {
	{ "deregister", ISNS_DEV_DEREG, 0, leave_due, leave_build, leave_done },
	{ "look up", ISNS_DEV_ATTR_QRY, 0, verify_due, verify_build,
	  verify_done },
	{ "register", ISNS_DEV_ATTR_REG, ISNS_FLAG_REPLACE, enter_due,
	  enter_build, enter_done },
	{ "deregister", ISNS_DEV_DEREG, 0, remove_due, remove_build,
	  remove_done },
	{ "register", ISNS_DEV_ATTR_REG, 0, add_due, add_build, add_done },
	{ "register for changes", ISNS_SCN_REG, 0, scn_due, scn_build,
	  scn_done },
	{ "ask for the initiators of", ISNS_DEV_ATTR_QRY, 0, query_due,
	  query_build, query_done },
};

#define LEAVE (&operations[0])
#define NR_OPERATIONS (sizeof(operations) / sizeof(operations[0]))

static void refused(const char *name, uint32_t status)
{
	log_warning("iSNS server %s: cannot %s %s: status %u", server_text(),
		    isns.current->what, name, status);
}

static const struct operation *next_operation(struct isns_node **node)
{
	/* who leaves has nothing else to say */
	size_t nr = isns.leaving ? 1 : NR_OPERATIONS;
	struct isns_node *n;

	for (size_t i = 0; i < nr; i++)
		TAILQ_FOREACH(n, &isns_nodes, link)
			if (operations[i].is_due(n)) {
				*node = n;
				return &operations[i];
			}
	return NULL;
}

static void connection_ends(const char *reason);

static void carry_out(const struct operation *op, struct isns_node *n)
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
	int err = isns_link_open(isns.link, isns.server.host, isns.server.port);

	if (err)
		connection_ends(strerror(-err));
}

static void step(void)
{
	const struct operation *op;
	struct isns_node *n;

	if (!isns.server.host[0])
		return;
	/* what a request is about must stay until it is answered */
	if (isns.look && !isns.node) {
		isns.look = false;
		look_at_targets();
		if (look_at_portals() && isns.registered)
			forget_registration();
	}
	op = next_operation(&n);
	if (!op && isns.leaving && !isns.node) {
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
	if (isns.server.host[0] && isns_link_is_closed(isns.link))
		open_link();
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct isns_node *n;

	(void)fd;
	(void)what;
	(void)arg;
	isns.verify = true;
	isns.look = true;
	TAILQ_FOREACH(n, &isns_nodes, link) {
		n->refused = false;
		n->stale = true;
	}
	set_tick();
	step();
}

static void on_up(void *arg)
{
	(void)arg;
	event_base_gettimeofday_cached(isns.base, &isns.up_since);
	if (isns.fails)
		log_info("iSNS server %s is there again", server_text());
	else
		log_debug("iSNS server %s: connected", server_text());
	name_entity();
	/* who has been away may have forgotten us */
	isns.verify = isns.registered;
	isns.look = true;
	step();
}

static void on_answer(uint32_t status, struct isns_reader *r, void *arg)
{
	const struct operation *op = isns.current;
	struct isns_node *n = isns.node;
	int err;

	(void)arg;
	isns.node = NULL;
	err = op->done(n, status, r);
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
	if (isns.leaving) {
		leave_soon();
		return;
	}
	event_base_gettimeofday_cached(isns.base, &now);
	if (isns.up_since.tv_sec && now.tv_sec - isns.up_since.tv_sec >= GOOD_S)
		isns.fails = 0;
	isns.up_since.tv_sec = 0;
	if (!isns.fails)
		log_warning("iSNS server %s: %s; trying again", server_text(),
			    reason);
	else
		log_debug("iSNS server %s: %s", server_text(), reason);
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
	isns_notice(m, isns.site.eid, &notice_ops, arg, answer);
}

static const struct isns_link_ops link_ops = {
	.up = on_up,
	.answer = on_answer,
	.notice = on_notice,
	.down = on_down,
};

/* --- configuration ------------------------------------------------------- */

/* Return: whether this is HOST, HOST:PORT or [HOST]:PORT */
static bool parse_server(const char *text, struct server *s)
{
	const char *end = text + strlen(text), *colon = strrchr(text, ':');
	uint64_t port = ISNS_PORT;
	size_t len;

	if (text[0] == '[') {
		end = strchr(++text, ']');
		if (!end || (end[1] && end[1] != ':'))
			return false;
		colon = end[1] ? end + 1 : NULL;
	} else if (colon && strchr(text, ':') != colon) {
		/* an IPv6 address without brackets has no port */
		colon = NULL;
	} else if (colon) {
		end = colon;
	}
	if (colon && (text_number(colon + 1, &port) || !port || port > 65535))
		return false;
	len = end - text;
	if (!len || len >= sizeof(s->host))
		return false;
	memset(s, 0, sizeof(*s));
	memcpy(s->host, text, len);
	s->port = port;
	return true;
}

bool isns_is_server(const char *server)
{
	struct server s;

	return parse_server(server, &s);
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
	memset(&isns.server, 0, sizeof(isns.server));
	memset(&isns.site, 0, sizeof(isns.site));
	isns.registered = isns.verify = false;
	isns.fails = 0;
	isns.period = 0;
	isns.up_since.tv_sec = 0;
}

static void open_server(const struct server *s)
{
	isns.link = isns_link_new(isns.base, &link_ops, NULL);
	if (!isns.link) {
		log_error("iSNS: %s", strerror(ENOMEM));
		return;
	}
	isns.server = *s;
	isns.inbox = isns_inbox_open(isns.base, on_notice, NULL);
	if (!isns.inbox)
		log_warning("iSNS: no port for notices: %s", strerror(errno));
	isns.site.notice_port = isns.inbox ? isns_inbox_port(isns.inbox) : 0;
	isns.site.esi = isns.inbox;
	isns.site.groups = true;
	set_tick();
	isns_targets_changed();
}

static void take_next(void *arg)
{
	const struct server next = isns.next;

	(void)arg;
	close_server();
	memset(&isns.next, 0, sizeof(isns.next));
	if (next.host[0])
		open_server(&next);
}

int isns_configure(const char *server, bool access_control)
{
	bool newly = access_control && !isns.access_control;
	struct server s = { 0 };
	struct isns_node *n;

	if (server[0] && !parse_server(server, &s))
		return -EINVAL;
	isns.access_control = access_control;
	if (isns.leaving) {
		isns.next = s;
		return 0;
	}
	if (!strcasecmp(isns.server.host, s.host) &&
	    isns.server.port == s.port) {
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

void isns_targets_changed(void)
{
	if (!isns.server.host[0])
		return;
	isns.look = true;
	work_after(SETTLE_MS);
}

enum isns_verdict isns_access(const char *target, const char *initiator)
{
	const struct isns_node *n;

	if (!isns.access_control)
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

	if (!isns.server.host[0]) {
		snprintf(text, size, "none");
		return;
	}
	TAILQ_FOREACH(n, &isns_nodes, link)
		nr += n->registered;
	snprintf(text, size, "%s %s %u%s", server_text(),
		 isns_link_is_closed(isns.link) ? "away" : "there", nr,
		 isns.access_control ? " access-control" : "");
}

/* --- the end ------------------------------------------------------------- */

static void on_leave(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	if (isns.registered)
		log_warning("iSNS server %s: %s stays registered%s",
			    server_text(), isns.site.eid,
			    isns.is_left ? "" : ": no answer");
	isns.leaving = false;
	isns.left(isns.left_arg);
}

bool isns_leave(void (*done)(void *arg), void *arg)
{
	const struct timeval tv = { .tv_sec = ISNS_LEAVE_S };

	if (isns.leaving) {
		/* the end of all takes the place of a change of servers */
		isns.left = done;
		isns.left_arg = arg;
		return true;
	}
	/* a registration that is under way may yet succeed */
	if (!isns.server.host[0] || (!isns.registered && !isns.node))
		return false;
	isns.leaving = true;
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
}
