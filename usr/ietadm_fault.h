/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Faults that a target is to have: what the parts of ietadm that deal with them
 * know of each other.  Those of logins are the daemon's, which reads and
 * prints their parameters by itself.
 */
#ifndef IET_USR_IETADM_FAULT_H
#define IET_USR_IETADM_FAULT_H

#include "fault_key.h"
#include "ietadm.h"

/* how the daemon's kinds begin, and the numbers of its rules */
#define LOGIN_KIND "login-"
#define LOGIN_ID 'L'

/* the parameters of the module's rules, in the order they are shown in */
extern const struct fault_key ietadm_fault_keys[];
extern const size_t ietadm_nr_fault_keys;

/**
 * ietadm_fault_kind - the name of a kind of fault
 * @kind: enum iet_fault_kind
 *
 * Return: its name
 */
const char *ietadm_fault_kind(uint32_t kind);

/* of a request that is about rules of the daemon */
int ietadm_new_login_fault(struct request *q);
int ietadm_delete_login_fault(struct request *q);

#endif /* IET_USR_IETADM_FAULT_H */
