// SPDX-License-Identifier: GPL-2.0-only
/*
 * tgt's targets.conf for iet-convert, as tgt-admin takes it: targets by name
 * are given numbers from 1, their disks by path are given LUNs from 1, those
 * of backing-store first.  The identity of a disk is made of both numbers.
 */
#define _GNU_SOURCE
#include "convert_tgt.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "params.h"

/* what tgtd keeps of these */
#define VENDOR_MAX 8
#define PRODUCT_MAX 16
#define REVISION_MAX 4
#define ID_MAX 36

#define LUN_FREE UINT64_MAX

/* backing-store or direct-store */
struct store {
	struct conv_node *node;
	bool direct;
	uint64_t lun;
};

struct target {
	struct conv *c;
	struct conv_node *node;
	uint64_t tid;
	struct store *stores;
	size_t nr;
};

/* An option of a disk: what its block says, or the target for all its disks. */
static struct conv_node *option(const struct target *t, const struct store *s,
				const char *name)
{
	struct conv_node *own = conv_find(s->node, name);
	struct conv_node *all = conv_find(t->node, name);

	return own ? own : all;
}

static const char *value_or(const struct conv_node *node, const char *other)
{
	return node && node->value[0] ? node->value : other;
}

static uint64_t number_or(struct conv *c, const struct conv_node *node,
			  uint64_t max, uint64_t other)
{
	uint64_t n;

	if (!node)
		return other;
	if (!param_number(node->value, max, &n))
		return n;
	conv_warn(c, node, "%s \"%.64s\" is not a number: not carried over",
		  node->name, node->value);
	return other;
}

/* --- identity ------------------------------------------------------------ */

/* The id as a number of 128 bits: each character is a digit, or a 0. */
static void naa_of(const char *id, char naa[33])
{
	size_t len = strlen(id), i;

	for (i = 0; i < 32; i++) {
		size_t left = 32 - i;
		char ch = len >= left ? id[len - left] : '0';

		naa[i] = isxdigit((unsigned char)ch) ?
				 tolower((unsigned char)ch) :
				 '0';
	}
	/* the first digit says which kind of name it is, and is joined by OR */
	naa[0] =
		"0123456789abcdef"[strtoul((char[]){ naa[0], 0 }, NULL, 16) | 6];
	naa[32] = '\0';
}

/* The vendor stands before our ScsiId; in tgt it is a part of scsi_id. */
static void put_t10(const struct target *t, struct conv_lun *l,
		    const struct conv_node *where, const char *vendor,
		    const char *id)
{
	char start[VENDOR_MAX + 1];

	snprintf(start, sizeof(start), "%-*.*s", VENDOR_MAX, VENDOR_MAX,
		 vendor);
	if (!strncmp(start, id, VENDOR_MAX) && id[VENDOR_MAX]) {
		conv_lun_set(t->c, l, where, "ScsiId", "%s", id + VENDOR_MAX);
		return;
	}
	conv_lun_set(t->c, l, where, "ScsiId", "%s", id);
	conv_warn(t->c, where,
		  "scsi_id: the T10 designator of page 0x83 "
		  "begins with vendor_id here, the NAA designator "
		  "is as it was");
}

static void identity(const struct target *t, const struct store *s,
		     struct conv_lun *l)
{
	struct conv_node *vendor = option(t, s, "vendor_id");
	struct conv_node *product = option(t, s, "product_id");
	struct conv_node *rev = option(t, s, "product_rev");
	struct conv_node *sn = option(t, s, "scsi_sn");
	struct conv_node *id = option(t, s, "scsi_id");
	char made[64], naa[33], text[ID_MAX + 1];

	if (s->direct && (!vendor || !product || !rev || !sn))
		conv_warn(t->c, s->node,
			  "direct-store: what sg_inq says of %s "
			  "is not in the file: see VendorId, "
			  "ProductId, ProductRev, ScsiSN in "
			  "ietd.conf(5)",
			  s->node->value);
	conv_lun_set(t->c, l, vendor ? vendor : s->node, "VendorId", "%.*s",
		     VENDOR_MAX, value_or(vendor, "IET"));
	conv_lun_set(t->c, l, product ? product : s->node, "ProductId", "%.*s",
		     PRODUCT_MAX, value_or(product, "VIRTUAL-DISK"));
	conv_lun_set(t->c, l, rev ? rev : s->node, "ProductRev", "%.*s",
		     REVISION_MAX, value_or(rev, "0001"));
	snprintf(made, sizeof(made), "beaf%" PRIu64 "%" PRIu64, t->tid, s->lun);
	conv_lun_set(t->c, l, sn ? sn : s->node, "ScsiSN", "%.*s", ID_MAX,
		     value_or(sn, made));
	snprintf(made, sizeof(made), "IET     %04" PRIx64 "%04" PRIx64, t->tid,
		 s->lun);
	snprintf(text, sizeof(text), "%.*s", ID_MAX, value_or(id, made));
	put_t10(t, l, id ? id : s->node, value_or(vendor, "IET"), text);
	naa_of(text, naa);
	conv_lun_set(t->c, l, id ? id : s->node, "NAA", "%s", naa);
}

/* --- disks --------------------------------------------------------------- */

static const struct {
	const char *name;
	const char *type; /* of a device; NULL: of all, as of a file */
} stores[] = {
	{ "rdwr", NULL },
	{ "mmap", NULL },
	{ "aio", "blockio" },
	{ "io_uring", "blockio" },
};

/* Return: the kind of medium, or NULL after a warning */
static const char *medium(const struct target *t, const struct store *s)
{
	struct conv_node *bs = option(t, s, "bs-type");
	struct conv_node *kind = option(t, s, "device-type");
	bool device = !strncmp(s->node->value, "/dev/", 5);

	if (kind && strcasecmp(kind->value, "disk")) {
		conv_warn(t->c, kind,
			  "device-type %.64s: only disks are "
			  "served, this one is not carried over",
			  kind->value);
		return NULL;
	}
	for (size_t i = 0; i < sizeof(stores) / sizeof(stores[0]); i++)
		if (!strcmp(value_or(bs, "rdwr"), stores[i].name))
			return s->direct || (device && stores[i].type) ?
				       "blockio" :
				       "fileio";
	conv_warn(t->c, bs,
		  "bs-type %.64s: there is no such medium, this disk "
		  "is not carried over",
		  bs->value);
	return NULL;
}

static bool is_on(const struct conv_node *node)
{
	return node && strcmp(node->value, "0") && node->value[0];
}

static void io_mode(const struct target *t, const struct store *s,
		    struct conv_lun *l, const char *type)
{
	struct conv_node *ro = option(t, s, "readonly");
	struct conv_node *cache = option(t, s, "write-cache");
	struct conv_node *flags = option(t, s, "bsoflags");
	bool wt = cache && !strcmp(cache->value, "off");

	if (cache && !wt && strcmp(cache->value, "on") && cache->value[0])
		conv_warn(t->c, cache, "write-cache %.64s: taken as on",
			  cache->value);
	if (flags && strstr(flags->value, "direct"))
		conv_warn(t->c, flags, "bsoflags direct: not carried over");
	wt = wt || (flags && strstr(flags->value, "sync"));
	if (is_on(ro))
		conv_lun_set(t->c, l, ro, "IOMode", "ro");
	else if (strcmp(type, "blockio"))
		conv_lun_set(t->c, l, cache ? cache : s->node, "IOMode", "%s",
			     wt ? "wt" : "wb");
}

static void geometry(const struct target *t, const struct store *s,
		     struct conv_lun *l)
{
	struct conv_node *size = option(t, s, "block-size");
	struct conv_node *exp = option(t, s, "lbppbe");
	struct conv_node *gran = option(t, s, "optimal_xfer_gran");
	struct conv_node *opt = option(t, s, "optimal_xfer_len");
	uint64_t block = number_or(t->c, size, 4096, 512);
	uint64_t n = number_or(t->c, gran, 65535, 0);
	uint64_t len = number_or(t->c, opt, UINT32_MAX, 0);
	uint64_t shift = number_or(t->c, exp, 15, UINT64_MAX);

	if (size)
		conv_lun_set(t->c, l, size, "BlockSize", "%" PRIu64, block);
	if (shift != UINT64_MAX)
		conv_lun_set(t->c, l, exp, "PhysicalBlockSize", "%" PRIu64,
			     block << shift);
	if (len && n)
		conv_lun_set(t->c, l, opt, "OptimalIO", "%" PRIu64 ":%" PRIu64,
			     n * block, len * block);
	else if (len)
		conv_lun_set(t->c, l, opt, "OptimalIO", "%" PRIu64,
			     len * block);
	else if (n)
		conv_warn(t->c, gran,
			  "optimal_xfer_gran: means nothing "
			  "without optimal_xfer_len");
}

/* "params" is handed to tgtadm as it is */
static struct conv_node *find_thin(struct conv_node *parent)
{
	struct conv_node *node = NULL;

	while ((node = conv_next(parent, node, "params")))
		if (!strcmp(node->value, "thin_provisioning=1"))
			break;
	return node;
}

/* What a disk, or a target for all its disks, says that we have not. */
static void leave_out(struct conv *c, struct conv_node *parent)
{
	conv_ignore_value(c, parent, "params",
			  "thin_provisioning=0|thin_provisioning=1");
	conv_ignore_value(c, parent, "mode_page", "");
	conv_ignore_value(c, parent, "bsopts", "");
	conv_ignore_value(c, parent, "la_lba", "0");
	conv_ignore_value(c, parent, "online", "1|yes|");
	conv_ignore_value(c, parent, "sense_format", "0|1");
	/* tgt-admin's own precaution; ietd claims devices */
	conv_ignore_value(c, parent, "allow-in-use", "yes|no|");
}

static void write_store(const struct target *t, const struct store *s)
{
	struct conv_node *removable = option(t, s, "removable");
	struct conv_node *own = find_thin(s->node), *all = find_thin(t->node);
	struct conv_node *thin = own ? own : all;
	const char *type = medium(t, s);
	struct conv_lun l;

	if (!type || s->lun == LUN_FREE) {
		conv_ignore(s->node);
		return;
	}
	conv_lun_begin(&l, s->node);
	if (!conv_lun_set(t->c, &l, s->node, "Path", "%s", s->node->value)) {
		conv_warn(t->c, s->node, "this disk is not carried over");
		conv_ignore(s->node);
		conv_lun_drop(&l);
		return;
	}
	conv_lun_set(t->c, &l, s->node, "Type", "%s", type);
	io_mode(t, s, &l, type);
	if (is_on(removable))
		conv_lun_set(t->c, &l, removable, "Removable", "Yes");
	geometry(t, s, &l);
	identity(t, s, &l);
	if (thin)
		conv_lun_set(t->c, &l, thin, "ThinProvisioned", "Yes");
	leave_out(t->c, s->node);
	conv_lun_end(t->c, &l, s->lun);
}

/* --- numbers of disks ---------------------------------------------------- */

static int by_path(const void *a, const void *b)
{
	const struct store *x = a, *y = b;

	if (x->direct != y->direct)
		return x->direct - y->direct;
	return strcmp(x->node->value, y->node->value);
}

static int by_lun(const void *a, const void *b)
{
	const struct store *x = a, *y = b;

	return (x->lun > y->lun) - (x->lun < y->lun);
}

static void find_stores(struct target *t, const char *name, bool direct)
{
	struct conv_node *node = NULL;

	while ((node = conv_next(t->node, node, name))) {
		struct store *more;

		if (t->nr > IET_LUN_MAX) {
			conv_warn(t->c, node,
				  "a target has no more than %u "
				  "LUNs: not carried over",
				  IET_LUN_MAX + 1);
			conv_ignore(node);
			return;
		}

		more = conv_checked(
			realloc(t->stores, (t->nr + 1) * sizeof(*more)));
		t->stores = more;
		more[t->nr++] = (struct store){ node, direct, LUN_FREE };
	}
}

static bool is_taken(const struct target *t, uint64_t lun)
{
	for (size_t i = 0; i < t->nr; i++)
		if (t->stores[i].lun == lun)
			return true;
	return false;
}

/* @all: what the target says for all its disks, which makes sense for one */
static void given_luns(struct target *t, struct conv_node *all)
{
	for (size_t i = 0; i < t->nr; i++) {
		struct store *s = &t->stores[i];
		struct conv_node *own = conv_find(s->node, "lun");
		const struct conv_node *lun = all ? all : own;
		uint64_t n = number_or(t->c, lun, IET_LUN_MAX, LUN_FREE);

		if (n != LUN_FREE && is_taken(t, n))
			conv_warn(t->c, lun,
				  "LUN %" PRIu64 " is given to "
				  "several disks: the next free "
				  "one is used",
				  n);
		else
			s->lun = n;
	}
}

static void number_stores(struct target *t)
{
	uint64_t next = 1;

	find_stores(t, "backing-store", false);
	find_stores(t, "direct-store", true);
	if (t->nr)
		qsort(t->stores, t->nr, sizeof(*t->stores), by_path);
	given_luns(t, conv_find(t->node, "lun"));
	for (size_t i = 0; i < t->nr; i++) {
		if (t->stores[i].lun != LUN_FREE)
			continue;
		while (is_taken(t, next))
			next++;
		t->stores[i].lun = next;
	}
	if (t->nr)
		qsort(t->stores, t->nr, sizeof(*t->stores), by_lun);
}

/* --- targets ------------------------------------------------------------- */

/* USER SECRET, with one blank between them */
static void account(struct conv *c, struct conv_node *node, const char *word)
{
	char *user = conv_strndup(node->value, strlen(node->value));
	char *secret = strchr(user, ' ');

	if (secret)
		*secret++ = '\0';
	else
		secret = user + strlen(user);
	/* tgt-admin takes no more than two words */
	secret[strcspn(secret, " ")] = '\0';
	conv_account(c, node, word, user, secret, NULL);
	explicit_bzero(user, strlen(user));
	explicit_bzero(secret, strlen(secret));
	free(user);
}

static void accounts(struct conv *c, struct conv_node *parent,
		     const char *incoming, const char *outgoing)
{
	struct conv_node *node = NULL;

	while ((node = conv_next(parent, node, incoming)))
		account(c, node, "IncomingUser");
	node = conv_find(parent, outgoing);
	if (node)
		account(c, node, "OutgoingUser");
	while (node && (node = conv_next(parent, node, outgoing)))
		conv_warn(c, node, "%s: a target has one", outgoing);
}

/*
 * tgt wants one of the addresses, and one of the names if there are any: with
 * both, those of another name log in, but see no disk.
 */
static void access_rules(const struct target *t)
{
	struct conv_node *address, *name = conv_find(t->node, "initiator-name");
	struct conv_node *node = NULL;
	const char *rule;

	address = conv_find(t->node, "initiator-address");
	rule = address ? "initiator-address" : "initiator-name";
	conv_allow_begin(t->c, t->node->value);
	if (!address && !name)
		conv_allow_item(t->c, t->node, NULL);
	while ((node = conv_next(t->node, node, rule)))
		conv_allow_item(t->c, node, node->value);
	conv_allow_end(t->c);
	if (!address || !name)
		return;
	for (node = name; node;
	     node = conv_next(t->node, node, "initiator-name"))
		conv_access(t->c, node, node->value, "all");
}

static void keys(const struct target *t)
{
	for (size_t i = 0; i < nr_params; i++) {
		const struct param *p = &params[i];
		struct conv_node *node;

		if (p->space != PARAM_KEY)
			continue;
		/* markers are gone, and tgt's never were there */
		if (strstr(p->name, "Mark")) {
			conv_ignore_value(t->c, t->node, p->name,
					  "No|Reject|2048");
			continue;
		}
		node = conv_find(t->node, p->name);
		if (node)
			conv_word(t->c, node, p->name, node->value);
	}
	conv_ignore_value(t->c, t->node, "state", "ready");
}

static bool is_iscsi(struct conv *c, struct conv_node *target,
		     const struct conv_node *driver)
{
	struct conv_node *own = conv_find(target, "driver");

	if (!strcmp(value_or(own ? own : driver, "iscsi"), "iscsi"))
		return true;
	conv_warn(c, own ? own : driver, "driver %.64s: %s is not carried over",
		  (own ? own : driver)->value, target->value);
	return false;
}

static void write_target(struct conv *c, struct conv_node *node, uint64_t tid)
{
	struct target t = { .c = c, .node = node, .tid = tid };

	conv_target(c, node, node->value);
	accounts(c, node, "incominguser", "outgoinguser");
	keys(&t);
	number_stores(&t);
	for (size_t i = 0; i < t.nr; i++)
		write_store(&t, &t.stores[i]);
	leave_out(c, node);
	access_rules(&t);
	free(t.stores);
}

/* --- the whole ----------------------------------------------------------- */

/* Blocks of one name are one. */
static void merge(struct conv_node *first, struct conv_node *node)
{
	struct conv_node *child;

	for (child = node->child; child; child = child->next)
		child->parent = first;
	*first->end = node->child;
	if (node->child)
		first->end = node->end;
	node->child = NULL;
	node->end = &node->child;
}

static int by_name(const void *a, const void *b)
{
	const struct conv_node *const *x = a, *const *y = b;
	int diff = strcmp((*x)->value, (*y)->value);

	return diff ? diff :
		      ((*x)->line > (*y)->line) - ((*x)->line < (*y)->line);
}

/* Return: the targets, as many as @nr, in the order of their names */
static struct conv_node **sort_targets(struct conv *c, size_t *nr)
{
	struct conv_node **all = NULL, *node = NULL;
	size_t i, kept = 0;

	*nr = 0;
	while ((node = conv_next(&c->root, node, "target"))) {
		all = conv_checked(
			reallocarray(all, *nr + 1, sizeof(struct conv_node *)));
		all[(*nr)++] = node;
	}
	if (!*nr)
		return all;
	qsort(all, *nr, sizeof(struct conv_node *), by_name);
	for (i = 1; i < *nr; i++) {
		if (!strcmp(all[kept]->value, all[i]->value))
			merge(all[kept], all[i]);
		else
			all[++kept] = all[i];
	}
	*nr = kept + 1;
	return all;
}

/* What counts for all; has to be written before the first target. */
static void globals(struct conv *c)
{
	struct conv_node *on = conv_find(&c->root, "iSNS");
	struct conv_node *ip = conv_find(&c->root, "iSNSServerIP");
	struct conv_node *port = conv_find(&c->root, "iSNSServerPort");
	struct conv_node *access = conv_find(&c->root, "iSNSAccessControl");
	char server[256];

	conv_ignore_value(c, &c->root, "ignore-errors", "yes|no");
	conv_ignore_value(c, &c->root, "control-port", "0");
	accounts(c, &c->root, "incomingdiscoveryuser", "outgoingdiscoveryuser");
	if (!on || strcmp(on->value, "On")) {
		if (ip)
			conv_warn(c, ip,
				  "iSNSServerIP: there is no \"iSNS "
				  "On\", so it is not carried over");
		return;
	}
	if (!ip) {
		conv_warn(c, on, "iSNS: there is no iSNSServerIP");
		return;
	}
	snprintf(server, sizeof(server), "%.200s:%" PRIu64, ip->value,
		 number_or(c, port, 65535, 3205));
	conv_word(c, ip, "iSNSServer", server);
	if (access && !strcasecmp(access->value, "On"))
		conv_word(c, access, "iSNSAccessControl", "Yes");
}

static int targets(struct conv *c)
{
	struct conv_node *driver = conv_find(&c->root, "default-driver");
	struct conv_node **all, *tid_node;
	uint64_t tid = 0;
	size_t nr, i;

	all = sort_targets(c, &nr);
	for (i = 0; i < nr; i++) {
		tid_node = conv_find(all[i], "controller_tid");
		tid = number_or(c, tid_node, INT32_MAX, tid + 1);
		if (is_iscsi(c, all[i], driver))
			write_target(c, all[i], tid);
		else
			conv_ignore(all[i]);
	}
	free(all);
	return 0;
}

int conv_read_tgt(struct conv *c, const char *path)
{
	if (conv_tgt_lex(c, path))
		return -1;
	globals(c);
	return targets(c);
}
