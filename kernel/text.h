/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Text requests in the full feature phase (RFC 7143 11.10).
 */
#ifndef IET_TEXT_H
#define IET_TEXT_H

struct iet_cmnd;
struct iet_conn;

void iet_text_start(struct iet_cmnd *cmnd);
void iet_text_timer(struct iet_conn *conn);

#endif /* IET_TEXT_H */
