// SPDX-License-Identifier: GPL-2.0-only
#include "isns_ops.h"

#include <string.h>
#include <strings.h>

#include "log.h"

/* the server is asked again in any case, and by that knows we are there */
#define TICK_S 300
#define TICK_MIN_S 10
/* what it does not want it may want later */
#define REFUSED_S 60

struct isns_registration isns_reg;

void isns_forget_registration(void)
{
	struct isns_node *n, *next;

	isns_reg.registered = false;
	isns_reg.verify = false;
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

static void refused(const char *what, const char *name, uint32_t status)
{
	log_warning("iSNS server %s: cannot %s %s: status %u",
		    isns_server_text(&isns_reg.server), what, name, status);
}

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
	return isns_reg.registered && n->registered &&
	       (isns_reg.leaving || !any_present());
}

static void leave_build(struct isns_buf *buf, const struct isns_node *n)
{
	isns_build_leave(buf, &isns_reg.site, n);
}

static int leave_done(struct isns_node *n, uint32_t status,
		      struct isns_reader *r)
{
	(void)r;
	if (status != ISNS_SUCCESS)
		refused("deregister", n->name, status);
	else
		log_info("iSNS server %s: %s is taken out",
			 isns_server_text(&isns_reg.server), isns_reg.site.eid);
	isns_forget_registration();
	return 0;
}

static bool verify_due(const struct isns_node *n)
{
	return (isns_reg.verify || n->doubt) && isns_reg.registered &&
	       n->registered && n->present;
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

	isns_reg.verify = false;
	n->doubt = false;
	if (status == ISNS_SUCCESS)
		err = isns_parse_names(r, is_it, &seek);
	if (err || seek.found)
		return err;
	log_info("iSNS server %s has forgotten us",
		 isns_server_text(&isns_reg.server));
	isns_forget_registration();
	return 0;
}

static bool enter_due(const struct isns_node *n)
{
	return !isns_reg.registered && n->present && !n->refused;
}

static void enter_build(struct isns_buf *buf, const struct isns_node *n)
{
	isns_build_enter(buf, &isns_reg.site, n);
}

unsigned int isns_tick_s(void)
{
	unsigned int s = TICK_S;

	if (isns_reg.period && isns_reg.period / 3 < s)
		s = isns_reg.period / 3;
	return s < TICK_MIN_S ? TICK_MIN_S : s;
}

/* 5.6.5.1, 6.3.5: a server need not know of these; then without */
static bool do_without(uint32_t status)
{
	if (status == ISNS_ESI_NOT_AVAILABLE && isns_reg.site.esi)
		isns_reg.site.esi = false;
	else if (status == ISNS_FEATURE_NOT_SUPPORTED && isns_reg.site.groups)
		isns_reg.site.groups = false;
	else
		return false;
	return true;
}

static int enter_done(struct isns_node *n, uint32_t status,
		      struct isns_reader *r)
{
	int err;

	if (status != ISNS_SUCCESS) {
		if (do_without(status))
			return 0;
		refused("register", n->name, status);
		n->refused = true;
		isns_reg.again_s = REFUSED_S;
		return 0;
	}
	isns_reg.period = 0;
	err = isns_parse_period(r, &isns_reg.period);
	if (err)
		return err;
	log_info("iSNS server %s: registered as %s",
		 isns_server_text(&isns_reg.server), isns_reg.site.eid);
	isns_reg.registered = true;
	n->registered = true;
	isns_reg.again_s = isns_tick_s();
	return 0;
}

static bool remove_due(const struct isns_node *n)
{
	return isns_reg.registered && n->registered && !n->present;
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
		refused("deregister", n->name, status);
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
	return isns_reg.registered && n->present && !n->registered &&
	       !n->refused;
}

static void add_build(struct isns_buf *buf, const struct isns_node *n)
{
	isns_build_add(buf, &isns_reg.site, n);
}

static int add_done(struct isns_node *n, uint32_t status, struct isns_reader *r)
{
	(void)r;
	if (status == ISNS_SUCCESS) {
		n->registered = true;
	} else if (!do_without(status)) {
		refused("register", n->name, status);
		n->refused = true;
		isns_reg.verify = true;
	}
	return 0;
}

static bool scn_due(const struct isns_node *n)
{
	return isns_reg.registered && n->registered && n->present && !n->scn;
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
			  isns_server_text(&isns_reg.server), n->name, status);
	n->scn = true;
	return 0;
}

static bool query_due(const struct isns_node *n)
{
	return isns_reg.access_control && isns_reg.registered &&
	       n->registered && n->present && (n->stale || n->step);
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
		refused("ask for the initiators of", n->name, status);
		isns_node_drop_found(n);
		isns_reg.verify = true;
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
static const struct isns_operation operations[] = {
	{ ISNS_DEV_DEREG, 0, leave_due, leave_build, leave_done },
	{ ISNS_DEV_ATTR_QRY, 0, verify_due, verify_build, verify_done },
	{ ISNS_DEV_ATTR_REG, ISNS_FLAG_REPLACE, enter_due, enter_build,
	  enter_done },
	{ ISNS_DEV_DEREG, 0, remove_due, remove_build, remove_done },
	{ ISNS_DEV_ATTR_REG, 0, add_due, add_build, add_done },
	{ ISNS_SCN_REG, 0, scn_due, scn_build, scn_done },
	{ ISNS_DEV_ATTR_QRY, 0, query_due, query_build, query_done },
};

#define NR_OPERATIONS (sizeof(operations) / sizeof(operations[0]))

const struct isns_operation *isns_operation_next(struct isns_node **node)
{
	/* who leaves has nothing else to say */
	size_t nr = isns_reg.leaving ? 1 : NR_OPERATIONS;
	struct isns_node *n;

	for (size_t i = 0; i < nr; i++)
		TAILQ_FOREACH(n, &isns_nodes, link)
			if (operations[i].is_due(n)) {
				*node = n;
				return &operations[i];
			}
	return NULL;
}
