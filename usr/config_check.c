// SPDX-License-Identifier: GPL-2.0-only
/*
 * A look at a configuration file, without a module or a daemon.
 */
#include "config_check.h"

#include "config.h"
#include "report.h"

int config_check(const char *path, FILE *out)
{
	struct config *config = NULL;
	struct report r = { 0 };
	int err = config_load(path, &config, &r);

	for (size_t i = 0; i < r.nr; i++)
		fprintf(out, "%s%s\n",
			r.lines[i].kind == REPORT_WARNING ? "warning: " : "",
			r.lines[i].text);
	if (r.lost)
		fputs("some lines are lost: out of memory\n", out);
	if (!err)
		fprintf(out, "%s: no errors\n", path);
	report_clear(&r);
	config_free(config);
	return err;
}
