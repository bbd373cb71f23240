// SPDX-License-Identifier: GPL-2.0-only
/* Counters as a table, for people. */
#include "ietadm_stats.h"

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

static void print_nexuses(FILE *out, const struct stats_view *v,
			  const uint32_t *lun)
{
	char nr[24], sid[24];
	size_t i;

	for (i = 0; i < v->nr_nexuses; i++) {
		const struct kernel_nexus *n = &v->nexus[i];

		if (!lun || n->lun == *lun)
			print_row(out, number(nr, sizeof(nr), n->lun),
				  number(sid, sizeof(sid), n->sid), &n->stats,
				  IET_STATS_LUN, n->initiator);
	}
}

static void print_sessions(FILE *out, const struct stats_view *v)
{
	char sid[24];
	size_t i;

	if (v->nr_sessions)
		print_head(out, "", IET_STATS_NR);
	for (i = 0; i < v->nr_sessions; i++)
		print_row(out, "all",
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

static void print_view(void *form, const struct stats_view *v)
{
	FILE *out = form;
	char nr[24];
	size_t i;

	fprintf(out, "target %u: %s\n", v->target->tid, v->target->name);
	if (v->nr_luns || v->nr_nexuses)
		print_head(out, "lun", IET_STATS_LUN);
	for (i = 0; i < v->nr_luns; i++) {
		const struct kernel_lun *l = &v->lun[i];

		print_row(out, number(nr, sizeof(nr), l->lun), "all", &l->stats,
			  IET_STATS_LUN, "all");
		print_nexuses(out, v, &l->lun);
	}
	if (v->one_session)
		print_nexuses(out, v, NULL);
	print_sessions(out, v);
	for (i = 0; i < v->nr_luns; i++)
		if (v->lun[i].set & K_HAS(IET_L_LATENCY))
			print_latency(out, &v->lun[i]);
}

static void *begin(FILE *out)
{
	return out;
}

static int end(void *form)
{
	(void)form;
	return 0;
}

const struct stats_form stats_table = {
	.begin = begin,
	.view = print_view,
	.end = end,
};
