/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What there is to say about a file or a request: lines of errors and
 * warnings, collected, so that the same words reach the log at start and the
 * administrator's terminal at a reload.
 */
#ifndef IET_USR_REPORT_H
#define IET_USR_REPORT_H

#include <stdbool.h>
#include <stddef.h>

enum report_kind {
	REPORT_ERROR,
	REPORT_WARNING,
	REPORT_CHANGE, /* what would be done; this one and the next not by log */
	REPORT_NOTE, /* what would be left as it is */
};

struct report_line {
	enum report_kind kind;
	char *text;
};

struct report {
	struct report_line *lines;
	size_t nr;
	unsigned int errors;
	unsigned int warnings;
	unsigned int changes;
	bool lost; /* a line was lost for lack of memory */
};

/**
 * report_add - add a line
 * @r: report
 * @kind: what it is about
 * @fmt: as printf(); one line without a newline, no secrets
 *
 * Counts even if there is no memory for the text.
 */
void report_add(struct report *r, enum report_kind kind, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#define report_error(r, ...) report_add(r, REPORT_ERROR, __VA_ARGS__)
#define report_warning(r, ...) report_add(r, REPORT_WARNING, __VA_ARGS__)
#define report_change(r, ...) report_add(r, REPORT_CHANGE, __VA_ARGS__)
#define report_note(r, ...) report_add(r, REPORT_NOTE, __VA_ARGS__)

/**
 * report_log - write all errors and warnings to the log
 * @r: report
 */
void report_log(const struct report *r);

/**
 * report_clear - forget everything
 * @r: report; usable again
 */
void report_clear(struct report *r);

#endif /* IET_USR_REPORT_H */
