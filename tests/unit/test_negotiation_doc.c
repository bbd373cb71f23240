// SPDX-License-Identifier: GPL-2.0-only
/*
 * doc/negotiation.md against the tables: no key is missing there, and none is
 * said to be what it is not.
 */
#include <stdlib.h>

/* the table itself, in the place of usr.a's */
#include "negotiate.c"

#include "ktap.h"

#define MARK "| `"

static FILE *open_doc(void)
{
	char path[512];
	const char *slash = strrchr(__FILE__, '/');

	snprintf(path, sizeof(path), "%.*s/../../doc/negotiation.md",
		 slash ? (int)(slash - __FILE__) : 1, slash ? __FILE__ : ".");
	return fopen(path, "r");
}

static const char *senders[] = {
	[SENDER_INITIATOR] = "I",
	[SENDER_TARGET] = "T",
	[SENDER_BOTH] = "I, T",
};

static const char *results[] = {
	[KIND_TEXT] = "declared",
	[KIND_SECURITY] = "see CHAP",
	[KIND_LIST] = "first of theirs that is ours",
	[KIND_AND] = "AND",
	[KIND_OR] = "OR",
	[KIND_MIN] = "minimum",
	[KIND_MAX] = "maximum",
	[KIND_DECLARED_NUMBER] = "declared",
	[KIND_MARKER] = "No",
	[KIND_MARKER_INTERVAL] = "Reject",
};

/* 13: initialize only, leading only, full feature phase only, all */
static const char *when(const struct key *k)
{
	if (k->phase == PHASE_FULL_FEATURE)
		return "FFPO";
	if (k->phase & PHASE_FULL_FEATURE)
		return "ALL";
	return k->scope == SCOPE_LEADING ? "LO" : "IO";
}

static void put_words(const struct key *k, uint32_t bits, char *to, size_t size)
{
	size_t len = 0;

	to[0] = '\0';
	for (const struct key_word *w = k->words; w->name; w++)
		if (w->bit & bits)
			len += snprintf(to + len, size - len, "%s%s",
					len ? ", " : "", w->name);
}

static void put_value(const struct key *k, uint32_t val, char *to, size_t size)
{
	if (k->kind == KIND_AND || k->kind == KIND_OR)
		snprintf(to, size, "%s", val ? "Yes" : "No");
	else if (k->words)
		put_words(k, val, to, size);
	else
		snprintf(to, size, "%u", val);
}

static bool has_value(const struct key *k)
{
	return k->attr && k->kind != KIND_MARKER &&
	       k->kind != KIND_MARKER_INTERVAL;
}

static void put_range(const struct key *k, char *to, size_t size)
{
	if (!has_value(k))
		snprintf(to, size, "-");
	else if (k->words)
		put_words(k, ~0U, to, size);
	else if (k->kind == KIND_AND || k->kind == KIND_OR)
		snprintf(to, size, "Yes, No");
	else
		snprintf(to, size, "%u-%u", k->min, k->max);
}

/* what a target is configured with if the file says nothing */
static void put_ours(const struct key *k, char *to, size_t size)
{
	int attr = k->attr;

	/* theirs bounds what we send, ours is what we declare */
	if (attr == IET_K_MAX_XMIT_DATA_SEGMENT_LENGTH)
		attr = IET_K_MAX_RECV_DATA_SEGMENT_LENGTH;
	snprintf(to, size, "-");
	for (size_t i = 0; has_value(k) && i < nr_params; i++)
		if (params[i].space == PARAM_KEY && params[i].attr == attr)
			put_value(k, params[i].def, to, size);
	/* for which the configuration has no word: the module's */
	if (attr == IET_K_TASK_REPORTING)
		put_words(k, ~0U, to, size);
	if (attr == IET_K_PROTOCOL_LEVEL)
		snprintf(to, size, "2");
}

static const char *irrelevant(const struct key *k)
{
	if (k->irrelevant & WITHOUT_RDMA)
		return "always, on TCP";
	if (k->irrelevant & WITHOUT_UNSOLICITED)
		return "discovery; InitialR2T=Yes and ImmediateData=No";
	return k->irrelevant & IN_DISCOVERY ? "discovery" : "-";
}

static void put_row(const struct key *k, char *to, size_t size)
{
	char range[64], def[64] = "-", ours[64];

	put_range(k, range, sizeof(range));
	if (has_value(k))
		put_value(k, k->def, def, sizeof(def));
	put_ours(k, ours, sizeof(ours));
	snprintf(to, size, MARK "%s` | %s | %s | %s | %s | %s | %s | %s |\n",
		 k->name, senders[k->sender], when(k), range, def,
		 results[k->kind], ours, irrelevant(k));
}

static void test_every_key(void)
{
	char line[512], row[512];
	bool found[NR_KEYS] = { false };
	FILE *doc = open_doc();

	CHECK(doc != NULL);
	while (doc && fgets(line, sizeof(line), doc)) {
		enum key_id id;

		for (id = 0; id < NR_KEYS; id++) {
			put_row(&keys[id], row, sizeof(row));
			found[id] |= !strcmp(line, row);
		}
	}
	for (enum key_id id = 0; id < NR_KEYS; id++) {
		put_row(&keys[id], row, sizeof(row));
		if (!found[id])
			printf("# not in the document: %s", row);
		CHECK(found[id]);
	}
	if (doc)
		fclose(doc);
}

static void test_no_other_key(void)
{
	char line[512], name[64];
	FILE *doc = open_doc();
	bool in_table = false;

	while (doc && fgets(line, sizeof(line), doc)) {
		enum key_id id;

		if (!strncmp(line, "| key | sent by", 15))
			in_table = true;
		else if (line[0] != '|')
			in_table = false;
		if (!in_table || strncmp(line, MARK, 3) ||
		    sscanf(line, MARK "%63[^`]", name) != 1)
			continue;
		if (!is_key(name, &id))
			printf("# no such key: %s\n", name);
		CHECK(is_key(name, &id));
	}
	if (doc)
		fclose(doc);
}

int main(void)
{
	ktap_run(test_every_key);
	ktap_run(test_no_other_key);
	return ktap_done();
}
