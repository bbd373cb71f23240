// SPDX-License-Identifier: GPL-2.0-only
/* Counters as one line of JSON, for programs. */
#include <stdlib.h>

#include "ietadm_json.h"
#include "ietadm_stats.h"

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

	snprintf(text, sizeof(text), "%llu", (unsigned long long)sid);
	json_string(j, "sid", text);
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

static void json_luns(struct json *j, const struct stats_view *v)
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

static void json_nexuses(struct json *j, const struct stats_view *v)
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

static void json_sessions(struct json *j, const struct stats_view *v)
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

static void json_view(void *form, const struct stats_view *v)
{
	struct json *j = form;

	json_open(j, NULL, "{");
	json_number(j, "tid", v->target->tid);
	json_string(j, "name", v->target->name);
	json_luns(j, v);
	json_nexuses(j, v);
	json_sessions(j, v);
	json_close(j, "}");
}

static void *begin(FILE *out)
{
	struct json *j = calloc(1, sizeof(*j));

	if (!j)
		return NULL;
	j->out = out;
	json_open(j, NULL, "{");
	json_open(j, "targets", "[");
	return j;
}

static int end(void *form)
{
	struct json *j = form;

	json_close(j, "]");
	json_close(j, "}");
	fputc('\n', j->out);
	free(j);
	return 0;
}

const struct stats_form stats_json = {
	.begin = begin,
	.view = json_view,
	.end = end,
};
