/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A module in memory, behind the operations of usr/kernel.h: link
 * fake_kernel.o instead of kernel.o.  It keeps what it is given and checks
 * what the module checks: ids in use, names in use, unknown ids.
 */
#ifndef FAKE_KERNEL_H
#define FAKE_KERNEL_H

#include "kernel.h"

#define FAKE_TARGETS 2048
#define FAKE_LUNS 256
#define FAKE_SESSIONS 64
#define FAKE_FAULTS 64

enum fake_op {
	FAKE_INFO_GET,
	FAKE_TARGET_GET,
	FAKE_TARGET_DUMP,
	FAKE_TARGET_NEW,
	FAKE_TARGET_SET,
	FAKE_TARGET_DEL,
	FAKE_LUN_DUMP,
	FAKE_LUN_NEW,
	FAKE_LUN_SET,
	FAKE_LUN_DEL,
	FAKE_SESSION_DUMP,
	FAKE_SESSION_NEW,
	FAKE_SESSION_SET,
	FAKE_SESSION_DEL,
	FAKE_CONN_NEW,
	FAKE_CONN_DEL,
	FAKE_CONN_ASYNC,
	FAKE_FAULT_DUMP,
	FAKE_FAULT_NEW,
	FAKE_FAULT_DEL,
	FAKE_NEXUS_STATS,
	FAKE_NR_OPS,
};

/* how often each operation was called since fake_reset() */
extern unsigned int fake_calls[FAKE_NR_OPS];

/* what info_get says; fake_reset() gives it sensible values */
extern struct kernel_info fake_info;

/* what conn_async was told last */
extern struct kernel_conn fake_async;

/* conn_new duplicates the descriptor it gets: the newest one, or -1 */
extern int fake_conn_fd;
extern struct kernel_conn fake_conn;

/**
 * fake_reset - forget everything
 */
void fake_reset(void);

/**
 * fake_fail - let calls of one operation fail
 * @op: which
 * @err: negative errno, or 0 to let them work again
 * @text: what kernel_error() says then
 */
void fake_fail(enum fake_op op, int err, const char *text);

/**
 * fake_target - add a target
 * @name: its name
 *
 * Return: the target as it is kept, to be changed in place
 */
struct kernel_target *fake_target(const char *name);

/**
 * fake_find_target - look at a target as it is kept
 * @name: its name
 *
 * Return: the target, or NULL
 */
struct kernel_target *fake_find_target(const char *name);

/**
 * fake_find_lun - look at a LUN as it is kept
 * @tid: target id
 * @lun: number
 *
 * Return: the LUN, or NULL
 */
struct kernel_lun *fake_find_lun(uint32_t tid, uint32_t lun);

/**
 * fake_session - look at a session as it is kept
 * @index: 0 = oldest
 *
 * Return: the session, or NULL
 */
struct kernel_session *fake_session(unsigned int index);

/**
 * fake_fault - look at a rule for faults as it is kept
 * @index: 0 = oldest
 *
 * Return: the rule, or NULL
 */
struct kernel_fault *fake_fault(unsigned int index);

#endif /* FAKE_KERNEL_H */
