// SPDX-License-Identifier: GPL-2.0-only
/*
 * Messages to syslog and stderr.
 */
#include "log.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

#define LOG_LINE_MAX 2048

static const char *log_ident;
static bool log_to_stderr = true;
static bool log_to_syslog;
static int log_level;
static FILE *log_stream;

void log_init(const char *ident, bool to_stderr, bool to_syslog, int level)
{
	log_ident = ident;
	log_to_stderr = to_stderr;
	log_to_syslog = to_syslog;
	log_level = level;
	if (to_syslog)
		openlog(ident, LOG_PID, LOG_DAEMON);
}

void log_stderr_done(void)
{
	log_to_stderr = false;
}

void log_capture(FILE *stream)
{
	log_stream = stream;
}

/* names and values from the wire must not forge lines or drive a terminal */
static void make_printable(char *s)
{
	while (*s) {
		const unsigned char *p = (const unsigned char *)s;
		size_t len = utf8_len(p);

		if (utf8_is_printable(p, len)) {
			s += len;
			continue;
		}
		do
			*s++ = '?';
		while (len-- > 1);
	}
}

void log_message(int priority, const char *fmt, ...)
{
	FILE *stream = log_stream ? log_stream : stderr;
	char line[LOG_LINE_MAX];
	va_list args;

	if (priority == LOG_DEBUG && !log_level)
		return;

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	make_printable(line);

	if (log_to_syslog)
		syslog(priority, "%s", line);
	if (!log_to_stderr)
		return;
	/* at once: lines of several writers stay whole */
	fprintf(stream, "%s%s%s\n", log_ident ? log_ident : "",
		log_ident ? ": " : "", line);
	fflush(stream);
}
