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
 * @check: --check-config
 * @foreground: -f
 * @debug: -d
 * @other_user: -u or -g was given
 */
struct ietd_options {
	const char *config;
	const char *address;
	uint16_t port;
	bool check;
	bool foreground;
	int debug;
	bool other_user;
};

extern struct ietd_options options;

/**
 * options_parse - read the command line into @options
 * @argc: of main()
 * @argv: of main()
 *
 * Return: -1 to go on; otherwise the daemon has nothing more to do, and this
 * is its exit status
 */
int options_parse(int argc, char *argv[]);

/**
 * ietd_config_path - the configuration file to apply now
 *
 * That of -c; else the usual one, else that of old with a warning.
 *
 * Return: a path, or NULL if there is no file and none was asked for
 */
const char *ietd_config_path(void);

#endif /* IET_USR_IETD_H */
