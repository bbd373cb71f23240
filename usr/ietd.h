/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the whole daemon knows of its command line.
 */
#ifndef IET_USR_IETD_H
#define IET_USR_IETD_H

#include <stdbool.h>
#include <stdint.h>

#define IETD_CONFIG "/etc/iet/ietd.conf"
#define IETD_CONFIG_OLD "/etc/ietd.conf"
#define IETD_PIDFILE "/run/ietd.pid"

/**
 * struct ietd_options - the command line
 * @config: -c, an absolute path, or NULL if not given
 * @address: -a, or NULL for all addresses
 * @port: -p
 * @foreground: -f
 * @debug: -d
 */
struct ietd_options {
	const char *config;
	const char *address;
	uint16_t port;
	bool foreground;
	int debug;
};

extern struct ietd_options options;

/**
 * ietd_config_path - the configuration file to apply now
 *
 * That of -c; else the usual one, else that of old with a warning.
 *
 * Return: a path, or NULL if there is no file and none was asked for
 */
const char *ietd_config_path(void);

/**
 * ietd_reload - apply the configuration file again, telling the service
 * manager about it
 *
 * Return: 0 (also if there is no file), or a negative errno; the reason has
 * been logged
 */
int ietd_reload(void);

#endif /* IET_USR_IETD_H */
