/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef IET_DATA_OUT_H
#define IET_DATA_OUT_H

struct iet_cmnd;
struct iet_conn;

int iet_data_out_header(struct iet_conn *conn);
void iet_data_out_damaged(struct iet_conn *conn, struct iet_cmnd *cmnd);

#endif
