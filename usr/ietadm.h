/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ietadm: one request, given by options, to the module or to the daemon.
 */
#ifndef IET_USR_IETADM_H
#define IET_USR_IETADM_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "admin_msg.h"

struct kernel_lun;

enum ietadm_op {
	OP_NONE,
	OP_NEW,
	OP_DELETE,
	OP_UPDATE,
	OP_SHOW,
	OP_RELOAD,
};

/* which options are given */
#define HAS_TID 0x01
#define HAS_SID 0x02
#define HAS_CID 0x04
#define HAS_LUN 0x08
#define HAS_PARAMS 0x10
#define HAS_REDIRECT 0x20
#define HAS_USER 0x40
#define HAS_FAULT 0x80
#define HAS_STATS 0x100
#define HAS_JSON 0x200
#define HAS_DRY_RUN 0x400
#define HAS_CONFIG 0x800
#define HAS_SECRETS 0x1000
#define HAS_PROMETHEUS 0x2000

struct request {
	enum ietadm_op op;
	unsigned int has;
	uint32_t tid;
	const char *name; /* of the target, if it is given by that */
	uint64_t sid;
	uint32_t cid;
	uint32_t lun;
	char *params; /* a copy to cut up, wiped at the end */
	const char *redirect;
	const char *fault; /* kind, id or "all"; NULL: none of these */
	const char *file; /* of a dry run; NULL: that of the daemon */
	bool version;
	bool help;
	FILE *out;
	FILE *err;
	char what[320]; /* of this request, for messages */
};

/**
 * ietadm_options - read the command line
 * @q: request with out and err set
 * @argc: as of main()
 * @argv: as of main(), gets permuted
 *
 * Return: 0, or -EINVAL after a message
 */
int ietadm_options(struct request *q, int argc, char **argv);

/**
 * ietadm_run - carry a request out
 * @q: request of ietadm_options()
 *
 * Wipes what is secret in @q.
 *
 * Return: 0, IETADM_CHANGES, or a negative errno after a message
 */
int ietadm_run(struct request *q);

/**
 * ietadm_hide - wipe passwords in a command line, which everybody can read
 * @argc: as of main()
 * @argv: as of main()
 */
void ietadm_hide(int argc, char **argv);

/* --- for the commands --- */

/**
 * ietadm_fail - say "ietadm: what: reason"
 * @q: request
 * @err: negative errno
 * @fmt: the reason, as in printf()
 *
 * Return: @err
 */
int ietadm_fail(const struct request *q, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/**
 * ietadm_kernel_fail - say why the module refused
 * @q: request
 * @err: negative errno of a kernel operation
 *
 * Return: @err
 */
int ietadm_kernel_fail(const struct request *q, int err);

/**
 * ietadm_pair - take the next KEY=VALUE of a list
 * @q: request
 * @rest: the list, "k=v,k=v"; empty elements are passed over
 * @key: set to the key
 * @val: set to the value
 *
 * Return: 1 if there is a pair, 0 at the end, -EINVAL after a message
 */
int ietadm_pair(const struct request *q, char **rest, char **key, char **val);

/**
 * ietadm_target_name - name of the target of the request
 * @q: request with a tid
 * @name: ISCSI_NAME_MAX + 1 bytes
 *
 * Return: 0, or a negative errno after a message
 */
int ietadm_target_name(const struct request *q, char *name);

/**
 * ietadm_find_lun - look at the logical unit of the request
 * @q: request with a tid and a lun
 * @l: set to it
 *
 * Return: 0, or a negative errno after a message
 */
int ietadm_find_lun(const struct request *q, struct kernel_lun *l);

/**
 * ietadm_ask - ask the daemon
 * @q: request
 * @msg: what, is freed
 * @answer: the whole answer, to be freed in any case
 *
 * Return: 0, or a negative errno after a message
 */
int ietadm_ask(const struct request *q, struct admin_msg *msg,
	       struct admin_msg *answer);

/**
 * ietadm_ask_quietly - ask the daemon, without a message
 * @msg: what, is freed
 * @answer: the whole answer, to be freed in any case
 *
 * Return: 0, or a negative errno
 */
int ietadm_ask_quietly(struct admin_msg *msg, struct admin_msg *answer);

/**
 * ietadm_no_daemon - is there nobody to be asked?
 * @err: of ietadm_ask_quietly()
 *
 * Return: true if so
 */
bool ietadm_no_daemon(int err);

/**
 * ietadm_tell - tell the daemon one word, if there is a daemon
 * @verb: the word
 * @answer: the whole answer, to be freed; or NULL
 *
 * Return: 0, or a negative errno without a message
 */
int ietadm_tell(const char *verb, struct admin_msg *answer);

/**
 * ietadm_set_path - find the daemon at another socket; for tests
 * @path: path of the socket, kept by reference
 */
void ietadm_set_path(const char *path);

int ietadm_new_target(struct request *q);
int ietadm_new_lun(struct request *q);
int ietadm_new_user(struct request *q);
int ietadm_delete_all(struct request *q);
int ietadm_delete_target(struct request *q);
int ietadm_delete_session(struct request *q);
int ietadm_delete_conn(struct request *q);
int ietadm_delete_lun(struct request *q);
int ietadm_delete_user(struct request *q);
int ietadm_update_target(struct request *q);
int ietadm_update_session(struct request *q);
int ietadm_update_lun(struct request *q);
int ietadm_show_all(struct request *q);
int ietadm_show_target(struct request *q);
int ietadm_show_lun(struct request *q);
int ietadm_show_session(struct request *q);
int ietadm_show_user(struct request *q);
int ietadm_show_stats(struct request *q);
int ietadm_new_fault(struct request *q);
int ietadm_delete_fault(struct request *q);
int ietadm_show_fault(struct request *q);
int ietadm_reload(struct request *q);
int ietadm_dry_run(struct request *q);
int ietadm_show_config(struct request *q);

/* a dry run has found something that a reload would change */
#define IETADM_CHANGES 1

/**
 * ietadm_show_faults_of - print the rules for faults of a target
 * @q: request
 * @tid: of the target, 0: of discovery
 *
 * Return: 0, or a negative errno of the module
 */
int ietadm_show_faults_of(const struct request *q, uint32_t tid);

#endif /* IET_USR_IETADM_H */
