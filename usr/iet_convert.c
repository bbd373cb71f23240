// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "convert.h"
#include "iet_version.h"

#define EXIT_WARNINGS 2

static const char usage[] =
	"Usage: iet-convert [OPTION]... SOURCE [FILE]\n"
	"Write an ietd.conf that serves the disks of another target.\n"
	"\n"
	"  SOURCE             tgt: FILE is /etc/tgt/targets.conf\n"
	"                     lio: /etc/rtslib-fb-target/saveconfig.json\n"
	"                     scst: /etc/scst.conf\n"
	"  -o, --output=FILE  write there, not to standard output; it must not "
	"exist\n"
	"  -a, --allow=FILE   write what belongs into initiators.allow there\n"
	"  -v, --version      print the version and exit\n"
	"  -h, --help         print this and exit\n"
	"\n"
	"Exit status: 0 all was carried over, 2 not all, 1 nothing was "
	"written.\n";

static const struct option long_options[] = {
	{ "output", required_argument, NULL, 'o' },
	{ "allow", required_argument, NULL, 'a' },
	{ "version", no_argument, NULL, 'v' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static const struct conv_source {
	const char *name;
	const char *path; /* of its configuration */
	int (*read)(struct conv *c, const char *path);
} sources[] = {
	{ "tgt", "/etc/tgt/targets.conf", conv_read_tgt },
	{ "lio", "/etc/rtslib-fb-target/saveconfig.json", conv_read_lio },
	{ "scst", "/etc/scst.conf", conv_read_scst },
};

struct command {
	const char *output; /* NULL: standard output */
	const char *allow; /* NULL: in comments of the output */
	const struct conv_source *source;
	const char *path;
};

static int fail(const char *what, const char *why)
{
	fprintf(stderr, "iet-convert: %s: %s\n", what, why);
	return -1;
}

static int find_source(struct command *cmd, const char *name)
{
	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++)
		if (!strcmp(sources[i].name, name))
			cmd->source = &sources[i];
	return cmd->source ? 0 : fail(name, "no such source");
}

/* Return: -1 to go on, or the exit status */
static int parse_command(struct command *cmd, int argc, char **argv)
{
	int option;

	while ((option = getopt_long(argc, argv, "o:a:vh", long_options,
				     NULL)) >= 0) {
		switch (option) {
		case 'o':
			cmd->output = optarg;
			break;
		case 'a':
			cmd->allow = optarg;
			break;
		case 'v':
			puts("iet-convert " IET_VERSION);
			return EXIT_SUCCESS;
		case 'h':
			fputs(usage, stdout);
			return EXIT_SUCCESS;
		default:
			return EXIT_FAILURE;
		}
	}
	if (argc - optind < 1 || argc - optind > 2) {
		fputs(usage, stderr);
		return EXIT_FAILURE;
	}
	if (find_source(cmd, argv[optind]))
		return EXIT_FAILURE;
	cmd->path = argc - optind == 2 ? argv[optind + 1] : cmd->source->path;
	return -1;
}

/* Secrets are for root alone, and nobody's file is lost. */
static FILE *create(const char *path, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");

	if (!f)
		fail(path, strerror(errno));
	return f;
}

static int finish(FILE *f, const char *path)
{
	bool bad = ferror(f);

	errno = 0;
	if (!fclose(f) && !bad)
		return 0;
	fail(path, errno ? strerror(errno) : "can't be written");
	return -1;
}

/* In comments, since ietd.conf has no such thing. */
static void put_rules(const struct conv *c, FILE *f)
{
	const char *line = c->allow_text, *end;

	fputs("\n# These lines belong into initiators.allow:\n", f);
	for (; *line; line = end + 1) {
		end = strchrnul(line, '\n');
		fprintf(f, "#   %.*s\n", (int)(end - line), line);
		if (!*end)
			break;
	}
}

static void put_conf(const struct conv *c, const struct command *cmd, FILE *f)
{
	fprintf(f, "# Made by iet-convert of %s's %s.\n", cmd->source->name,
		cmd->path);
	fwrite(c->conf_text, 1, c->conf_len, f);
	if (c->restricted && !cmd->allow)
		put_rules(c, f);
}

static int put_allow(const struct conv *c, const struct command *cmd)
{
	FILE *f;

	if (!cmd->allow)
		return 0;
	f = create(cmd->allow, 0644);
	if (!f)
		return -1;
	fputs(c->allow_text, f);
	if (!finish(f, cmd->allow))
		return 0;
	unlink(cmd->allow);
	return -1;
}

/* Both files or none. */
static int put(const struct conv *c, const struct command *cmd)
{
	FILE *f = cmd->output ? create(cmd->output, 0600) : stdout;
	int err;

	if (!f)
		return -1;
	err = put_allow(c, cmd);
	if (!err)
		put_conf(c, cmd, f);
	if (!cmd->output)
		return err ? err : finish(f, "standard output");
	if (finish(f, cmd->output) && !err) {
		err = -1;
		if (cmd->allow)
			unlink(cmd->allow);
	}
	if (err)
		unlink(cmd->output);
	return err;
}

static int convert(struct conv *c, const struct command *cmd)
{
	int err = cmd->source->read(c, cmd->path);

	if (!err)
		conv_finish(c);
	if (!err && c->restricted && !cmd->allow)
		report_warning(&c->report,
			       "%s: who may use the targets is in "
			       "comments only: see --allow",
			       cmd->path);
	for (size_t i = 0; i < c->report.nr; i++)
		fprintf(stderr, "%s%s\n",
			c->report.lines[i].kind == REPORT_WARNING ?
				"warning: " :
				"",
			c->report.lines[i].text);
	if (err || c->report.errors || put(c, cmd))
		return EXIT_FAILURE;
	return c->report.warnings ? EXIT_WARNINGS : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct command cmd = { 0 };
	struct conv c;
	int status = parse_command(&cmd, argc, argv);

	if (status >= 0)
		return status;
	conv_init(&c);
	status = convert(&c, &cmd);
	conv_end(&c);
	return status;
}
