// SPDX-License-Identifier: GPL-2.0-only
/*
 * LIO's saveconfig.json, as targetcli and targetctl write it, for iet-convert.
 * It says everything, also what nobody has set: what has LIO's default is left
 * to the default of ours.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "convert.h"
#include "convert_json.h"
#include "params.h"

#define VENDOR "LIO-ORG"
#define REVISION "4.0"
#define MODEL_MAX 16
#define ANY "*"

struct harmless {
	const char *name;
	const char *values; /* with "|" between them, or ANY */
};

/* a target, with its one portal group */
struct target {
	struct conv *c;
	struct conv_node *node;
	struct conv_node *tpg;
	struct conv_node *attributes; /* NULL: none */
	const char *name;
	bool demo; /* who has no ACL may log in */
	bool demo_ro; /* ... and not write */
};

static const char *value_of(struct conv_node *parent, const char *name,
			    const char *other)
{
	struct conv_node *node = parent ? conv_find(parent, name) : NULL;

	return node && node->value[0] ? node->value : other;
}

static bool is_on(struct conv_node *parent, const char *name, bool other)
{
	const char *value = value_of(parent, name, other ? "1" : "0");

	return !strcmp(value, "1") || !strcmp(value, "true");
}

static bool is_harmless(const char *value, const char *values)
{
	size_t len;

	for (;; values += len + 1) {
		len = strcspn(values, "|");
		if (!strncmp(values, ANY, len) ||
		    (strlen(value) == len && !strncmp(value, values, len)))
			return true;
		if (!values[len])
			return false;
	}
}

/* Warns of what is said below a node and is not in a table. */
static void check_harmless(struct conv *c, struct conv_node *parent,
			   const struct harmless *table, size_t nr)
{
	struct conv_node *node;
	size_t i;

	for (node = parent ? parent->child : NULL; node; node = node->next) {
		for (i = 0; i < nr && strcmp(node->name, table[i].name); i++)
			;
		if (i == nr)
			continue;
		node->used = true;
		if (is_harmless(node->value, table[i].values))
			conv_ignore(node);
		else
			conv_warn(c, node, "%s %.64s: not carried over",
				  node->name, node->value);
	}
}

#define CHECK_HARMLESS(c, parent, table) \
	check_harmless(c, parent, table, sizeof(table) / sizeof(table[0]))

/* --- disks --------------------------------------------------------------- */

/*
 * What has no effect on what initiators see, or is here as it is there; the
 * limits are those of LIO.
 */
static const struct harmless store_attributes[] = {
	{ "alua_support", ANY },
	{ "block_size", ANY },
	{ "emulate_3pc", "1" },
	{ "emulate_caw", "1" },
	{ "emulate_dpo", ANY },
	{ "emulate_fua_read", ANY },
	{ "emulate_fua_write", ANY },
	{ "emulate_pr", "1" },
	{ "emulate_rest_reord", "0" },
	{ "emulate_rsoc", ANY },
	{ "emulate_tas", ANY },
	{ "emulate_ua_intlck_ctrl", "0" },
	{ "enforce_pr_isids", "1" },
	{ "force_pr_aptpl", ANY },
	{ "max_unmap_block_desc_count", ANY },
	{ "max_unmap_lba_count", ANY },
	{ "max_write_same_len", ANY },
	{ "optimal_sectors", ANY },
	{ "pgr_support", "1" },
	{ "pi_prot_format", "0" },
	{ "pi_prot_type", "0" },
	{ "pi_prot_verify", "0" },
	{ "queue_depth", ANY },
	{ "submit_type", ANY },
	{ "unmap_granularity", ANY },
	{ "unmap_granularity_alignment", ANY },
	{ "unmap_zeroes_data", ANY },
};

static const struct harmless alua_groups[] = {
	{ "alua_access_state", "0" },
	{ "alua_access_status", ANY },
	{ "alua_access_type", ANY },
	{ "alua_support_active_nonoptimized", ANY },
	{ "alua_support_active_optimized", ANY },
	{ "alua_support_offline", ANY },
	{ "alua_support_standby", ANY },
	{ "alua_support_transitioning", ANY },
	{ "alua_support_unavailable", ANY },
	{ "alua_write_metadata", ANY },
	{ "implicit_trans_secs", "0" },
	{ "name", "default_tg_pt_gp" },
	{ "nonop_delay_msecs", "100" },
	{ "preferred", "0" },
	{ "tg_pt_gp_id", "0" },
	{ "trans_delay_msecs", "0" },
};

static const struct harmless store_words[] = {
	{ "aio", ANY },
	{ "size", ANY }, /* that of the file */
};

static const struct kind {
	const char *plugin;
	const char *type;
	const char *model; /* unless its name is the model */
} kinds[] = {
	{ "fileio", "fileio", "FILEIO" },
	{ "block", "blockio", "IBLOCK" },
};

/* /backstores/PLUGIN/NAME */
static struct conv_node *find_store(struct conv *c, const char *path)
{
	struct conv_node *all = conv_find(&c->root, "storage_objects"), *s;
	char *own;
	int len;
	bool same;

	for (s = all ? all->child : NULL; s; s = s->next) {
		len = asprintf(&own, "/backstores/%s/%s",
			       value_of(s, "plugin", ""),
			       value_of(s, "name", ""));
		if (len < 0)
			return NULL;
		same = !strcmp(own, path);
		free(own);
		if (same)
			return s;
	}
	return NULL;
}

/* NAA 6, LIO's company, and 25 digits of the serial number. */
static void put_naa(struct conv *c, struct conv_lun *l, struct conv_node *wwn)
{
	char digits[26];
	const char *s;
	size_t nr = 0;

	for (s = wwn->value; *s && nr < 25; s++)
		if (isxdigit((unsigned char)*s))
			digits[nr++] = tolower((unsigned char)*s);
	while (nr < 25)
		digits[nr++] = '0';
	digits[nr] = '\0';
	conv_lun_set(c, l, wwn, "NAA", "6001405%s", digits);
}

static void identity(struct conv *c, struct conv_lun *l,
		     struct conv_node *store, const struct kind *kind)
{
	struct conv_node *attributes = conv_find(store, "attributes");
	struct conv_node *wwn = conv_find(store, "wwn");
	const char *model = is_on(attributes, "emulate_model_alias", false) ?
				    value_of(store, "name", kind->model) :
				    kind->model;

	conv_lun_set(c, l, store, "VendorId", VENDOR);
	conv_lun_set(c, l, store, "ProductId", "%.*s", MODEL_MAX, model);
	conv_lun_set(c, l, store, "ProductRev", REVISION);
	if (!wwn || !wwn->value[0]) {
		conv_warn(c, store,
			  "wwn: there is none, so this disk has "
			  "another identity");
		return;
	}
	conv_lun_set(c, l, wwn, "ScsiSN", "%s", wwn->value);
	conv_lun_set(c, l, wwn, "ScsiId", "%.*s:%s", MODEL_MAX, model,
		     wwn->value);
	put_naa(c, l, wwn);
}

static void properties(struct conv *c, struct conv_lun *l,
		       struct conv_node *store, const struct kind *kind)
{
	struct conv_node *at = conv_find(store, "attributes");
	const char *block = value_of(at, "block_size", "512");
	bool file = !strcmp(kind->type, "fileio");
	bool wb = is_on(at, "emulate_write_cache", true);
	bool unmap = is_on(at, "emulate_tpu", false);

	wb = is_on(store, "write_back", false) && wb;
	unmap = is_on(at, "emulate_tpws", false) || unmap;
	if (is_on(store, "readonly", false))
		conv_lun_set(c, l, store, "IOMode", "ro");
	else if (file)
		conv_lun_set(c, l, store, "IOMode", wb ? "wb" : "wt");
	/* a device has its own */
	if (file && strcmp(block, "512"))
		conv_lun_set(c, l, at, "BlockSize", "%s", block);
	if (unmap)
		conv_lun_set(c, l, at, "ThinProvisioned", "Yes");
	if (at && conv_find(at, "is_nonrot"))
		conv_lun_set(c, l, at, "RotationRate", "%s",
			     value_of(at, "is_nonrot", "0"));
}

/* The storage objects that no LUN of ours has lose nothing. */
static void check_stores(struct conv *c)
{
	struct conv_node *all = conv_find(&c->root, "storage_objects");
	struct conv_node *s, *groups, *g;

	for (s = all ? all->child : NULL; s; s = s->next) {
		if (!s->used) {
			conv_ignore(s);
			continue;
		}
		CHECK_HARMLESS(c, s, store_words);
		CHECK_HARMLESS(c, conv_find(s, "attributes"), store_attributes);
		groups = conv_find(s, "alua_tpgs");
		for (g = groups ? groups->child : NULL; g; g = g->next) {
			g->used = true;
			CHECK_HARMLESS(c, g, alua_groups);
		}
	}
}

static void write_lun(struct target *t, struct conv_node *lun)
{
	const char *path = value_of(lun, "storage_object", "");
	const char *index = value_of(lun, "index", "none");
	struct conv_node *store = find_store(t->c, path);
	const struct kind *kind = kinds;
	const struct kind *end = kinds + sizeof(kinds) / sizeof(kinds[0]);
	struct conv_lun l;
	uint64_t nr;

	lun->used = true;
	conv_find(lun, "alias");
	conv_ignore_value(t->c, lun, "alua_tg_pt_gp_name", "default_tg_pt_gp");
	if (!store || param_number(index, UINT64_MAX, &nr)) {
		conv_warn(t->c, lun,
			  "LUN %.64s of %.128s: there is no such "
			  "thing",
			  index, path);
		return;
	}
	while (kind < end &&
	       strcmp(kind->plugin, value_of(store, "plugin", "")))
		kind++;
	if (kind == end) {
		conv_warn(t->c, lun,
			  "%.128s: there is no such medium, LUN %s "
			  "is not carried over",
			  path, index);
		return;
	}
	store->used = true;
	conv_lun_begin(&l, lun);
	if (!conv_lun_set(t->c, &l, store, "Path", "%s",
			  value_of(store, "dev", ""))) {
		conv_warn(t->c, store,
			  "dev: not to be written: LUN %s is not "
			  "carried over",
			  index);
		conv_lun_drop(&l);
		return;
	}
	conv_lun_set(t->c, &l, store, "Type", "%s", kind->type);
	properties(t->c, &l, store, kind);
	identity(t->c, &l, store, kind);
	conv_lun_end(t->c, &l, nr);
}

/* --- who may ------------------------------------------------------------- */

static struct conv_node *first_acl(const struct target *t)
{
	struct conv_node *all = conv_find(t->tpg, "node_acls");

	return all ? all->child : NULL;
}

static bool asks(const struct target *t, struct conv_node *acl)
{
	struct conv_node *own = conv_find(acl, "attributes");
	const char *value = value_of(own, "authentication", "-1");

	return strcmp(value, "-1") ?
		       !strcmp(value, "1") :
		       is_on(t->attributes, "authentication", false);
}

static bool has_account(struct conv_node *node)
{
	const char *user = value_of(node, "chap_userid", "");
	const char *secret = value_of(node, "chap_password", "");

	return user[0] && secret[0];
}

/* Return: how many ACLs have this one's user; -1: with several secrets */
static int same_users(const struct target *t, struct conv_node *node)
{
	struct conv_node *acl;
	int nr = 0;

	for (acl = first_acl(t); acl; acl = acl->next) {
		if (!has_account(acl) ||
		    strcmp(value_of(acl, "chap_userid", ""),
			   value_of(node, "chap_userid", "")))
			continue;
		if (strcmp(value_of(acl, "chap_password", ""),
			   value_of(node, "chap_password", "")))
			return -1;
		nr++;
	}
	return nr;
}

/* Is it the first ACL with this user? */
static bool is_first_user(const struct target *t, struct conv_node *node)
{
	struct conv_node *acl;

	for (acl = first_acl(t); acl != node; acl = acl->next)
		if (has_account(acl) &&
		    !strcmp(value_of(acl, "chap_userid", ""),
			    value_of(node, "chap_userid", "")))
			return false;
	return true;
}

/* Return: how many accounts were written */
static unsigned int acl_account(const struct target *t, struct conv_node *acl)
{
	const char *who = value_of(acl, "node_wwn", "");
	int same;

	if (!has_account(acl)) {
		if (asks(t, acl))
			conv_warn(t->c, acl,
				  "%.64s has no account, and can't "
				  "log in",
				  who);
		return 0;
	}
	same = same_users(t, acl);
	if (same < 0)
		conv_error(t->c, acl,
			   "chap_userid: this user has several "
			   "secrets");
	if (!asks(t, acl))
		conv_warn(t->c, acl,
			  "%.64s: authentication is off there; here "
			  "all have to prove who they are where "
			  "there is an account",
			  who);
	if (same > 0 && is_first_user(t, acl))
		conv_account(t->c, acl, "IncomingUser",
			     value_of(acl, "chap_userid", ""),
			     value_of(acl, "chap_password", ""),
			     same > 1 ? NULL : who);
	return 1;
}

/* There is one for each target. */
static void outgoing(const struct target *t)
{
	struct conv_node *node, *first = NULL;

	for (node = first_acl(t);; node = node->next) {
		/* that of the group comes last */
		if (!node)
			node = t->tpg;
		if (!value_of(node, "chap_mutual_userid", "")[0]) {
			conv_find(node, "chap_mutual_password");
		} else if (!first) {
			first = node;
		} else if (strcmp(value_of(node, "chap_mutual_userid", ""),
				  value_of(first, "chap_mutual_userid", "")) ||
			   strcmp(value_of(node, "chap_mutual_password", ""),
				  value_of(first, "chap_mutual_password",
					   ""))) {
			conv_warn(t->c, node,
				  "chap_mutual_userid: a target "
				  "has one: not carried over");
		}
		if (node == t->tpg)
			break;
	}
	if (first)
		conv_account(t->c, first, "OutgoingUser",
			     value_of(first, "chap_mutual_userid", ""),
			     value_of(first, "chap_mutual_password", ""), NULL);
}

static void accounts(const struct target *t)
{
	bool asked = is_on(t->attributes, "authentication", false);
	struct conv_node *acl;
	unsigned int nr = 0;

	for (acl = first_acl(t); acl; acl = acl->next) {
		asked = asked || asks(t, acl);
		nr += acl_account(t, acl);
	}
	if (has_account(t->tpg) && t->demo) {
		if (same_users(t, t->tpg))
			conv_error(t->c, t->tpg,
				   "chap_userid: an ACL has this "
				   "user, too");
		conv_account(t->c, t->tpg, "IncomingUser",
			     value_of(t->tpg, "chap_userid", ""),
			     value_of(t->tpg, "chap_password", ""), NULL);
		nr++;
	} else if (has_account(t->tpg)) {
		conv_warn(t->c, t->tpg,
			  "chap_userid: without "
			  "generate_node_acls nobody uses the "
			  "account of the group: not carried "
			  "over");
	}
	if (asked && !nr)
		conv_error(t->c, t->tpg,
			   "authentication: there is no account, "
			   "so nobody could log in there, and "
			   "here everybody");
	outgoing(t);
}

/* --- which disks they see ------------------------------------------------ */

static bool maps(struct conv_node *acl, const char *lun)
{
	struct conv_node *all = conv_find(acl, "mapped_luns"), *m;

	for (m = all ? all->child : NULL; m; m = m->next)
		if (!strcmp(value_of(m, "tpg_lun", ""), lun))
			return !is_on(m, "write_protect", false) &&
			       !strcmp(value_of(m, "index", lun), lun);
	return false;
}

/* Does this ACL see every disk, and may it write? */
static bool sees_all(const struct target *t, struct conv_node *acl)
{
	struct conv_node *all = conv_find(t->tpg, "luns"), *lun;

	for (lun = all ? all->child : NULL; lun; lun = lun->next)
		if (!maps(acl, value_of(lun, "index", "")))
			return false;
	return true;
}

static void map(const struct target *t, struct conv_node *m,
		struct conv_mask *mask)
{
	const char *lun = value_of(m, "tpg_lun", "none");
	const char *index = value_of(m, "index", lun);
	uint64_t nr;

	if (param_number(lun, IET_LUN_MAX, &nr)) {
		conv_warn(t->c, m, "tpg_lun %.64s: no LUN: not carried over",
			  lun);
		return;
	}
	if (strcmp(index, lun))
		conv_warn(t->c, m,
			  "index %.64s: disks have one LUN for all, "
			  "it is %s",
			  index, lun);
	mask->how[nr] = is_on(m, "write_protect", false) ? CONV_RO : CONV_RW;
}

static const struct harmless map_words[] = {
	{ "alias", ANY },
	{ "index", ANY },
	{ "tpg_lun", ANY },
	{ "write_protect", ANY },
};

static void masks(const struct target *t)
{
	struct conv_node *acl, *all, *m;
	bool needed = t->demo && t->demo_ro;

	for (acl = first_acl(t); acl; acl = acl->next)
		needed = !sees_all(t, acl) || needed;
	for (acl = first_acl(t); acl; acl = acl->next) {
		const char *who = value_of(acl, "node_wwn", "");
		struct conv_mask mask = { 0 };

		all = conv_find(acl, "mapped_luns");
		for (m = all ? all->child : NULL; m; m = m->next) {
			CHECK_HARMLESS(t->c, m, map_words);
			m->used = true;
			if (needed)
				map(t, m, &mask);
		}
		conv_mask(t->c, acl, who, &mask);
		/* what others see is not for this one */
		if (needed && (t->demo || !all || !all->child))
			conv_access(t->c, acl, who, "none");
	}
	if (needed && t->demo)
		conv_access(t->c, t->tpg, "ALL", t->demo_ro ? "all ro" : "all");
}

static void allow(const struct target *t)
{
	struct conv_node *acl;

	conv_allow_begin(t->c, t->name);
	if (t->demo)
		conv_allow_item(t->c, t->tpg, NULL);
	else
		t->c->restricted = true;
	for (acl = first_acl(t); acl && !t->demo; acl = acl->next)
		conv_allow_item(t->c, acl, value_of(acl, "node_wwn", ""));
	conv_allow_end(t->c);
}

/* --- targets ------------------------------------------------------------- */

static const struct harmless acl_attributes[] = {
	{ "authentication", "-1|0|1" },
	{ "dataout_timeout", ANY },
	{ "dataout_timeout_retries", ANY },
	{ "default_erl", ANY },
	{ "nopin_response_timeout", "30" },
	{ "nopin_timeout", "15" },
	{ "random_datain_pdu_offsets", "0" },
	{ "random_datain_seq_offsets", "0" },
	{ "random_r2t_offsets", "0" },
};

static const struct harmless tpg_attributes[] = {
	{ "authentication", "0|1" },
	{ "cache_dynamic_acls", ANY },
	{ "default_erl", ANY },
	{ "demo_mode_discovery", ANY },
	{ "demo_mode_write_protect", "0|1" },
	{ "fabric_prot_type", "0" },
	{ "generate_node_acls", "0|1" },
	{ "login_keys_workaround", ANY },
	{ "login_timeout", ANY },
	{ "netif_timeout", ANY },
	{ "prod_mode_write_protect", "0" },
	{ "t10_pi", "0" },
	{ "tpg_enabled_sendtargets", "1" },
};

static const struct harmless acl_words[] = {
	{ "alias", ANY },
	{ "tag", ANY },
};

static const struct harmless target_words[] = {
	{ "cmd_completion_affinity", ANY },
};

/* what LIO's parameters are if nobody has set them */
static const struct harmless defaults[] = {
	{ "AuthMethod", ANY },
	{ "DataDigest", "CRC32C,None" },
	{ "DataPDUInOrder", "Yes" },
	{ "DataSequenceInOrder", "Yes" },
	{ "DefaultTime2Retain", "20" },
	{ "DefaultTime2Wait", "2" },
	{ "ErrorRecoveryLevel", "0" },
	{ "FirstBurstLength", "65536" },
	{ "HeaderDigest", "CRC32C,None" },
	{ "IFMarkInt", ANY },
	{ "IFMarker", "No" },
	{ "ImmediateData", "Yes" },
	{ "InitialR2T", "Yes" },
	{ "MaxBurstLength", "262144" },
	{ "MaxConnections", "1" },
	{ "MaxOutstandingR2T", "1" },
	{ "MaxRecvDataSegmentLength", "8192" },
	{ "MaxXmitDataSegmentLength", "262144" },
	{ "OFMarkInt", ANY },
	{ "OFMarker", "No" },
	{ "TargetAlias", "LIO Target" },
};

static void parameters(const struct target *t)
{
	struct conv_node *all = conv_find(t->tpg, "parameters"), *node;
	const char *word, *value;

	for (size_t i = 0; all && i < sizeof(defaults) / sizeof(defaults[0]);
	     i++) {
		node = conv_find(all, defaults[i].name);
		if (!node || is_harmless(node->value, defaults[i].values))
			continue;
		word = strcmp(node->name, "TargetAlias") ? node->name : "Alias";
		conv_word(t->c, node, word, node->value);
	}
	value = value_of(t->attributes, "default_cmdsn_depth", "64");
	if (strcmp(value, "64"))
		conv_word(t->c, conv_find(t->attributes, "default_cmdsn_depth"),
			  "QueuedCommands", value);
}

static bool is_any(const char *ip)
{
	return !strcmp(ip, "0.0.0.0") || !strcmp(ip, "::") ||
	       !strcmp(ip, "[::]") || !strcmp(ip, "::0") ||
	       !strcmp(ip, "[::0]");
}

static void write_portal(const struct target *t, struct conv_node *node)
{
	const char *ip = value_of(node, "ip_address", "");
	const char *port = value_of(node, "port", "3260");
	bool brackets = strchr(ip, ':') && ip[0] != '[';
	char text[128];

	snprintf(text, sizeof(text), "%s%.64s%s%s%.16s", brackets ? "[" : "",
		 ip, brackets ? "]" : "", strcmp(port, "3260") ? ":" : "",
		 strcmp(port, "3260") ? port : "");
	conv_word(t->c, node, "Portal", text);
}

/* All addresses are what a target is on unless there are words for some. */
static int portals(const struct target *t)
{
	struct conv_node *all = conv_find(t->tpg, "portals"), *node;
	unsigned int nr = 0;
	bool any = false;

	for (node = all ? all->child : NULL; node; node = node->next) {
		node->used = true;
		conv_find(node, "offload");
		conv_find(node, "port");
		if (is_on(node, "iser", false)) {
			conv_warn(t->c, node,
				  "iser: this portal is not "
				  "carried over");
			conv_ignore(node);
			continue;
		}
		nr++;
		if (!is_any(value_of(node, "ip_address", "")))
			continue;
		any = true;
		if (strcmp(value_of(node, "port", "3260"), "3260"))
			conv_warn(t->c, node, "port %.16s: see ietd -p",
				  value_of(node, "port", ""));
	}
	if (!nr) {
		conv_warn(t->c, t->tpg,
			  "%.128s has no portal: it is not "
			  "carried over",
			  t->name);
		return -1;
	}
	conv_target(t->c, t->node, t->name);
	for (node = all->child; node && !any; node = node->next)
		if (!is_on(node, "iser", false))
			write_portal(t, node);
	return 0;
}

/* Return: the first group in use, or NULL after a warning */
static struct conv_node *choose_group(struct conv *c, struct conv_node *target)
{
	struct conv_node *all = conv_find(target, "tpgs"), *g, *found = NULL;

	for (g = all ? all->child : NULL; g; g = g->next) {
		g->used = true;
		if (!found && is_on(g, "enable", true)) {
			found = g;
			conv_ignore_value(c, g, "tag", "1");
			continue;
		}
		conv_warn(c, g,
			  "portal group %.16s of %.128s: not carried "
			  "over",
			  value_of(g, "tag", "?"), value_of(target, "wwn", ""));
		conv_ignore(g);
	}
	return found;
}

static void check_acls(const struct target *t)
{
	struct conv_node *acl;

	for (acl = first_acl(t); acl; acl = acl->next) {
		acl->used = true;
		CHECK_HARMLESS(t->c, acl, acl_words);
		CHECK_HARMLESS(t->c, conv_find(acl, "attributes"),
			       acl_attributes);
	}
}

static void write_target(struct conv *c, struct conv_node *node)
{
	struct target t = { .c = c, .node = node };
	struct conv_node *luns, *lun;

	t.tpg = choose_group(c, node);
	t.name = value_of(node, "wwn", "");
	CHECK_HARMLESS(c, conv_find(node, "parameters"), target_words);
	if (!t.tpg)
		return;
	t.attributes = conv_find(t.tpg, "attributes");
	t.demo = is_on(t.attributes, "generate_node_acls", false);
	t.demo_ro = is_on(t.attributes, "demo_mode_write_protect", true);
	if (portals(&t)) {
		conv_ignore(t.tpg);
		return;
	}
	accounts(&t);
	parameters(&t);
	luns = conv_find(t.tpg, "luns");
	for (lun = luns ? luns->child : NULL; lun; lun = lun->next)
		write_lun(&t, lun);
	masks(&t);
	allow(&t);
	check_acls(&t);
	CHECK_HARMLESS(c, t.attributes, tpg_attributes);
}

/* --- the whole ----------------------------------------------------------- */

static void discovery(struct conv *c)
{
	struct conv_node *all = conv_find(&c->root, "fabric_modules"), *f;

	for (f = all ? all->child : NULL; f; f = f->next) {
		f->used = true;
		if (strcmp(value_of(f, "name", ""), "iscsi") ||
		    !is_on(f, "discovery_enable_auth", true)) {
			conv_ignore(f);
			continue;
		}
		conv_account(c, f, "IncomingUser",
			     value_of(f, "discovery_userid", ""),
			     value_of(f, "discovery_password", ""), NULL);
		if (value_of(f, "discovery_mutual_userid", "")[0])
			conv_account(c, f, "OutgoingUser",
				     value_of(f, "discovery_mutual_userid", ""),
				     value_of(f, "discovery_mutual_password",
					      ""),
				     NULL);
		else
			conv_find(f, "discovery_mutual_password");
	}
}

int conv_read_lio(struct conv *c, const char *path)
{
	struct conv_node *all, *target;

	if (conv_json_read(c, path))
		return -1;
	discovery(c);
	all = conv_find(&c->root, "targets");
	for (target = all ? all->child : NULL; target; target = target->next) {
		target->used = true;
		if (!strcmp(value_of(target, "fabric", ""), "iscsi")) {
			write_target(c, target);
			continue;
		}
		conv_warn(c, target,
			  "%.128s: a target of %.64s is not "
			  "carried over",
			  value_of(target, "wwn", ""),
			  value_of(target, "fabric", ""));
		conv_ignore(target);
	}
	check_stores(c);
	return 0;
}
