// SPDX-License-Identifier: GPL-2.0-only
/* iet-convert: LIO's saveconfig.json. */
#include "convert_row.h"

#define WWN "0ca4c9e6-7d01-4f4b-9a6c-0f6f5bd8a4ef"
#define DISK(name, plugin, more)                                  \
	"{\"plugin\":\"" plugin "\",\"name\":\"" name "\",\n"     \
	"\"dev\":\"/d/" name "\",\"wwn\":\"" WWN "\",\"size\":1," \
	"\"aio\":false" more "}"
#define ALIAS ",\"attributes\":{\"emulate_model_alias\":1}"
#define STORES(list) "\"storage_objects\":[" list "]"
#define PORTAL                                                        \
	"{\"ip_address\":\"0.0.0.0\",\"port\":3260,\"iser\":false,\"" \
	"offload\":false}"
#define LUN(nr, store)                                                \
	"{\"index\":" nr ",\"alias\":\"x\",\"alua_tg_pt_gp_name\":\"" \
	"default_tg_pt_gp\",\"storage_object\":\"/backstores/" store "\"}"
#define OPEN \
	"\"attributes\":{\"generate_node_acls\":1,\"demo_mode_write_protect\":0}"
#define TPG(more) "{\"tag\":1,\"enable\":true," more "}"
#define TARGET(tpgs)                                              \
	"{\"fabric\":\"iscsi\",\"wwn\":\"iqn.a\",\"parameters\":" \
	"{\"cmd_completion_affinity\":\"-1\"},\"tpgs\":[" tpgs "]}"
#define ALL(stores, targets) \
	"{\n" STORES(stores) ",\n\"targets\":[\n" targets "]}\n"
/* one group, on all addresses, for all */
#define ONE(stores, luns)                                       \
	ALL(stores, TARGET(TPG("\"portals\":[" PORTAL "]," OPEN \
			       ",\n\"luns\":[" luns "]")))
#define GROUP(more) ALL("", TARGET(TPG("\"portals\":[" PORTAL "]," more)))
#define C "Target iqn.a\n"
#define ID(model)                                                          \
	",VendorId=LIO-ORG,ProductId=" model ",ProductRev=4.0,ScsiSN=" WWN \
	",ScsiId=" model ":" WWN ",NAA=60014050ca4c9e67d014f4b9a6c0f6f5\n"
#define ACL(name, more) "{\"node_wwn\":\"" name "\"" more "}"
#define USER(name, secret) \
	",\"chap_userid\":\"" name "\",\"chap_password\":\"" secret "\""
#define MAP(index, lun, ro)                                     \
	"{\"alias\":\"y\",\"index\":" index ",\"tpg_lun\":" lun \
	",\"write_protect\":" ro "}"
#define MAPS(list) ",\"mapped_luns\":[" list "]"
#define ACLS(attributes, list) \
	"\"attributes\":{" attributes "},\n\"node_acls\":[" list "]"

static const struct convert_row rows[] = {
	{ "{}", "", "", "" },
	{ "{\"storage_objects\":[],\"targets\":[],\"fabric_modules\":[]}", "",
	  "", "" },
	{ "{\"configshell\":{\"a\":1}}", "", "",
	  "W FILE:1: configshell: not known, not carried over\n" },
	/* disks */
	{ ONE(DISK("disk0", "fileio", ",\"write_back\":true" ALIAS),
	      LUN("0", "fileio/disk0")),
	  C "\tLun 0 Path=/d/disk0,Type=fileio,IOMode=wb" ID("disk0"),
	  "iqn.a ALL\n", "" },
	{ ONE(DISK("disk0", "fileio",
		   ",\"write_back\":true,\"attributes\":{"
		   "\"emulate_write_cache\":0,\"block_size\":4096,"
		   "\"is_nonrot\":1,\"emulate_tpu\":1,\"emulate_tpws\":0,"
		   "\"emulate_caw\":1,\"optimal_sectors\":16384}"),
	      LUN("16383", "fileio/disk0")),
	  C "\tLun 16383 Path=/d/disk0,Type=fileio,IOMode=wt,BlockSize=4096,"
	    "ThinProvisioned=Yes,RotationRate=1" ID("FILEIO"),
	  "iqn.a ALL\n", "" },
	{ ONE(DISK("a name of 21 letters", "block",
		   ",\"readonly\":true,\"write_back\":false,"
		   "\"attributes\":{\"emulate_model_alias\":1,"
		   "\"block_size\":4096,\"emulate_write_cache\":1,"
		   "\"is_nonrot\":0}"),
	      LUN("1", "block/a name of 21 letters")),
	  C "\tLun 1 Path=/d/a name of 21 letters,Type=blockio,IOMode=ro,"
	    "RotationRate=0" ID("a name of 21 let"),
	  "iqn.a ALL\n", "" },
	{ ONE("{\"plugin\":\"block\",\"name\":\"b\",\"dev\":\"/dev/b\","
	      "\"wwn\":\"0xABCg\"}",
	      LUN("0", "block/b")),
	  C "\tLun 0 Path=/dev/b,Type=blockio,VendorId=LIO-ORG,ProductId="
	    "IBLOCK,ProductRev=4.0,ScsiSN=0xABCg,ScsiId=IBLOCK:0xABCg,"
	    "NAA=60014050abc000000000000000000000\n",
	  NULL, "" },
	{ ONE("{\"plugin\":\"block\",\"name\":\"b\",\"dev\":\"/dev/b\"}",
	      LUN("0", "block/b")),
	  C "\tLun 0 Path=/dev/b,Type=blockio,VendorId=LIO-ORG,ProductId="
	    "IBLOCK,ProductRev=4.0\n",
	  NULL,
	  "W FILE:2: wwn: there is none, so this disk has another "
	  "identity\n" },
	{ ONE(DISK("b", "fileio",
		   ",\"control\":\"x\",\"attributes\":{\"pi_prot_type\":1,"
		   "\"gargot\":1},\"alua_tpgs\":[{\"name\":\"ao\","
		   "\"alua_access_state\":2}]"),
	      LUN("0", "fileio/b") "," LUN("1", "ramdisk/r") "," LUN("2", "fileio/none") "," LUN(
		      "99999",
		      "fileio/b") ","
				  "{\"storage_object\":\"/backstores/fileio/b\"}"),
	  C "\tLun 0 Path=/d/b,Type=fileio,IOMode=wt" ID("FILEIO"), NULL,
	  "W FILE:6: LUN 1 of /backstores/ramdisk/r: there is no such thing\n"
	  "W FILE:6: LUN 2 of /backstores/fileio/none: there is no such "
	  "thing\n"
	  "W FILE:6: LUN 99999 is above 16383: this disk is not carried over\n"
	  "W FILE:6: LUN none of /backstores/fileio/b: there is no such "
	  "thing\n"
	  "W FILE:3: pi_prot_type 1: not carried over\n"
	  "W FILE:3: name ao: not carried over\n"
	  "W FILE:3: alua_access_state 2: not carried over\n"
	  "W FILE:3: control: not known, not carried over\n"
	  "W FILE:3: gargot: not known, not carried over\n" },
	{ ONE(DISK("r", "ramdisk", ",\"nullio\":true") "," DISK("p", "pscsi",
								""),
	      LUN("0", "ramdisk/r") "," LUN("1", "pscsi/p")),
	  C, NULL,
	  "W FILE:7: /backstores/ramdisk/r: there is no such medium, LUN 0 is "
	  "not carried over\n"
	  "W FILE:7: /backstores/pscsi/p: there is no such medium, LUN 1 is "
	  "not carried over\n" },
	/* who may */
	{ GROUP("\"luns\":[]"), C, "iqn.a \n", "" },
	{ GROUP(ACLS("", ACL("iqn.i", "") "," ACL("iqn.j", ""))), C,
	  "iqn.a iqn.i, iqn.j\n", "" },
	{ GROUP(ACLS("", ACL("a,b", ",\"attributes\":{\"nopin_timeout\":5,"
				    "\"authentication\":-1,\"x\":0}"))),
	  C, "iqn.a \n",
	  "W FILE:5: \"a,b\" is nothing that initiators.allow can have: such "
	  "initiators stay out\n"
	  "W FILE:5: nopin_timeout 5: not carried over\n"
	  "W FILE:5: x: not known, not carried over\n" },
	/* which disks */
	{ ALL(DISK("a", "fileio", ALIAS) "," DISK("b", "fileio", ALIAS),
	      TARGET(TPG(
		      "\"portals\":[" PORTAL
		      "],\n\"luns\":[" LUN("0", "fileio/a") "," LUN("1", "fileio/b") "],\n" ACLS(
			      "",
			      ACL("iqn.i", MAPS(MAP("0", "0", "false") "," MAP("1", "1", "false"))) "," ACL(
				      "iqn.j",
				      MAPS(MAP(
					      "1", "1",
					      "true"))) "," ACL("iqn.k",
								MAPS(MAP(
									"0", "1",
									"false"))) "," ACL("iqn.l",
											   ""))))),
	  C
	  "\tLun 0 Path=/d/a,Type=fileio,IOMode=wt" ID("a") "\tLun 1 Path=/d/b,Type=fileio,IOMode=wt" ID(
		  "b") "\tLunAccess iqn.i 0-1\n"
		       "\tLunAccess iqn.j 1 ro\n\tLunAccess iqn.k 1\n"
		       "\tLunAccess iqn.l none\n",
	  "iqn.a iqn.i, iqn.j, iqn.k, iqn.l\n",
	  "W FILE:9: index 0: disks have one LUN for all, it is 1\n" },
	{ ALL(DISK("a", "fileio", ALIAS),
	      TARGET(TPG("\"portals\":[" PORTAL
			 "],\n\"luns\":[" LUN("0", "fileio/a") "],\n" ACLS(
				 "\"generate_node_acls\":1",
				 ACL("iqn.i", MAPS(MAP("0", "0", "false"))))))),
	  C "\tLun 0 Path=/d/a,Type=fileio,IOMode=wt" ID(
		  "a") "\tLunAccess iqn.i 0\n\tLunAccess iqn.i none\n"
		       "\tLunAccess ALL all ro\n",
	  "iqn.a ALL\n", "" },
	{ ALL(DISK("a", "fileio", ALIAS),
	      TARGET(TPG("\"portals\":[" PORTAL
			 "],\n\"luns\":[" LUN("0", "fileio/a") "],\n" ACLS(
				 "",
				 ACL("iqn.i", MAPS(MAP("0", "0", "false"))))))),
	  C "\tLun 0 Path=/d/a,Type=fileio,IOMode=wt" ID("a"), "iqn.a iqn.i\n",
	  "" },
	/* CHAP */
	{ GROUP(ACLS(
		  "\"authentication\":1",
		  ACL("iqn.i",
		      USER("u",
			   "secretsecret1") ",\"chap_mutual_userid\":\"m\","
					    "\"chap_mutual_password\":\"mutualmutual\"") "," ACL("iqn.j",
												 USER("v",
												      "secretsecret2")) "," ACL("iqn.k",
																USER("v",
																     "secretsecret2")) "," ACL("iqn.l",
																			       ""))),
	  C "\tIncomingUser u secretsecret1 initiator=iqn.i\n"
	    "\tIncomingUser v secretsecret2\n"
	    "\tOutgoingUser m mutualmutual\n",
	  "iqn.a iqn.i, iqn.j, iqn.k, iqn.l\n",
	  "W FILE:5: iqn.l has no account, and can't log in\n" },
	{ GROUP(ACLS("\"authentication\":1",
		     ACL("iqn.i", USER("u", "secretsecret1")) "," ACL(
			     "iqn.j", USER("u", "secretsecret2")))),
	  NULL, NULL,
	  "E FILE:5: chap_userid: this user has several secrets\n"
	  "E FILE:5: chap_userid: this user has several secrets\n" },
	{ GROUP(ACLS("\"authentication\":1", ACL("iqn.i", ""))), NULL, NULL,
	  "W FILE:5: iqn.i has no account, and can't log in\n"
	  "E FILE:4: authentication: there is no account, so nobody could log "
	  "in there, and here everybody\n" },
	{ GROUP(ACLS("\"authentication\":1",
		     ACL("iqn.i",
			 ",\"attributes\":{"
			 "\"authentication\":0}" USER("u", "secretsecret1")))),
	  C "\tIncomingUser u secretsecret1 initiator=iqn.i\n", "iqn.a iqn.i\n",
	  "W FILE:5: iqn.i: authentication is off there; here all have to "
	  "prove who they are where there is an account\n" },
	{ GROUP(ACLS("\"authentication\":1,\"generate_node_acls\":1,"
		     "\"demo_mode_write_protect\":0",
		     "") USER("u", "secretsecret1")),
	  C "\tIncomingUser u secretsecret1\n", "iqn.a ALL\n", "" },
	{ GROUP(ACLS("", "") USER("u", "secretsecret1")), C, "iqn.a \n",
	  "W FILE:4: chap_userid: without generate_node_acls nobody uses the "
	  "account of the group: not carried over\n" },
	{ "{\"fabric_modules\":[{\"name\":\"iscsi\",\"discovery_enable_auth\":"
	  "true,\"discovery_userid\":\"d\",\"discovery_password\":"
	  "\"secretsecret1\",\"discovery_mutual_userid\":\"m\","
	  "\"discovery_mutual_password\":\"secretsecret2\"},{\"name\":"
	  "\"other\"}]}",
	  "IncomingUser d secretsecret1\nOutgoingUser m secretsecret2\n", "",
	  "" },
	/* the rest of a group */
	{ GROUP(OPEN ",\"parameters\":{\"MaxBurstLength\":\"262144\","
		     "\"FirstBurstLength\":\"131072\",\"AuthMethod\":\"None\","
		     "\"TargetAlias\":\"Our disks\",\"IFMarkInt\":\"Reject\","
		     "\"HeaderDigest\":\"CRC32C,None\",\"Gargot\":\"1\"}"),
	  C "\tFirstBurstLength 131072\n\tAlias Our disks\n", NULL,
	  "W FILE:4: Gargot: not known, not carried over\n" },
	{ GROUP("\"attributes\":{\"default_cmdsn_depth\":32,"
		"\"generate_node_acls\":1,\"demo_mode_write_protect\":0,"
		"\"t10_pi\":1}"),
	  C "\tQueuedCommands 32\n", NULL,
	  "W FILE:4: t10_pi 1: not carried over\n" },
	{ ALL("",
	      TARGET(TPG(OPEN ",\"portals\":[{\"ip_address\":\"10.0.0.1\","
			      "\"port\":3260},{\"ip_address\":\"fe80::1\","
			      "\"port\":3261,\"iser\":false},\n{\"ip_address\":"
			      "\"10.0.0.2\",\"port\":3260,\"iser\":true}]"))),
	  C "\tPortal 10.0.0.1\n\tPortal [fe80::1]:3261\n", NULL,
	  "W FILE:5: iser: this portal is not carried over\n" },
	{ ALL("", TARGET(TPG(OPEN ",\"portals\":[{\"ip_address\":\"10.0.0.1\","
				  "\"port\":3260},{\"ip_address\":\"[::0]\","
				  "\"port\":3261}]"))),
	  C, NULL, "W FILE:4: port 3261: see ietd -p\n" },
	{ ALL("", TARGET(TPG(OPEN ",\"portals\":[]"))), "", "",
	  "W FILE:4: iqn.a has no portal: it is not carried over\n" },
	{ ALL("", TARGET("{\"tag\":1,\"enable\":false,\"x\":1},\n"
			 "{\"tag\":2,\"enable\":true,\"portals\":[" PORTAL
			 "]," OPEN "},\n{\"tag\":3}")),
	  C, "iqn.a ALL\n",
	  "W FILE:4: portal group 1 of iqn.a: not carried over\n"
	  "W FILE:5: tag 2: not carried over\n"
	  "W FILE:6: portal group 3 of iqn.a: not carried over\n" },
	{ ALL("", "{\"fabric\":\"vhost\",\"wwn\":\"naa.1\",\"x\":1}"), "", "",
	  "W FILE:4: naa.1: a target of vhost is not carried over\n" },
	/* no JSON */
	{ "", NULL, NULL, "E FILE:1: is no object\n" },
	{ "[]", NULL, NULL, "E FILE:1: is no object\n" },
	{ "{} {}", NULL, NULL, "E FILE:1: more than one object\n" },
	{ "{1}", NULL, NULL, "E FILE:1: a name is missing\n" },
	{ "{\"a\" 1}", NULL, NULL, "E FILE:1: \":\" is missing\n" },
	{ "{\"a\":1", NULL, NULL, "E FILE:1: \",\" or \"}\" is missing\n" },
	{ "{\"a\":[1}", NULL, NULL, "E FILE:1: \",\" or \"]\" is missing\n" },
	{ "{\"a\":[1,]}", NULL, NULL, "E FILE:1: no value of JSON\n" },
	{ "{\"a\":yes}", NULL, NULL, "E FILE:1: no value of JSON\n" },
	{ "{\n\"a\":", NULL, NULL, "E FILE:2: no value of JSON\n" },
	{ "{\"a", NULL, NULL, "E FILE:1: a string has no end\n" },
	{ "{\"a\\", NULL, NULL, "E FILE:1: a string has no end\n" },
	{ "{\"a\\n\":1}", NULL, NULL,
	  "E FILE:1: a character that no string can have\n" },
	{ "{\"a\nb\":1}", NULL, NULL,
	  "E FILE:1: a character that no string can have\n" },
	{ "{\"\\u0000\":1}", NULL, NULL,
	  "E FILE:1: a character that no string can have\n" },
	{ "{\"\\ud800x\":1}", NULL, NULL,
	  "E FILE:1: a character that no string can have\n" },
	{ "{\"\\u00", NULL, NULL,
	  "E FILE:1: a character that no string can have\n" },
	{ "{\"\\u0041\\u00e4\\u20ac\\ud83d\\ude00\\/\\\"\":null}", "", "",
	  "W FILE:1: A\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80/\": not known, not "
	  "carried over\n" },
};

static void test_rows(void)
{
	convert_rows(conv_read_lio, rows, sizeof(rows) / sizeof(rows[0]));
}

static void test_deep(void)
{
	char text[100001];
	const struct convert_row row = { text, NULL, NULL,
					 "E FILE:1: nested too deep\n" };

	memset(text, '[', sizeof(text));
	memcpy(text, "{\"a\":", 5);
	convert_check(conv_read_lio, &row, sizeof(text));
}

static void test_damage(void)
{
	convert_damage(conv_read_lio,
		       ONE(DISK("d", "fileio", ALIAS), LUN("0", "fileio/d")));
	convert_damage(
		conv_read_lio,
		GROUP(ACLS("\"authentication\":1",
			   ACL("iqn.i", USER("u", "s\\u00e4cret")
						MAPS(MAP("0", "0", "true"))))));
}

int main(void)
{
	ktap_run(test_rows);
	ktap_run(test_deep);
	ktap_run(test_damage);
	return ktap_done();
}
