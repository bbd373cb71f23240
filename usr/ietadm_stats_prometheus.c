// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counters in the text format of Prometheus, for the textfile collector of its
 * node exporter.  All samples of a metric have to be in one piece, but targets
 * come one after the other: each metric has a buffer.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ietadm_stats.h"
#include "utf8.h"

/* of enum iet_stat_attr, from 0 on: those of LUNs come first */
static const char *const helps[IET_STATS_NR] = {
	"Commands that read the medium.",
	"Commands that bring data for the medium.",
	"Other commands.",
	"Bytes read by commands that went well.",
	"Bytes written by commands that went well.",
	"Commands that ended with CHECK CONDITION.",
	"Commands that ended with BUSY, TASK SET FULL and the like.",
	"Commands that ended without a status, or with TASK ABORTED.",
	"R2Ts sent.",
	"PDUs that came damaged.",
	"Rejects sent.",
	"Task management functions.",
};

enum {
	M_TARGET_SESSIONS,
	M_LUN_INFO,
	M_LATENCY,
	M_LUN,
	M_SESSION = M_LUN + IET_STATS_LUN,
	M_NR = M_SESSION + IET_STATS_NR,
};

struct metric {
	FILE *f;
	char *text;
	size_t len;
};

struct metrics {
	FILE *out;
	struct metric of[M_NR];
};

/*
 * Label values are UTF-8, in quotes.  Names and paths are bytes to the kernel;
 * what is no UTF-8 goes as Latin 1.
 */
static void put_value(FILE *f, const char *s)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t len;

	fputc('"', f);
	for (; *p; p += len) {
		len = utf8_len(p);
		if (*p == '"' || *p == '\\')
			fprintf(f, "\\%c", *p);
		else if (*p == '\n')
			fputs("\\n", f);
		else if (!len)
			fprintf(f, "%c%c", 0xc0 | *p >> 6, 0x80 | (*p & 0x3f));
		else
			fwrite(p, len, 1, f);
		len = len ? len : 1;
	}
	fputc('"', f);
}

static void put_lun(FILE *f, const struct stats_view *v,
		    const struct kernel_lun *l)
{
	fputs("{target=", f);
	put_value(f, v->target->name);
	fprintf(f, ",lun=\"%u\"", l->lun);
}

static void put_number(FILE *f, uint64_t n)
{
	fprintf(f, "} %llu\n", (unsigned long long)n);
}

static void put_histogram(FILE *f, const struct stats_view *v,
			  const struct kernel_lun *l, unsigned int i)
{
	/* by enum iet_latency_attr, from 0 on */
	static const char *const labels[IET_H_MAX] = {
		",op=\"read\",phase=\"total\"",
		",op=\"read\",phase=\"device\"",
		",op=\"write\",phase=\"total\"",
		",op=\"write\",phase=\"device\"",
	};
	uint64_t sum = 0;
	unsigned int row;

	for (row = 0; row < IET_LATENCY_BUCKETS; row++) {
		sum += l->latency.nr[i][row];
		fputs("iet_lun_latency_seconds_bucket", f);
		put_lun(f, v, l);
		fputs(labels[i], f);
		if (row < IET_LATENCY_BUCKETS - 1)
			fprintf(f, ",le=\"%.8g\"", (1U << row) / 1e6);
		else
			fputs(",le=\"+Inf\"", f);
		put_number(f, sum);
	}
	fputs("iet_lun_latency_seconds_count", f);
	put_lun(f, v, l);
	fputs(labels[i], f);
	put_number(f, sum);
}

static void add_lun(struct metrics *m, const struct stats_view *v,
		    const struct kernel_lun *l)
{
	FILE *f = m->of[M_LUN_INFO].f;
	unsigned int i;

	fputs("iet_lun_info", f);
	put_lun(f, v, l);
	fputs(",path=", f);
	put_value(f, l->path);
	put_number(f, 1);
	for (i = 0; i < IET_STATS_LUN; i++) {
		f = m->of[M_LUN + i].f;
		fprintf(f, "iet_lun_%s_total", stat_names[i]);
		put_lun(f, v, l);
		put_number(f, l->stats.nr[i]);
	}
	if (l->set & K_HAS(IET_L_LATENCY))
		for (i = 0; i < IET_H_MAX; i++)
			put_histogram(m->of[M_LATENCY].f, v, l, i);
}

static void add_session(struct metrics *m, const struct stats_view *v,
			const struct kernel_session *s)
{
	unsigned int i;

	for (i = 0; i < IET_STATS_NR; i++) {
		FILE *f = m->of[M_SESSION + i].f;

		fprintf(f, "iet_session_%s_total{target=", stat_names[i]);
		put_value(f, v->target->name);
		fputs(",initiator=", f);
		put_value(f, s->initiator);
		fprintf(f, ",sid=\"%llu\"", (unsigned long long)s->sid);
		put_number(f, s->stats.nr[i]);
	}
}

static void add_view(void *form, const struct stats_view *v)
{
	struct metrics *m = form;
	FILE *f = m->of[M_TARGET_SESSIONS].f;
	size_t i;

	fputs("iet_target_sessions{target=", f);
	put_value(f, v->target->name);
	fprintf(f, ",tid=\"%u\"", v->target->tid);
	put_number(f, v->target->nr_sessions);
	for (i = 0; i < v->nr_luns; i++)
		add_lun(m, v, &v->lun[i]);
	for (i = 0; i < v->nr_sessions; i++)
		add_session(m, v, &v->session[i]);
}

static void put_head(FILE *out, unsigned int i)
{
	static const char line[] =
		"# HELP iet_%s_%s_total %s\n# TYPE iet_%s_%s_total counter\n";
	const char *of = i >= M_SESSION ? "session" : "lun";
	unsigned int stat = i - (i >= M_SESSION ? M_SESSION : M_LUN);

	switch (i) {
	case M_TARGET_SESSIONS:
		fputs("# HELP iet_target_sessions Sessions of a target.\n"
		      "# TYPE iet_target_sessions gauge\n",
		      out);
		return;
	case M_LUN_INFO:
		fputs("# HELP iet_lun_info What a logical unit is.\n"
		      "# TYPE iet_lun_info gauge\n",
		      out);
		return;
	case M_LATENCY:
		fputs("# HELP iet_lun_latency_seconds Time that commands took.\n"
		      "# TYPE iet_lun_latency_seconds histogram\n",
		      out);
		return;
	}
	fprintf(out, line, of, stat_names[stat], helps[stat], of,
		stat_names[stat]);
}

static int end(void *form)
{
	struct metrics *m = form;
	unsigned int i;
	int err = 0;

	for (i = 0; i < M_NR; i++) {
		struct metric *one = &m->of[i];

		if (one->f && (ferror(one->f) | fclose(one->f)))
			err = -ENOMEM;
		if (!err && one->len) {
			put_head(m->out, i);
			fwrite(one->text, one->len, 1, m->out);
		}
		free(one->text);
	}
	free(m);
	return err;
}

static void *begin(FILE *out)
{
	struct metrics *m = calloc(1, sizeof(*m));
	unsigned int i;

	if (!m)
		return NULL;
	m->out = out;
	for (i = 0; i < M_NR; i++) {
		m->of[i].f = open_memstream(&m->of[i].text, &m->of[i].len);
		if (!m->of[i].f) {
			end(m);
			return NULL;
		}
	}
	return m;
}

const struct stats_form stats_prometheus = {
	.begin = begin,
	.view = add_view,
	.end = end,
	.no_nexuses = true,
};
