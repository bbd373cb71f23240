/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Becoming a daemon whose parent waits for it to be ready.
 */
#ifndef IET_USR_DAEMON_H
#define IET_USR_DAEMON_H

/**
 * daemon_begin - go on in a child of our own session
 *
 * The parent does not return: it exits with 0 when the child calls
 * daemon_ready(), and with 1 if the child ends before.
 *
 * Return: 0 in the child, or a negative errno
 */
int daemon_begin(void);

/**
 * daemon_ready - let the parent go, and let go of its terminal
 *
 * Does nothing without daemon_begin().
 */
void daemon_ready(void);

/**
 * daemon_write_pid - write the file that names our process
 * @path: the file
 *
 * Return: 0, or a negative errno; the reason has been logged
 */
int daemon_write_pid(const char *path);

#endif /* IET_USR_DAEMON_H */
