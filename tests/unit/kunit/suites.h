/* SPDX-License-Identifier: GPL-2.0-only */
/* The test programs of ../kernel that are KUnit suites: all that is pure. */
SUITE_OF(cdb)
SUITE_OF(cmdsn)
SUITE_OF(data_in)
SUITE_OF(designator)
SUITE_OF(lun_map)
SUITE_OF(pdu)
SUITE_OF(pr_state)
SUITE_OF(r2t)
SUITE_OF(sense)
SUITE_OF(span)
SUITE_OF(xcopy_list)
