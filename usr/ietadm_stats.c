// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the module has counted, as a table for people or as JSON for programs.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ietadm.h"
#include "ietadm_json.h"
#include "kernel.h"

/* by enum iet_stat_attr, from 0 on */
static const char *const stat_names[IET_STATS_NR] = {
	"reads",  "writes",  "others", "read_bytes",	"write_bytes", "checks",
	"errors", "aborted", "r2ts",   "digest_errors", "rejects",     "tmfs",
};

/* by enum iet_latency_attr, from 0 on */
static const char *const latency_names[IET_H_MAX] = {
	"read_total",
	"read_device",
	"write_total",
	"write_device",
};

/* what there is of a target */
struct view {
	const struct request *q;
	const struct kernel_target *target;
	struct kernel_lun *lun;
	size_t nr_luns;
	struct kernel_nexus *nexus;
	size_t nr_nexuses;
	struct kernel_session *session;
	size_t nr_sessions;
};

static void view_free(struct view *v)
{
	free(v->lun);
	free(v->nexus);
	free(v->session);
}

static int append(void **array, size_t *nr, const void *one, size_t size)
{
	char *more = reallocarray(*array, *nr + 1, size);

	if (!more)
		return -ENOMEM;
	*array = more;
	memcpy(more + *nr * size, one, size);
	++*nr;
	return 0;
}

static bool wants_lun(const struct request *q, uint32_t lun)
{
	return !(q->has & HAS_LUN) || lun == q->lun;
}

static bool wants_session(const struct request *q, uint64_t sid)
{
	return !(q->has & HAS_SID) || sid == q->sid;
}

static int add_lun(const struct kernel_lun *l, void *arg)
{
	struct view *v = arg;

	/* of all initiators: not what was asked for */
	if (!wants_lun(v->q, l->lun) || v->q->has & HAS_SID)
		return 0;
	return append((void **)&v->lun, &v->nr_luns, l, sizeof(*l));
}

static int add_nexus(const struct kernel_nexus *n, void *arg)
{
	struct view *v = arg;

	if (!wants_lun(v->q, n->lun) || !wants_session(v->q, n->sid))
		return 0;
	return append((void **)&v->nexus, &v->nr_nexuses, n, sizeof(*n));
}

static int add_session(const struct kernel_session *s, void *arg)
{
	struct view *v = arg;

	/* of all LUNs: not what was asked for */
	if (!wants_session(v->q, s->sid) || v->q->has & HAS_LUN)
		return 0;
	return append((void **)&v->session, &v->nr_sessions, s, sizeof(*s));
}

static int view_read(struct view *v)
{
	uint32_t tid = v->target->tid;
	int err = kernel->lun_stats(tid, add_lun, v);

	if (!err)
		err = kernel->nexus_stats(tid, add_nexus, v);
	if (!err)
		err = kernel->session_stats(tid, add_session, v);
	return err;
}

/* --- for people --- */

#define WIDE 14 /* a column of bytes */
#define NARROW 10

static int width(unsigned int i)
{
	return i == IET_ST_READ_BYTES - 1 || i == IET_ST_WRITE_BYTES - 1 ||
			       i == IET_ST_DIGEST_ERRORS - 1 ?
		       WIDE :
		       NARROW;
}

static void print_head(FILE *out, const char *first, unsigned int nr)
{
	unsigned int i;

	fprintf(out, "\t%5s %20s", first, "session");
	for (i = 0; i < nr; i++)
		fprintf(out, " %*s", width(i), stat_names[i]);
	fputs("  initiator\n", out);
}

static void print_row(FILE *out, const char *lun, const char *session,
		      const struct kernel_stats *stats, unsigned int nr,
		      const char *initiator)
{
	unsigned int i;

	fprintf(out, "\t%5s %20s", lun, session);
	for (i = 0; i < nr; i++)
		fprintf(out, " %*llu", width(i),
			(unsigned long long)stats->nr[i]);
	fprintf(out, "  %s\n", initiator);
}

static const char *number(char *buf, size_t size, uint64_t n)
{
	snprintf(buf, size, "%llu", (unsigned long long)n);
	return buf;
}

static void print_nexuses(const struct view *v, const uint32_t *lun)
{
	char nr[24], sid[24];
	size_t i;

	for (i = 0; i < v->nr_nexuses; i++) {
		const struct kernel_nexus *n = &v->nexus[i];

		if (!lun || n->lun == *lun)
			print_row(v->q->out, number(nr, sizeof(nr), n->lun),
				  number(sid, sizeof(sid), n->sid), &n->stats,
				  IET_STATS_LUN, n->initiator);
	}
}

static void print_sessions(const struct view *v)
{
	char sid[24];
	size_t i;

	if (v->nr_sessions)
		print_head(v->q->out, "", IET_STATS_NR);
	for (i = 0; i < v->nr_sessions; i++)
		print_row(v->q->out, "all",
			  number(sid, sizeof(sid), v->session[i].sid),
			  &v->session[i].stats, IET_STATS_NR,
			  v->session[i].initiator);
}

static bool is_empty_row(const struct kernel_latency *h, unsigned int row)
{
	unsigned int i;

	for (i = 0; i < IET_H_MAX; i++)
		if (h->nr[i][row])
			return false;
	return true;
}

static void print_latency(FILE *out, const struct kernel_lun *l)
{
	const struct kernel_latency *h = &l->latency;
	unsigned int row, i;

	fprintf(out, "\tlun %u, commands by microseconds%s:\n\t%21s", l->lun,
		l->timed ? "" : " (switched off)", "");
	for (i = 0; i < IET_H_MAX; i++)
		fprintf(out, " %12s", latency_names[i]);
	fputc('\n', out);
	for (row = 0; row < IET_LATENCY_BUCKETS; row++) {
		bool last = row == IET_LATENCY_BUCKETS - 1;

		if (is_empty_row(h, row))
			continue;
		fprintf(out, "\t%12s %8u", last ? "at least" : "less than",
			1U << (last ? row - 1 : row));
		for (i = 0; i < IET_H_MAX; i++)
			fprintf(out, " %12llu",
				(unsigned long long)h->nr[i][row]);
		fputc('\n', out);
	}
}

static void print_view(const struct view *v)
{
	FILE *out = v->q->out;
	char nr[24];
	size_t i;

	fprintf(out, "target %u: %s\n", v->target->tid, v->target->name);
	if (v->nr_luns || v->nr_nexuses)
		print_head(out, "lun", IET_STATS_LUN);
	for (i = 0; i < v->nr_luns; i++) {
		const struct kernel_lun *l = &v->lun[i];

		print_row(out, number(nr, sizeof(nr), l->lun), "all", &l->stats,
			  IET_STATS_LUN, "all");
		print_nexuses(v, &l->lun);
	}
	if (v->q->has & HAS_SID)
		print_nexuses(v, NULL);
	print_sessions(v);
	for (i = 0; i < v->nr_luns; i++)
		if (v->lun[i].set & K_HAS(IET_L_LATENCY))
			print_latency(out, &v->lun[i]);
}

/* --- for programs --- */

static void json_stats(struct json *j, const struct kernel_stats *stats,
		       unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		json_number(j, stat_names[i], stats->nr[i]);
}

/* a number of 64 bits is more than many programs can read */
static void json_sid(struct json *j, uint64_t sid, const char *initiator)
{
	char text[24];

	json_string(j, "sid", number(text, sizeof(text), sid));
	json_string(j, "initiator", initiator);
}

static void json_latency(struct json *j, const struct kernel_lun *l)
{
	unsigned int i, row;

	json_open(j, "latency_us", "{");
	json_number(j, "on", l->timed);
	json_open(j, "less_than", "[");
	for (row = 0; row < IET_LATENCY_BUCKETS - 1; row++)
		json_number(j, NULL, 1U << row);
	json_close(j, "]");
	for (i = 0; i < IET_H_MAX; i++) {
		json_open(j, latency_names[i], "[");
		for (row = 0; row < IET_LATENCY_BUCKETS; row++)
			json_number(j, NULL, l->latency.nr[i][row]);
		json_close(j, "]");
	}
	json_close(j, "}");
}

static void json_luns(struct json *j, const struct view *v)
{
	size_t i;

	json_open(j, "luns", "[");
	for (i = 0; i < v->nr_luns; i++) {
		const struct kernel_lun *l = &v->lun[i];

		json_open(j, NULL, "{");
		json_number(j, "lun", l->lun);
		json_string(j, "path", l->path);
		json_stats(j, &l->stats, IET_STATS_LUN);
		if (l->set & K_HAS(IET_L_LATENCY))
			json_latency(j, l);
		json_close(j, "}");
	}
	json_close(j, "]");
}

static void json_nexuses(struct json *j, const struct view *v)
{
	size_t i;

	json_open(j, "nexuses", "[");
	for (i = 0; i < v->nr_nexuses; i++) {
		const struct kernel_nexus *n = &v->nexus[i];

		json_open(j, NULL, "{");
		json_number(j, "lun", n->lun);
		json_sid(j, n->sid, n->initiator);
		json_stats(j, &n->stats, IET_STATS_LUN);
		json_close(j, "}");
	}
	json_close(j, "]");
}

static void json_sessions(struct json *j, const struct view *v)
{
	size_t i;

	json_open(j, "sessions", "[");
	for (i = 0; i < v->nr_sessions; i++) {
		const struct kernel_session *s = &v->session[i];

		json_open(j, NULL, "{");
		json_sid(j, s->sid, s->initiator);
		json_stats(j, &s->stats, IET_STATS_NR);
		json_close(j, "}");
	}
	json_close(j, "]");
}

static void json_view(struct json *j, const struct view *v)
{
	json_open(j, NULL, "{");
	json_number(j, "tid", v->target->tid);
	json_string(j, "name", v->target->name);
	json_luns(j, v);
	json_nexuses(j, v);
	json_sessions(j, v);
	json_close(j, "}");
}

/* --- which --- */

struct stats_request {
	struct request *q;
	struct json json;
	bool found;
};

static int show_target(const struct kernel_target *t, void *arg)
{
	struct stats_request *r = arg;
	struct view v = { .q = r->q, .target = t };
	bool all = !(r->q->has & (HAS_LUN | HAS_SID));
	int err;

	if (r->q->has & HAS_TID && t->tid != r->q->tid)
		return 0;
	err = view_read(&v);
	if (!err && (all || v.nr_luns || v.nr_sessions || v.nr_nexuses)) {
		r->found = true;
		if (r->q->has & HAS_JSON)
			json_view(&r->json, &v);
		else
			print_view(&v);
	}
	view_free(&v);
	/* gone since the dump of the targets was made */
	return err == -ENOENT ? 0 : err;
}

int ietadm_show_stats(struct request *q)
{
	struct stats_request r = { .q = q, .json = { .out = q->out } };
	int err;

	if (q->has & HAS_JSON) {
		json_open(&r.json, NULL, "{");
		json_open(&r.json, "targets", "[");
	}
	err = kernel->target_dump(show_target, &r);
	if (q->has & HAS_JSON) {
		json_close(&r.json, "]");
		json_close(&r.json, "}");
		fputc('\n', q->out);
	}
	if (err == -ENOMEM)
		return ietadm_fail(q, err, "%s", strerror(ENOMEM));
	if (err)
		return ietadm_kernel_fail(q, err);
	if (q->has & HAS_TID && !r.found)
		return ietadm_fail(q, -ENOENT,
				   "there is no such target, session or LUN");
	return 0;
}
