/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A command line of ietadm, and what comes of it.
 */
#ifndef IETADM_LINE_H
#define IETADM_LINE_H

#include <stdio.h>
#include <string.h>

#include "ietadm.h"

#define ARGS_MAX 16

static char out[65536], err_out[4096];

/* Runs "ietadm ..."; words are separated by one blank, none is quoted. */
static int run(const char *line)
{
	char copy[1024], *argv[ARGS_MAX + 1] = { 0 }, *rest = copy;
	FILE *out_stream = fmemopen(out, sizeof(out), "w");
	FILE *err_stream = fmemopen(err_out, sizeof(err_out), "w");
	struct request q = { .out = out_stream, .err = err_stream };
	int argc = 0, err;

	memset(out, 0, sizeof(out));
	memset(err_out, 0, sizeof(err_out));
	snprintf(copy, sizeof(copy), "%s", line);
	while (argc < ARGS_MAX && (argv[argc] = strsep(&rest, " ")))
		argc++;
	err = ietadm_options(&q, argc, argv);
	if (!err)
		err = ietadm_run(&q);
	fclose(out_stream);
	fclose(err_stream);
	return err;
}

#endif /* IETADM_LINE_H */
