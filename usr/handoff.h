/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The module's side of a login: the session, and the socket that goes over.
 */
#ifndef IET_USR_HANDOFF_H
#define IET_USR_HANDOFF_H

#include "login.h"

/**
 * handoff_find_target - look the target up that an initiator asks for
 * @l: login; fills @l->target
 * @name: TargetName, in any case
 *
 * Return: %ISCSI_LOGIN_SUCCESS, or the status to refuse the login with
 */
enum iscsi_login_status handoff_find_target(struct login *l, const char *name);

/**
 * handoff_find_session - look the session up that a login wants to join
 * @l: login with a TSIH; fills @l->session
 *
 * Return: as above
 */
enum iscsi_login_status handoff_find_session(struct login *l);

/**
 * handoff_session - make the session of a leading login
 * @l: login, negotiated to the end; fills @l->session
 *
 * Return: as above
 */
enum iscsi_login_status handoff_session(struct login *l);

/**
 * handoff_conn - hand the connection over; the final response is sent
 * @l: login
 * @fd: its socket, which the caller closes afterwards
 *
 * Return: 0, or a negative errno: the session is gone then
 */
int handoff_conn(struct login *l, int fd);

/**
 * handoff_abandon - the final response could not be sent
 * @l: login; its session is dropped if this login has made it
 */
void handoff_abandon(struct login *l);

#endif /* IET_USR_HANDOFF_H */
