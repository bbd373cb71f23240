// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "iet_netlink.h"
#include "ietadm.h"

/* those without a letter */
enum {
	OPT_STATS = 256,
	OPT_JSON,
	OPT_DRY_RUN,
	OPT_PROMETHEUS,
	OPT_CONFIG,
	OPT_SECRETS,
};

static const struct option long_options[] = {
	{ "op", required_argument, NULL, 'o' },
	{ "tid", required_argument, NULL, 't' },
	{ "name", required_argument, NULL, 'n' },
	{ "sid", required_argument, NULL, 's' },
	{ "cid", required_argument, NULL, 'c' },
	{ "lun", required_argument, NULL, 'l' },
	{ "redirect", required_argument, NULL, 'r' },
	{ "params", required_argument, NULL, 'p' },
	{ "user", no_argument, NULL, 'u' },
	{ "fault", optional_argument, NULL, 'f' },
	{ "stats", no_argument, NULL, OPT_STATS },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "dry-run", optional_argument, NULL, OPT_DRY_RUN },
	{ "prometheus", no_argument, NULL, OPT_PROMETHEUS },
	{ "config", no_argument, NULL, OPT_CONFIG },
	{ "secrets", no_argument, NULL, OPT_SECRETS },
	{ "version", no_argument, NULL, 'v' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static const char *const op_names[] = {
	[OP_NEW] = "new",   [OP_DELETE] = "delete", [OP_UPDATE] = "update",
	[OP_SHOW] = "show", [OP_RELOAD] = "reload",
};

static int wrong(const struct request *q, const char *option, const char *text)
{
	fprintf(q->err, "ietadm: --%s: \"%s\" is not valid\n", option, text);
	return -EINVAL;
}

static int set_op(struct request *q, const char *text)
{
	size_t i;

	for (i = OP_NEW; i < sizeof(op_names) / sizeof(op_names[0]); i++)
		if (!strcmp(op_names[i], text)) {
			q->op = i;
			return 0;
		}
	return wrong(q, "op", text);
}

/* Ids are decimal, so that a leading zero changes nothing. */
static int set_id(struct request *q, const char *option, unsigned int has,
		  const char *text, uint64_t max, uint64_t *id)
{
	char *end;

	errno = 0;
	*id = strtoull(text, &end, 10);
	if (!isdigit((unsigned char)*text) || *end || errno || *id > max)
		return wrong(q, option, text);
	q->has |= has;
	return 0;
}

static int two_targets(const struct request *q)
{
	fprintf(q->err, "ietadm: either --tid or --name\n");
	return -EINVAL;
}

static int set_tid(struct request *q, const char *text)
{
	uint64_t id;
	int err;

	if (q->name)
		return two_targets(q);
	err = set_id(q, "tid", HAS_TID, text, UINT32_MAX, &id);
	q->tid = id;
	return err;
}

/* The number is looked up when the request is carried out. */
static int set_name(struct request *q, const char *text)
{
	if (!q->name && q->has & HAS_TID)
		return two_targets(q);
	q->name = text;
	q->has |= HAS_TID;
	return 0;
}

static int set_params(struct request *q, const char *text)
{
	if (q->params) {
		explicit_bzero(q->params, strlen(q->params));
		free(q->params);
	}
	q->params = strdup(text);
	if (!q->params)
		return -ENOMEM;
	q->has |= HAS_PARAMS;
	return 0;
}

static int set_option(struct request *q, int c, const char *text)
{
	uint64_t id = 0;
	int err = 0;

	switch (c) {
	case 'o':
		return set_op(q, text);
	case 't':
		return set_tid(q, text);
	case 'n':
		return set_name(q, text);
	case 's':
		return set_id(q, "sid", HAS_SID, text, UINT64_MAX, &q->sid);
	case 'c':
		err = set_id(q, "cid", HAS_CID, text, UINT16_MAX, &id);
		q->cid = id;
		return err;
	case 'l':
		err = set_id(q, "lun", HAS_LUN, text, IET_LUN_MAX, &id);
		q->lun = id;
		return err;
	case 'r':
		q->redirect = text;
		q->has |= HAS_REDIRECT;
		return 0;
	case 'p':
		return set_params(q, text);
	case 'u':
		q->has |= HAS_USER;
		return 0;
	case 'f':
		q->fault = text;
		q->has |= HAS_FAULT;
		return 0;
	case OPT_STATS:
		q->has |= HAS_STATS;
		return 0;
	case OPT_JSON:
		q->has |= HAS_JSON;
		return 0;
	case OPT_DRY_RUN:
		q->file = text;
		q->has |= HAS_DRY_RUN;
		return 0;
	case OPT_PROMETHEUS:
		q->has |= HAS_PROMETHEUS;
		return 0;
	case OPT_CONFIG:
		q->has |= HAS_CONFIG;
		return 0;
	case OPT_SECRETS:
		q->has |= HAS_SECRETS;
		return 0;
	case 'v':
		q->version = true;
		return 0;
	case 'h':
		q->help = true;
		return 0;
	}
	return -EINVAL;
}

static void describe(struct request *q)
{
	FILE *f = fmemopen(q->what, sizeof(q->what) - 1, "w");

	if (!f)
		return;
	fputs(op_names[q->op], f);
	if (q->has & HAS_USER)
		fputs(" user", f);
	if (q->has & HAS_FAULT)
		fprintf(f, " fault%s%s%s", q->fault ? " " : "",
			q->fault ? q->fault : "",
			q->has & (HAS_SID | HAS_LUN | HAS_TID) ? " of" : "");
	if (q->has & HAS_CONFIG)
		fputs(" config", f);
	if (q->has & HAS_STATS)
		fprintf(f, " stats%s", q->has & HAS_TID ? " of" : "");
	if (q->has & HAS_CID)
		fprintf(f, " connection %u of", q->cid);
	if (q->has & HAS_SID)
		fprintf(f, " session %llu of", (unsigned long long)q->sid);
	if (q->has & HAS_LUN)
		fprintf(f, " lun %u of", q->lun);
	if (q->has & HAS_TID)
		fprintf(f, "%s target ", q->has & HAS_USER ? " of" : "");
	if (q->name)
		fputs(q->name, f);
	else if (q->has & HAS_TID)
		fprintf(f, "%u", q->tid);
	fclose(f);
}

int ietadm_options(struct request *q, int argc, char **argv)
{
	int c, err;

	optind = 0;
	while ((c = getopt_long(argc, argv, "o:t:n:s:c:l:r:p:uf::vh",
				long_options, NULL)) >= 0) {
		err = set_option(q, c, optarg);
		if (err)
			return err;
	}
	if (q->help || q->version)
		return 0;
	if (optind < argc) {
		fprintf(q->err, "ietadm: what is \"%s\"?\n", argv[optind]);
		return -EINVAL;
	}
	if (!q->op) {
		fprintf(q->err, "ietadm: --op is missing\n");
		return -EINVAL;
	}
	describe(q);
	return 0;
}

void ietadm_hide(int argc, char **argv)
{
	static const char key[] = "password=";
	int i;

	for (i = 1; i < argc; i++) {
		char *p = strcasestr(argv[i], key);

		if (p)
			explicit_bzero(p + strlen(key),
				       strlen(p + strlen(key)));
	}
}
