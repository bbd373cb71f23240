// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "log.h"

void report_add(struct report *r, enum report_kind kind, const char *fmt, ...)
{
	struct report_line *lines;
	char *text = NULL;
	va_list ap;

	if (kind == REPORT_ERROR)
		r->errors++;
	else if (kind == REPORT_WARNING)
		r->warnings++;
	else if (kind == REPORT_CHANGE)
		r->changes++;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	va_end(ap);

	lines = reallocarray(r->lines, r->nr + 1, sizeof(*lines));
	if (lines)
		r->lines = lines;
	if (!text || !lines) {
		free(text);
		r->lost = true;
		return;
	}
	r->lines[r->nr++] = (struct report_line){ .kind = kind, .text = text };
}

void report_log(const struct report *r)
{
	size_t i;

	for (i = 0; i < r->nr; i++) {
		if (r->lines[i].kind == REPORT_ERROR)
			log_error("%s", r->lines[i].text);
		else if (r->lines[i].kind == REPORT_WARNING)
			log_warning("%s", r->lines[i].text);
	}
	if (r->lost)
		log_error("out of memory: lines of this report were lost");
}

void report_clear(struct report *r)
{
	size_t i;

	for (i = 0; i < r->nr; i++)
		free(r->lines[i].text);
	free(r->lines);
	*r = (struct report){ 0 };
}
