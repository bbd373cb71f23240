// SPDX-License-Identifier: GPL-2.0-only
/* ietadm: faults that a target is to have */
#include <errno.h>

#include "fake_kernel.h"
#include "ietadm_line.h"
#include "ktap.h"

static void start(void)
{
	fake_reset();
	fake_target("iqn.a");
	ietadm_set_path("/nonexistent/socket");
}

/* what is given, what the module gets, and how it is shown */
static void all_of_it(void)
{
	static const struct {
		const char *given, *shown;
	} rows[] = {
		{ "--fault=drop", "Kind=drop" },
		{ "--fault=DROP --sid=5 --lun=3", "Kind=drop Sid=5 Lun=3" },
		{ "--fault=drop -p PDU=data-in,Byte=end,Count=1",
		  "Kind=drop PDU=data-in Byte=end Count=1" },
		{ "--fault=split -p pdu=status,byte=0x30",
		  "Kind=split PDU=status Byte=48" },
		{ "--fault=sense -p Sense=3/11/0,LBA=5",
		  "Kind=sense LBA=5 Sense=3/11/00" },
		{ "--fault=sense -p Sense=b/47/03,LBA=5-0x10,Opcode=0x28",
		  "Kind=sense Opcode=0x28 LBA=5-16 Sense=b/47/03" },
		{ "--fault=status -p Status=task-set-full,Direction=write",
		  "Kind=status Direction=write Status=task-set-full" },
		{ "--fault=delay -p Delay=250,Chance=50%,Seed=9,Skip=2",
		  "Kind=delay Delay=250 Chance=50% Skip=2 Seed=9" },
		{ "--fault=hang -p Chance=0.0001", "Kind=hang Chance=0.0001%" },
		{ "--fault=hang -p Chance=100.0", "Kind=hang Chance=100%" },
		{ "--fault=hang -p Chance=12.34%,Initiator=iqn.x:y",
		  "Kind=hang Initiator=iqn.x:y Chance=12.34%" },
		{ "--fault=async -p Event=drop-session",
		  "Kind=async Event=drop-session" },
		{ "--fault=reject -p Reason=6,PDU=scsi-command",
		  "Kind=reject PDU=scsi-command Reason=6" },
	};
	char line[256];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool before = ktap_ok;

		start();
		snprintf(line, sizeof(line), "ietadm --op new --tid=1 %s",
			 rows[i].given);
		CHECK_EQ(run(line), 0);
		CHECK_STR(out, "1\n");
		CHECK_STR(err_out, "");
		CHECK_EQ(run("ietadm --op show --tid=1 --fault"), 0);
		snprintf(line, sizeof(line),
			 "Tid=1 Id=1 %s Seen=0 Hits=0 Held=0\n", rows[i].shown);
		CHECK_STR(out, line);
		CHECK_ROW(rows[i].given, before);
	}
}

static void refusals(void)
{
	static const struct {
		const char *line, *text;
	} rows[] = {
		{ "ietadm --op new --tid=1 --fault",
		  "ietadm: new fault of target 1: which kind? --fault=KIND\n" },
		{ "ietadm --op new --tid=1 --fault=crash",
		  "ietadm: new fault crash of target 1: there is no such kind "
		  "of fault\n" },
		{ "ietadm --op new --tid=9 --fault=hang",
		  "ietadm: new fault hang of target 9: no such target\n" },
		{ "ietadm --op new --fault=hang",
		  "ietadm: new fault hang: --tid is missing\n" },
		{ "ietadm --op new --tid=1 --sid=2 --fault=login-drop",
		  "ietadm: new fault login-drop of session 2 of target 1: a "
		  "login has no session or LUN yet\n" },
		{ "ietadm --op new --tid=1 --fault=login-drop",
		  "ietadm: new fault login-drop of target 1: ietd is not "
		  "running (/nonexistent/socket: No such file or directory)\n" },
		{ "ietadm --op delete --fault=L1",
		  "ietadm: delete fault L1: ietd is not running "
		  "(/nonexistent/socket: No such file or directory)\n" },
		{ "ietadm --op delete --tid=1 --fault=L0",
		  "ietadm: delete fault L0 of target 1: which one? "
		  "--fault=FAULT or --fault=all\n" },
		{ "ietadm --op delete --fault=7",
		  "ietadm: delete fault 7: no such fault\n" },
		{ "ietadm --op delete --tid=0 --fault=7",
		  "ietadm: delete fault 7 of target 0: no such fault\n" },
		{ "ietadm --op delete --tid=1 --fault=all --json",
		  "ietadm: delete fault all of target 1: Unsupported.\n" },
		{ "ietadm --op update --tid=1 --fault=hang",
		  "ietadm: update fault hang of target 1: Unsupported.\n" },
		{ "ietadm --op new --tid=1 --fault=hang -p Color=red",
		  "ietadm: new fault hang of target 1: \"Color\" is not a "
		  "parameter of a fault\n" },
		{ "ietadm --op new --tid=1 --fault=hang --lun=2 -p Chance=0",
		  "ietadm: new fault hang of lun 2 of target 1: Chance: \"0\" "
		  "is not valid\n" },
		{ "ietadm --op delete --tid=1 --fault",
		  "ietadm: delete fault of target 1: which one? --fault=FAULT "
		  "or --fault=all\n" },
		{ "ietadm --op delete --tid=1 --fault=0",
		  "ietadm: delete fault 0 of target 1: which one? "
		  "--fault=FAULT or --fault=all\n" },
		{ "ietadm --op delete --tid=1 --fault=7",
		  "ietadm: delete fault 7 of target 1: no such fault\n" },
		{ "ietadm --op show --tid=1 --fault=7",
		  "ietadm: show fault 7 of target 1: --fault has no value "
		  "here: all are shown\n" },
		{ "ietadm --op show --tid=2 --fault",
		  "ietadm: show fault of target 2: no such target\n" },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool before = ktap_ok;

		start();
		CHECK(run(rows[i].line) < 0);
		CHECK_STR(out, "");
		CHECK_STR(err_out, rows[i].text);
		CHECK(!fake_fault(0));
		CHECK_ROW(rows[i].line, before);
	}
}

static void bad_values(void)
{
	static const char *const rows[] = {
		"Chance=100.1",	  "Chance=",
		"Chance=%",	  "Chance=5%%",
		"Chance=1.23456", "Chance=1.2.3",
		"Chance=-1",	  "Chance=123456789",
		"Sense=3/11",	  "Sense=3/11/0/0",
		"Sense=3/11/000", "Sense=33/1/1",
		"Sense=-/1/1",	  "Sense=",
		"LBA=",		  "LBA=-5",
		"LBA=5-",	  "LBA=x",
		"LBA=5-x",	  "LBA=99999999999999999999",
		"PDU=37",	  "PDU=login",
		"Status=good",	  "Status=8",
		"Event=9",	  "Direction=both",
		"Count=-1",	  "Count=4294967296",
		"Byte=last",	  "Initiator=",
		"Seed=x",
	};
	char line[128];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool before = ktap_ok;

		start();
		snprintf(line, sizeof(line),
			 "ietadm --op new --tid=1 --fault=hang -p %s", rows[i]);
		CHECK_EQ(run(line), -EINVAL);
		CHECK(strstr(err_out, "is not valid"));
		CHECK(!fake_fault(0));
		CHECK_ROW(rows[i], before);
	}
}

static void deletes(void)
{
	start();
	CHECK_EQ(run("ietadm --op new --tid=1 --fault=hang"), 0);
	CHECK_EQ(run("ietadm --op new --tid=1 --fault=drop"), 0);
	CHECK_STR(out, "2\n");
	CHECK_EQ(run("ietadm --op delete --tid=1 --fault=1"), 0);
	CHECK_EQ(fake_fault(0)->id, 2);
	CHECK(!fake_fault(1));
	CHECK_EQ(run("ietadm --op delete --tid=1 --fault=all"), 0);
	CHECK(!fake_fault(0));
}

static void deletes_without_target(void)
{
	start();
	fake_target("iqn.b");
	CHECK_EQ(run("ietadm --op new --tid=2 --fault=hang"), 0);
	CHECK_EQ(run("ietadm --op new --tid=1 --fault=drop"), 0);
	CHECK_EQ(run("ietadm --op new --tid=2 --fault=drop"), 0);
	CHECK_EQ(run("ietadm --op delete --fault=2"), 0);
	CHECK_EQ(fake_fault(0)->id, 1);
	CHECK_EQ(fake_fault(1)->id, 3);
	CHECK_EQ(run("ietadm --op delete --tid=0 --fault=all"), 0);
	CHECK(fake_fault(1));
	CHECK_EQ(run("ietadm --op delete --fault=all"), 0);
	CHECK(!fake_fault(0));
	CHECK_STR(err_out, "ietadm: ietd is not running: faults of logins "
			   "stay, if there are any\n");
}

static void shows_json(void)
{
	start();
	CHECK_EQ(run("ietadm --op show --fault --json"), 0);
	CHECK_STR(out, "{\"faults\":[]}\n");
	CHECK_STR(err_out, "ietadm: ietd is not running: faults of logins are "
			   "not shown\n");
	CHECK_EQ(run("ietadm --op new --tid=1 --fault=sense --sid=5 --lun=2 -p "
		     "Opcode=0x28,LBA=1-9,Sense=3/11/0,Chance=5%,Count=2"),
		 0);
	CHECK_EQ(run("ietadm --op new --tid=1 --fault=drop -p Byte=end,"
		     "Initiator=a\"b"),
		 0);
	fake_fault(0)->ended = true;
	CHECK_EQ(run("ietadm --op show --tid=1 --fault --json"), 0);
	CHECK_STR(out,
		  "{\"faults\":[{\"tid\":1,\"id\":\"1\",\"kind\":\"sense\","
		  "\"sid\":\"5\",\"ended\":\"Yes\",\"lun\":2,\"opcode\":40,"
		  "\"lba\":\"1-9\",\"sense\":\"3/11/00\",\"chance\":\"5%\","
		  "\"count\":2,\"seen\":0,\"hits\":0,\"held\":0},"
		  "{\"tid\":1,\"id\":\"2\",\"kind\":\"drop\","
		  "\"initiator\":\"a\\\"b\",\"byte\":\"end\",\"seen\":0,"
		  "\"hits\":0,\"held\":0}]}\n");
	CHECK_EQ(run("ietadm --op show --tid=9 --fault --json"), -ENOENT);
	CHECK_STR(out, "{\"faults\":[]}\n");
}

static void shows(void)
{
	start();
	fake_target("iqn.b");
	CHECK_EQ(run("ietadm --op new --tid=2 --fault=hang --sid=5"), 0);
	fake_fault(0)->hits = 3;
	fake_fault(0)->seen = 4;
	fake_fault(0)->held = 1;
	fake_fault(0)->ended = true;
	CHECK_EQ(run("ietadm --op show --fault"), 0);
	CHECK_STR(out, "Tid=2 Id=1 Kind=hang Sid=5 Ended=Yes Seen=4 Hits=3 "
		       "Held=1\n");
	CHECK_EQ(run("ietadm --op show --tid=1 --fault"), 0);
	CHECK_STR(out, "");
	CHECK_EQ(run("ietadm --op show"), 0);
	CHECK(strstr(out, "\n\tfault: Tid=2 Id=1 Kind=hang"));
	fake_fail(FAKE_FAULT_DUMP, -EOPNOTSUPP, "old");
	CHECK_EQ(run("ietadm --op show"), 0);
}

int main(void)
{
	ktap_run(all_of_it);
	ktap_run(refusals);
	ktap_run(bad_values);
	ktap_run(deletes);
	ktap_run(deletes_without_target);
	ktap_run(shows_json);
	ktap_run(shows);
	return ktap_done();
}
