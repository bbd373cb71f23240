// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "iet_state.h"
#include "iet_version.h"
#include "ietadm.h"
#include "state.h"

static const char usage[] =
	"Usage: ietadm --op OP [OPTION...]\n"
	"  --op new --tid=ID --params Name=NAME[,KEY=VALUE...]\n"
	"      add a target (ID 0: the lowest free one)\n"
	"  --op new --tid=ID --lun=LUN --params Path=PATH,Type=TYPE[,...]\n"
	"      add a logical unit\n"
	"  --op new [--tid=ID] --user --params=[Incoming|Outgoing]User=NAME,"
	"Password=SECRET\n"
	"      add an account; the password may be @FILE or - (standard "
	"input)\n"
	"  --op delete --tid=ID | --tid=ID --lun=LUN\n"
	"      delete a target without sessions | a logical unit\n"
	"  --op delete --tid=ID --sid=SID [--cid=CID]\n"
	"      close a session | a connection of it\n"
	"  --op delete [--tid=ID] --user --params=[Incoming|Outgoing]User=NAME\n"
	"      delete an account\n"
	"  --op delete\n"
	"      close all sessions, delete all targets\n"
	"  --op update --tid=ID --params=KEY=VALUE[,...]\n"
	"      change what a target offers\n"
	"  --op update --tid=ID --redirect=ADDR[:PORT][,permanent]\n"
	"      send initiators elsewhere (empty: no more)\n"
	"  --op update --tid=ID --lun=LUN\n"
	"      look at the size of a logical unit again\n"
	"  --op update --tid=ID --lun=LUN --params=KEY=VALUE[,...]\n"
	"      change what initiators are told of it; Latency=Yes: count how "
	"long\n      its commands take\n"
	"  --op new --tid=ID --fault=KIND [--sid=SID] [--lun=LUN]\n"
	"      [--params=KEY=VALUE[,...]]\n"
	"      let the target misbehave; prints the id of the fault\n"
	"  --op new [--tid=ID] --fault=login-KIND [--params=KEY=VALUE[,...]]\n"
	"      the same for logins to a target, or for discovery\n"
	"  --op delete [--tid=ID] --fault=FAULT|all\n"
	"      no more of that\n"
	"  --op show [--tid=ID] --fault [--json]\n"
	"      show the faults that are injected\n"
	"  --op show [--tid=ID [--sid=SID]]\n"
	"      show all | the numbers of a target | the keys of a session\n"
	"  --op show --stats [--tid=ID [--lun=LUN | --sid=SID]]\n"
	"      [--json | --prometheus]\n"
	"      show counters\n"
	"  --op show [--tid=ID] --user [--params=[Incoming|Outgoing]User=NAME]\n"
	"      show accounts | the password of one\n"
	"  --op show --config [--secrets]\n"
	"      show what runs as an ietd.conf | with the passwords\n"
	"  --op reload\n"
	"      let the daemon apply its configuration file\n"
	"  --op reload --dry-run[=FILE]\n"
	"      say what that, or a reload with FILE, would do; exit status 1 if\n"
	"      anything\n"
	"  --version, --help\n"
	"--name=NAME stands for --tid=ID of a target that is there.\n"
	"Without --tid, accounts are those of discovery.  See ietadm(8).\n";

/* getopt() works on a copy: the passwords in the original are gone by then */
static char **copy_args(int argc, char **argv)
{
	char **copy = calloc(argc + 1, sizeof(*copy));
	int i;

	for (i = 0; copy && i < argc; i++) {
		copy[i] = strdup(argv[i]);
		if (!copy[i])
			return NULL;
	}
	return copy;
}

int main(int argc, char **argv)
{
	struct request q = { .out = stdout, .err = stderr };
	char **args = copy_args(argc, argv);
	int err;

	ietadm_hide(argc, argv);
	state_set_dir(IET_STATE_DIR);
	if (!args) {
		fprintf(stderr, "ietadm: out of memory\n");
		return -ENOMEM & 0xff;
	}
	err = ietadm_options(&q, argc, args);
	ietadm_hide(argc, args);
	if (err)
		fprintf(stderr, "Try ietadm --help.\n");
	else if (q.help)
		fputs(usage, stdout);
	else if (q.version)
		printf("ietadm version %s\n", IET_VERSION);
	else
		err = ietadm_run(&q);

	while (argc--)
		free(args[argc]);
	free(args);
	/* what was not written must not pass for "no change" */
	if (err >= 0 && fflush(stdout))
		err = -EIO;
	/* the shell sees 256 - errno, as it always did */
	return err & 0xff;
}
