/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Messages to the service manager, as in sd_notify(3).
 */
#ifndef IET_USR_NOTIFY_H
#define IET_USR_NOTIFY_H

/**
 * notify - tell the service manager
 * @state: lines as in sd_notify(3), such as "READY=1"
 *
 * Does nothing if nobody listens (NOTIFY_SOCKET is not set).
 *
 * Return: 0, or a negative errno
 */
int notify(const char *state);

/**
 * notify_reloading - tell that a reload has begun
 */
void notify_reloading(void);

#endif /* IET_USR_NOTIFY_H */
