// SPDX-License-Identifier: GPL-2.0-only
/*
 * SCST's scst.conf for iet-convert: devices of the handlers vdisk_fileio,
 * vdisk_blockio and vdisk_nullio, and targets of the driver iscsi.
 */
#define _GNU_SOURCE
#include "convert_scst.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "params.h"

#define PRODUCT_MAX 16

static const struct handler {
	const char *name;
	const char *type;
	const char *vendor;
} handlers[] = {
	{ "vdisk_fileio", "fileio", "SCST_FIO" },
	{ "vdisk_blockio", "blockio", "SCST_BIO" },
	{ "vdisk_nullio", "nullio", "SCST_FIO" },
};

/* of devices, targets and drivers: what has no effect, or is as it is here */
static const struct {
	const char *name;
	const char *values; /* as for conv_ignore_value() */
} device_words[] = {
	{ "active", "1" },
	{ "async", "0|1" },
	{ "bind_alua_state", "0|1" },
	{ "cluster_mode", "0" },
	{ "dif_mode", "" },
	{ "dif_type", "0" },
	{ "dummy", "0" },
	{ "expl_alua", "0" },
	{ "o_direct", "0|1" },
	{ "read_zero", "0|1" },
	{ "tst", "1" },
	{ "zero_copy", "0|1" },
}, target_words[] = {
	{ "addr_method", "PERIPHERAL" },
	{ "black_hole", "0" },
	{ "enabled", "0|1" },
	{ "forward_dst", "0" },
	{ "forward_src", "0" },
	{ "forwarding", "0" },
	{ "io_grouping_type", "auto" },
	{ "per_portal_acl", "0" },
	{ "DataPDUInOrder", "Yes" },
	{ "DataSequenceInOrder", "Yes" },
}, driver_words[] = {
	{ "enabled", "0|1" },
	{ "link_local", "0|1" },
	{ "isns_entity_name", "" },
};

#define IGNORE(c, parent, table)                                           \
	do {                                                               \
		for (size_t i_ = 0; i_ < sizeof(table) / sizeof(table[0]); \
		     i_++)                                                 \
			conv_ignore_value(c, parent, table[i_].name,       \
					  table[i_].values);               \
	} while (0)

/* of a machine's own; nobody outside sees them */
static const char *const tuning[] = {
	"threads_num", "threads_pool_type", "numa_node_id",
	"cpu_mask",    "rel_tgt_id",	    "pr_file_name",
};

static void ignore_tuning(struct conv_node *parent)
{
	for (size_t i = 0; i < sizeof(tuning) / sizeof(tuning[0]); i++)
		conv_find(parent, tuning[i]);
}

static const char *value_of(struct conv_node *parent, const char *name,
			    const char *other)
{
	struct conv_node *node = conv_find(parent, name);

	return node && node->value[0] ? node->value : other;
}

static bool is_on(struct conv_node *parent, const char *name)
{
	return strcmp(value_of(parent, name, "0"), "0") != 0;
}

/* --- devices ------------------------------------------------------------- */

/* CRC32C as SCST takes it, from 0 and not inverted, of the 0 at the end, too. */
static uint32_t name_crc(const char *name)
{
	uint32_t crc = 0;

	for (size_t i = 0; i <= strlen(name); i++) {
		crc ^= (unsigned char)name[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
	}
	return crc;
}

/* The number that SCST makes of a device's name and the setup's number. */
static uint64_t device_number(struct conv *c, const char *name)
{
	uint64_t setup;

	if (param_number(value_of(&c->root, "setup_id", "0"), UINT32_MAX,
			 &setup))
		setup = 0;
	return setup << 32 | name_crc(name);
}

/* Without other names SCST takes 8 characters of t10_dev_id for an EUI-64. */
static void put_eui64(struct conv *c, struct conv_lun *l, struct conv_node *dev,
		      const char *t10)
{
	char digits[17], id[9] = "";

	if (conv_find(dev, "naa_id") && !conv_find(dev, "eui64_id"))
		return;
	if (conv_find(dev, "eui64_id")) {
		conv_lun_set(c, l, conv_find(dev, "eui64_id"), "EUI64", "%s",
			     value_of(dev, "eui64_id", ""));
	} else {
		memcpy(id, t10, strnlen(t10, 8));
		for (size_t i = 0; i < 8; i++)
			snprintf(digits + 2 * i, 3, "%02x",
				 (unsigned char)id[i]);
		conv_lun_set(c, l, dev, "EUI64", "%s", digits);
	}
	if (!conv_find(dev, "naa_id"))
		conv_warn(c, dev,
			  "%.64s: without naa_id it has no NAA "
			  "designator there; here it has one, which "
			  "some hosts take before EUI-64",
			  dev->value);
}

static void identity(struct conv *c, struct conv_lun *l, struct conv_node *dev,
		     const struct handler *h)
{
	uint64_t nr = device_number(c, dev->value);
	struct conv_node *naa = conv_find(dev, "naa_id");
	struct conv_node *t10 = conv_find(dev, "t10_dev_id");
	struct conv_node *id = conv_find(dev, "vend_specific_id");
	char made[128], sn[32];

	snprintf(made, sizeof(made), "%" PRIx64 "-%.64s", nr, dev->value);
	snprintf(sn, sizeof(sn), "%" PRIx64, nr);
	conv_lun_set(c, l, dev, "VendorId", "%s",
		     value_of(dev, "t10_vend_id", h->vendor));
	conv_lun_set(c, l, dev, "ProductId", "%.*s", PRODUCT_MAX,
		     value_of(dev, "prod_id", dev->value));
	if (conv_find(dev, "prod_rev_lvl"))
		conv_lun_set(c, l, dev, "ProductRev", "%s",
			     value_of(dev, "prod_rev_lvl", ""));
	else
		conv_warn(c, dev,
			  "%.64s: without prod_rev_lvl the revision is "
			  "the version of SCST: see ProductRev",
			  dev->value);
	conv_lun_set(c, l, dev, "ScsiSN", "%s", value_of(dev, "usn", sn));
	conv_lun_set(c, l, id ? id : dev, "ScsiId", "%s",
		     id ? id->value : made);
	if (t10 && !id)
		conv_warn(c, t10,
			  "t10_dev_id: old versions of SCST have it in "
			  "the T10 designator, for which see ScsiId");
	if (naa)
		conv_lun_set(c, l, naa, "NAA", "%s", naa->value);
	put_eui64(c, l, dev, t10 ? t10->value : made);
}

static void geometry(struct conv *c, struct conv_lun *l, struct conv_node *dev,
		     const struct handler *h)
{
	struct conv_node *size = conv_find(dev, "size");
	struct conv_node *mb = conv_find(dev, "size_mb");
	struct conv_node *length = conv_find(dev, "opt_trans_len");
	struct conv_node *block = conv_find(dev, "blocksize");
	uint64_t bytes = 0, unit = 512;

	if (block && !param_number(block->value, 4096, &unit) && unit >= 512)
		conv_lun_set(c, l, block, "BlockSize", "%s", block->value);
	if (length)
		conv_lun_set(c, l, length, "OptimalIO", "%s", length->value);
	if (strcmp(h->type, "nullio") || !(size || mb) || unit < 512)
		return;
	if (param_number(size ? size->value : mb->value, INT64_MAX >> 20,
			 &bytes))
		conv_warn(c, dev, "size: too large, or no number");
	else
		conv_lun_set(c, l, dev, "Blocks", "%" PRIu64,
			     (size ? bytes : bytes << 20) / unit);
}

/* Return: the handler, or NULL after a warning; @dev is set */
static const struct handler *find_device(struct conv *c,
					 const struct conv_node *lun,
					 const char *name,
					 struct conv_node **dev)
{
	struct conv_node *h = NULL;

	while ((h = conv_next(&c->root, h, "HANDLER"))) {
		*dev = NULL;
		while ((*dev = conv_next(h, *dev, "DEVICE")))
			if (!strcmp((*dev)->value, name))
				break;
		for (size_t i = 0;
		     *dev && i < sizeof(handlers) / sizeof(handlers[0]); i++)
			if (!strcmp(handlers[i].name, h->value))
				return &handlers[i];
		if (*dev)
			break;
	}
	conv_warn(c, lun, "%.64s: there is no such medium: not carried over",
		  name);
	return NULL;
}

static void put_device(struct conv *c, struct conv_lun *l,
		       struct conv_node *dev, const struct handler *h)
{
	bool file = !strcmp(h->type, "fileio");

	conv_lun_set(c, l, dev, "Type", "%s", h->type);
	if (is_on(dev, "read_only"))
		conv_lun_set(c, l, dev, "IOMode", "ro");
	else if (file) /* a cache that keeps all is asked for no flush */
		conv_lun_set(c, l, dev, "IOMode",
			     is_on(dev, "write_through") ||
					     is_on(dev, "nv_cache") ?
				     "wt" :
				     "wb");
	if (is_on(dev, "removable"))
		conv_lun_set(c, l, dev, "Removable", "Yes");
	if (is_on(dev, "thin_provisioned"))
		conv_lun_set(c, l, dev, "ThinProvisioned", "Yes");
	if (conv_find(dev, "rotational") && !is_on(dev, "rotational"))
		conv_lun_set(c, l, dev, "RotationRate", "1");
	geometry(c, l, dev, h);
	identity(c, l, dev, h);
}

/* --- LUNs ---------------------------------------------------------------- */

/* LUN NUMBER DEVICE. Return: the device's name, or NULL after a warning */
static const char *parse_lun(struct conv *c, const struct conv_node *lun,
			     uint64_t *number)
{
	char text[16] = "";
	size_t len = strcspn(lun->value, " ");

	if (len < sizeof(text) && lun->value[len]) {
		memcpy(text, lun->value, len);
		if (!param_number(text, IET_LUN_MAX, number))
			return lun->value + len + 1;
	}
	conv_warn(c, lun, "LUN %.64s: no number and device", lun->value);
	return NULL;
}

/* Return: the LUN of the same number that comes before, or NULL */
static struct conv_node *find_before(struct conv_node *target,
				     const struct conv_node *lun)
{
	uint64_t number = strtoull(lun->value, NULL, 0);
	struct conv_node *at = target, *other;

	for (; at; at = conv_next(target, at == target ? NULL : at, "GROUP")) {
		other = NULL;
		while ((other = conv_next(at, other, "LUN"))) {
			if (other == lun)
				return NULL;
			if (strtoull(other->value, NULL, 0) == number)
				return other;
		}
	}
	return NULL;
}

static void write_lun(struct conv *c, struct conv_node *target,
		      struct conv_node *lun)
{
	const struct handler *h;
	struct conv_node *dev, *before;
	struct conv_lun l;
	const char *name;
	uint64_t number;

	name = parse_lun(c, lun, &number);
	if (!name)
		return;
	before = find_before(target, lun);
	if (before) {
		if (strcmp(before->value, lun->value))
			conv_warn(c, lun,
				  "LUN %" PRIu64 ": disks have one LUN "
				  "for all, this one is another "
				  "device's: %.64s is not carried over",
				  number, name);
		return;
	}
	h = find_device(c, lun, name, &dev);
	if (!h)
		return;
	conv_lun_begin(&l, lun);
	if (strcmp(h->type, "nullio") &&
	    !conv_lun_set(c, &l, dev, "Path", "%s",
			  value_of(dev, "filename", ""))) {
		conv_warn(c, dev,
			  "filename: there is none that ietd.conf can "
			  "have: %.64s is not carried over",
			  name);
		conv_lun_drop(&l);
		return;
	}
	put_device(c, &l, dev, h);
	conv_lun_end(c, &l, number);
}

static void write_luns(struct conv *c, struct conv_node *target,
		       struct conv_node *at)
{
	struct conv_node *lun = NULL;

	while ((lun = conv_next(at, lun, "LUN")))
		write_lun(c, target, lun);
}

/* --- groups -------------------------------------------------------------- */

/* SCST's "*" and "?" in our words; false if it is something else */
static bool to_regex(const char *pattern, char *regex, size_t size)
{
	size_t n = 0;

	for (; *pattern && n + 3 < size; pattern++) {
		if (strchr("!#@[]^$\\,/ ", *pattern))
			return false;
		if (*pattern == '*')
			regex[n++] = '.';
		regex[n++] = *pattern == '?' ? '.' : *pattern;
	}
	regex[n] = '\0';
	return n && !*pattern;
}

static void put_access(struct conv *c, const struct conv_node *where,
		       struct conv_node *at, const char *who)
{
	struct conv_node *lun = NULL;
	struct conv_mask mask = { 0 };
	uint64_t nr;

	while ((lun = conv_next(at, lun, "LUN"))) {
		if (!strchr(lun->value, ' '))
			continue;
		nr = strtoull(lun->value, NULL, 0);
		if (nr > IET_LUN_MAX)
			continue;
		mask.how[nr] = is_on(lun, "read_only") ? CONV_RO : CONV_RW;
	}
	conv_mask(c, where, who, &mask);
	conv_access(c, where, who, "none");
}

static bool has_read_only(struct conv_node *target)
{
	struct conv_node *lun = NULL;

	while ((lun = conv_next(target, lun, "LUN")))
		if (is_on(lun, "read_only"))
			return true;
	return false;
}

/* Who is in a group sees its disks alone, all others those of the target. */
static void access_rules(struct conv *c, struct conv_node *target)
{
	struct conv_node *g = NULL, *who;
	char regex[512];

	if (!conv_find(target, "GROUP") && !has_read_only(target))
		return;
	while ((g = conv_next(target, g, "GROUP"))) {
		who = NULL;
		ignore_tuning(g);
		IGNORE(c, g, target_words);
		while ((who = conv_next(g, who, "INITIATOR"))) {
			if (to_regex(who->value, regex, sizeof(regex)))
				put_access(c, who, g, regex);
			else
				conv_error(c, who,
					   "INITIATOR %.64s: no pattern "
					   "that LunAccess can have",
					   who->value);
		}
	}
	put_access(c, target, target, "ALL");
}

/* --- targets ------------------------------------------------------------- */

/* "USER SECRET", the word of both */
static void accounts(struct conv *c, struct conv_node *parent, const char *word)
{
	struct conv_node *node = NULL;
	bool incoming = !strcmp(word, "IncomingUser");
	unsigned int nr = 0;
	char *user, *secret;

	while ((node = conv_next(parent, node, word))) {
		if (!node->value[0])
			continue;
		if (nr++ && !incoming) {
			conv_warn(c, node, "%s: a target has one", word);
			continue;
		}
		user = conv_strndup(node->value, strlen(node->value));
		secret = strchr(user, ' ');
		if (secret)
			*secret++ = '\0';
		conv_account(c, node, word, user, secret ? secret : "", NULL);
		if (secret)
			explicit_bzero(secret, strlen(secret));
		free(user);
	}
}

static const struct {
	const char *scst;
	const char *ours;
} words[] = {
	{ "QueuedCommands", "QueuedCommands" },
	{ "NopInInterval", "NOPInterval" },
	{ "NopInTimeout", "NOPTimeout" },
	{ "MaxSessions", "MaxSessions" },
	{ "alias", "Alias" },
	{ "TargetAlias", "Alias" },
};

static void parameters(struct conv *c, struct conv_node *target)
{
	struct conv_node *node;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		node = conv_find(target, words[i].scst);
		if (node)
			conv_word(c, node, words[i].ours, node->value);
	}
	for (size_t i = 0; i < nr_params; i++) {
		node = params[i].space == PARAM_KEY ?
			       conv_find(target, params[i].name) :
			       NULL;
		/* -1: as much as there can be */
		if (node && strcmp(node->value, "-1"))
			conv_word(c, node, params[i].name, node->value);
	}
	node = NULL;
	while ((node = conv_next(target, node, "allowed_portal")))
		if (strpbrk(node->value, "*?!"))
			conv_error(c, node,
				   "allowed_portal: no address, and "
				   "without it the target is on all");
		else
			conv_word(c, node, "Portal", node->value);
}

static void write_target(struct conv *c, struct conv_node *target)
{
	struct conv_node *g = NULL;

	if (!strcmp(value_of(target, "enabled", "1"), "0")) {
		conv_warn(c, target, "%.128s is not enabled: not carried over",
			  target->value);
		conv_ignore(target);
		return;
	}
	conv_target(c, target, target->value);
	accounts(c, target, "IncomingUser");
	accounts(c, target, "OutgoingUser");
	parameters(c, target);
	write_luns(c, target, target);
	while ((g = conv_next(target, g, "GROUP")))
		write_luns(c, target, g);
	access_rules(c, target);
	ignore_tuning(target);
	conv_ignore_value(c, target, "RspTimeout", "90");
	IGNORE(c, target, target_words);
	conv_allow_begin(c, target->value);
	conv_allow_item(c, target, NULL);
	conv_allow_end(c);
}

/* --- the whole ----------------------------------------------------------- */

static void isns(struct conv *c, struct conv_node *driver)
{
	struct conv_node *node = conv_find(driver, "iSNSServer");
	char *server;
	size_t len;

	if (!node || !node->value[0])
		return;
	len = strcspn(node->value, " ");
	server = conv_strndup(node->value, len);
	conv_word(c, node, "iSNSServer", server);
	free(server);
	if (!strcasecmp(node->value + len, " AccessControl"))
		conv_word(c, node, "iSNSAccessControl", "Yes");
	else if (node->value[len])
		conv_warn(c, node, "iSNSServer: %.64s: not carried over",
			  node->value + len + 1);
}

/* Then its serial number was looked for, or anything else it may have. */
static bool is_served(const struct conv_node *dev)
{
	const struct conv_node *n;

	for (n = dev->child; n; n = n->next)
		if (n->used)
			return true;
	return false;
}

static void check_devices(struct conv *c)
{
	struct conv_node *h = NULL, *dev;

	while ((h = conv_next(&c->root, h, "HANDLER"))) {
		dev = NULL;
		while ((dev = conv_next(h, dev, "DEVICE"))) {
			/* one that no LUN of ours has loses nothing */
			if (!is_served(dev)) {
				conv_ignore(dev);
				continue;
			}
			ignore_tuning(dev);
			IGNORE(c, dev, device_words);
		}
	}
}

static void driver_of_iscsi(struct conv *c, struct conv_node *driver)
{
	struct conv_node *target = NULL;

	if (!strcmp(value_of(driver, "enabled", "1"), "0")) {
		conv_warn(c, driver,
			  "the driver is not enabled: its targets "
			  "are not carried over");
		conv_ignore(driver);
		return;
	}
	accounts(c, driver, "IncomingUser");
	accounts(c, driver, "OutgoingUser");
	isns(c, driver);
	IGNORE(c, driver, driver_words);
	while ((target = conv_next(driver, target, "TARGET")))
		write_target(c, target);
}

int conv_read_scst(struct conv *c, const char *path)
{
	struct conv_node *driver = NULL;

	if (conv_scst_lex(c, path))
		return -1;
	conv_find(&c->root, "setup_id");
	while ((driver = conv_next(&c->root, driver, "TARGET_DRIVER"))) {
		if (!strcmp(driver->value, "iscsi")) {
			driver_of_iscsi(c, driver);
			continue;
		}
		/* it makes a LUN of everything, for EXTENDED COPY alone */
		if (strcmp(driver->value, "copy_manager"))
			conv_warn(c, driver,
				  "the driver %.64s is not carried "
				  "over",
				  driver->value);
		conv_ignore(driver);
	}
	check_devices(c);
	return 0;
}
