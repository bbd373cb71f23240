// SPDX-License-Identifier: GPL-2.0-only
/*
 * Logs in and out, several at a time, and counts.
 *
 *	logins PORT TARGET PARALLEL SECONDS
 *
 * All keys are given, so that one request is enough for any target.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../client/client.h"

#define PATIENCE 30

static const char keys[] =
	"HeaderDigest=None\0DataDigest=None\0MaxConnections=1\0"
	"InitialR2T=Yes\0ImmediateData=Yes\0MaxRecvDataSegmentLength=262144\0"
	"MaxBurstLength=262144\0FirstBurstLength=65536\0DefaultTime2Wait=2\0"
	"DefaultTime2Retain=20\0MaxOutstandingR2T=1\0DataPDUInOrder=Yes\0"
	"DataSequenceInOrder=Yes\0ErrorRecoveryLevel=0\0IFMarker=No\0"
	"OFMarker=No\0";

static int in_and_out(const char *target, unsigned int number)
{
	struct client_session s = {
		.initiator = "iqn.2001-04.com.example:logins",
		.target = target,
		.cmd_sn = 1,
		.itt = 1,
		.isid = { 0x80, 0xd, 0, 0, 0, number },
	};
	struct client c = { 0 };
	struct client_pdu p;
	int err = client_connect(&c, &s, 1, 0);

	if (!err)
		err = client_login(&c, keys, PATIENCE);
	if (!err) {
		client_start(&c, &p, ISCSI_OP_LOGOUT_REQ | ISCSI_OP_IMMEDIATE);
		client_send(&c, &p);
		err = client_wait(&c, &p, PATIENCE);
	}
	if (!err && client_op(p.bhs) != ISCSI_OP_LOGOUT_RSP)
		err = -EPROTO;
	client_close(&c);
	return err;
}

static int worker(const char *target, unsigned int number, double end,
		  unsigned int *done)
{
	while (client_now() < end) {
		int err = in_and_out(target, number);

		if (err) {
			printf("# error or status %#x\n", err);
			return 1;
		}
		(*done)++;
	}
	return 0;
}

int main(int argc, char **argv)
{
	unsigned int parallel, sum = 0, *done;
	int status, bad = 0;
	double start = client_now();

	if (argc != 5) {
		fprintf(stderr, "usage: logins PORT TARGET PARALLEL SECONDS\n");
		return 2;
	}
	client_port = atoi(argv[1]);
	parallel = atoi(argv[3]);
	done = mmap(NULL, parallel * sizeof(*done), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (done == MAP_FAILED)
		return 2;
	for (unsigned int i = 0; i < parallel; i++)
		if (!fork())
			_exit(worker(argv[2], i, start + atoi(argv[4]),
				     &done[i]));
	while (wait(&status) > 0)
		bad |= status;
	for (unsigned int i = 0; i < parallel; i++)
		sum += done[i];
	printf("%.0f\n", sum / (client_now() - start));
	fflush(stdout);
	return bad ? 1 : 0;
}
