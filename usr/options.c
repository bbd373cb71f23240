// SPDX-License-Identifier: GPL-2.0-only
/*
 * The command line of ietd.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "iet_version.h"
#include "ietd.h"
#include "iscsi_proto.h"
#include "log.h"
#include "text.h"

struct ietd_options options = { .port = ISCSI_PORT };

static const char usage[] =
	"Usage: ietd [OPTION]...\n"
	"iSCSI target daemon.\n"
	"\n"
	"  -c, --config=FILE      configuration file (" IETD_CONFIG ")\n"
	"      --check-config     say what is wrong with that file and exit\n"
	"  -f, --foreground       do not become a daemon, log to stderr\n"
	"  -d, --debug=LEVEL      0: no debug messages; 1: debug messages\n"
	"  -a, --address=ADDRESS  listen on this address (all)\n"
	"  -p, --port=PORT        listen on this port (3260)\n"
	"  -u, --uid=UID          for compatibility, without effect\n"
	"  -g, --gid=GID          for compatibility, without effect\n"
	"  -v, --version          print the version and exit\n"
	"  -h, --help             print this and exit\n";

static const struct option long_options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "check-config", no_argument, NULL, 'C' },
	{ "foreground", no_argument, NULL, 'f' },
	{ "debug", required_argument, NULL, 'd' },
	{ "uid", required_argument, NULL, 'u' },
	{ "gid", required_argument, NULL, 'g' },
	{ "address", required_argument, NULL, 'a' },
	{ "port", required_argument, NULL, 'p' },
	{ "version", no_argument, NULL, 'v' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static int bad_usage(const char *what, const char *value)
{
	fprintf(stderr, "ietd: %s: \"%s\"\n", what, value);
	return EXIT_FAILURE;
}

static bool number(const char *text, uint64_t max, uint64_t *n)
{
	return !text_number(text, n) && *n <= max;
}

/* a daemon works in /, and reads the file again after that */
static char *absolute(const char *path)
{
	char *cwd, *full = NULL;

	if (path[0] == '/')
		return strdup(path);
	cwd = getcwd(NULL, 0);
	if (cwd && asprintf(&full, "%s/%s", cwd, path) < 0)
		full = NULL;
	free(cwd);
	return full;
}

/* Return: -1 to go on, or the exit status */
static int take_option(int option, const char *value)
{
	uint64_t n;

	switch (option) {
	case 'c':
		options.config = absolute(value);
		return options.config ? -1 : bad_usage("no such path", value);
	case 'C':
		options.check = true;
		return -1;
	case 'f':
		options.foreground = true;
		return -1;
	case 'd':
		if (!number(value, INT32_MAX, &n))
			return bad_usage("not a debug level", value);
		options.debug = n;
		return -1;
	case 'u':
	case 'g':
		options.other_user = true;
		return -1;
	case 'a':
		options.address = value;
		return -1;
	case 'p':
		if (!number(value, UINT16_MAX, &n) || !n)
			return bad_usage("not a port", value);
		options.port = n;
		return -1;
	case 'v':
		printf("ietd version %s\n", IET_VERSION);
		return EXIT_SUCCESS;
	case 'h':
		fputs(usage, stdout);
		return EXIT_SUCCESS;
	default:
		fputs("Try 'ietd --help' for more information.\n", stderr);
		return EXIT_FAILURE;
	}
}

int options_parse(int argc, char *argv[])
{
	int option, status = -1;

	while (status < 0 &&
	       (option = getopt_long(argc, argv, "c:fd:u:g:a:p:vh",
				     long_options, NULL)) != -1)
		status = take_option(option, optarg);
	if (status < 0 && optind < argc)
		status = bad_usage("unexpected argument", argv[optind]);
	return status;
}

const char *ietd_config_path(void)
{
	if (options.config)
		return options.config;
	if (!access(IETD_CONFIG, F_OK) || errno != ENOENT)
		return IETD_CONFIG;
	if (access(IETD_CONFIG_OLD, F_OK))
		return NULL;
	log_warning("%s is where the configuration was in old times: please "
		    "move it to %s",
		    IETD_CONFIG_OLD, IETD_CONFIG);
	return IETD_CONFIG_OLD;
}
