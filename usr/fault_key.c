// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "fault_key.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "iet_netlink.h"
#include "params.h"

const struct fault_word *fault_word_find(const struct fault_word *w,
					 const char *name)
{
	for (; w && w->name; w++)
		if (!strcasecmp(w->name, name))
			return w;
	return NULL;
}

const char *fault_word_of(const struct fault_word *w, uint32_t val)
{
	for (; w && w->name; w++)
		if (w->val == val)
			return w->name;
	return NULL;
}

static uint32_t get(const struct fault_key *k, const void *rule)
{
	uint32_t n;

	memcpy(&n, (const char *)rule + k->at, sizeof(n));
	return n;
}

static void set(const struct fault_key *k, void *rule, uint32_t n)
{
	memcpy((char *)rule + k->at, &n, sizeof(n));
}

int fault_number_parse(const struct fault_key *k, void *rule, const char *text)
{
	const struct fault_word *w = fault_word_find(k->words, text);
	uint64_t n;

	if (w)
		n = w->val;
	else if ((k->words && !k->or_number) ||
		 param_number(text, UINT32_MAX, &n))
		return -EINVAL;
	set(k, rule, n);
	return 0;
}

void fault_number_print(const struct fault_key *k, const void *rule, FILE *out)
{
	uint32_t n = get(k, rule);
	const char *name = fault_word_of(k->words, n);

	if (name)
		fputs(name, out);
	else
		fprintf(out, "%" PRIu32, n);
}

int fault_chance_parse(const struct fault_key *k, void *rule, const char *text)
{
	uint64_t n = 0;
	int decimals = -1, digits = 0;

	for (; isdigit((unsigned char)*text) || *text == '.'; text++) {
		if (*text == '.') {
			if (decimals >= 0)
				return -EINVAL;
			decimals = 0;
			continue;
		}
		if (++digits > 8 || (decimals >= 0 && ++decimals > 4))
			return -EINVAL;
		n = n * 10 + *text - '0';
	}
	if (!digits || (*text && strcmp(text, "%")))
		return -EINVAL;
	for (decimals = decimals < 0 ? 0 : decimals; decimals < 4; decimals++)
		n *= 10;
	if (!n || n > IET_FAULT_ALWAYS)
		return -EINVAL;
	set(k, rule, n);
	return 0;
}

void fault_chance_print(const struct fault_key *k, const void *rule, FILE *out)
{
	uint32_t chance = get(k, rule);
	char text[32];
	size_t len;

	snprintf(text, sizeof(text), "%" PRIu32 ".%04" PRIu32, chance / 10000,
		 chance % 10000);
	len = strlen(text);
	while (text[len - 1] == '0')
		len--;
	if (text[len - 1] == '.')
		len--;
	fprintf(out, "%.*s%%", (int)len, text);
}

int fault_text_parse(const struct fault_key *k, void *rule, const char *text)
{
	size_t len = strlen(text);

	if (!len || len >= k->size)
		return -EINVAL;
	memcpy((char *)rule + k->at, text, len + 1);
	return 0;
}

void fault_text_print(const struct fault_key *k, const void *rule, FILE *out)
{
	fputs((const char *)rule + k->at, out);
}

const struct fault_key *fault_key_find(const struct fault_key *keys, size_t nr,
				       const char *name)
{
	size_t i;

	for (i = 0; i < nr; i++)
		if (!strcasecmp(keys[i].name, name))
			return &keys[i];
	return NULL;
}
