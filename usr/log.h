/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Messages: to syslog (facility daemon), and to stderr as long as somebody
 * looks at it.  Text from the wire may be passed as it is: what is not
 * printable comes out as '?'.
 */
#ifndef IET_USR_LOG_H
#define IET_USR_LOG_H

#include <stdbool.h>
#include <stdio.h>
#include <syslog.h>

/**
 * log_init - open the log
 * @ident: name that stands before each message
 * @to_stderr: write to stderr (until log_stderr_done())
 * @to_syslog: write to syslog
 * @level: 0 = no debug messages, 1 = debug messages
 *
 * Without a call, messages go to stderr and debug messages nowhere.
 */
void log_init(const char *ident, bool to_stderr, bool to_syslog, int level);

/**
 * log_stderr_done - write no more to stderr: the daemon has detached
 */
void log_stderr_done(void);

/**
 * log_capture - write the messages to another stream instead of stderr
 * @stream: the stream, or NULL for stderr again
 */
void log_capture(FILE *stream);

/**
 * log_message - write one message; use the macros below
 * @priority: of syslog(3), %LOG_ERR to %LOG_DEBUG
 * @fmt: as in printf(), without a newline
 */
void log_message(int priority, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#define log_error(...) log_message(LOG_ERR, __VA_ARGS__)
#define log_warning(...) log_message(LOG_WARNING, __VA_ARGS__)
#define log_info(...) log_message(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_message(LOG_DEBUG, __VA_ARGS__)

#endif /* IET_USR_LOG_H */
