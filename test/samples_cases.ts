/**
 * Expressions and ACLs that are given to haproxy and to us alike (samples-differential.test.ts).
 */
export const EXPRESSIONS: readonly string[] = String.raw`
str(abc)
str('a,b')
str("a)b")
str(a\,b)
str("a\"b")
str('a\nb')
str(a b)
str( a)
str()
str
str(a
str(a'b'c)
str("a\x41b")
str(a\x41b)
str(a\ b)
str(a\)b)
str("a]b")
str(a]b)
str(abc),upper
str(abc) ,upper
str(abc), upper
str(abc),
str(abc)upper
str(abc),,upper
str(a,b)
int(5)
int(-5)
int(+5)
int(0x10)
int(010)
int(abc)
int()
int(9223372036854775807)
int(9223372036854775808)
int(-9223372036854775808)
int(12abc)
bool(true)
bool(1)
bool(2)
bool(TRUE)
bin(414243)
bin(4142),hex
bin(4)
bin(zz)
bin(0x41)
ipv4(1.2.3.4)
ipv4(1.2.3)
ipv4(1.2.3.4.5)
ipv4(localhost)
ipv6(::1)
ipv6(::ffff:1.2.3.4)
ipv6(1.2.3.4)
ipv6(fe80:0:0:0:0:0:0:1)
always_true
always_false
always_true()
always_true(1)
env(HOME)
env(NOPE)
nbproc
proc
act_conn
fe_id
fe_name
fe_defbe
be_id
be_name
so_id
so_name
src
src_port
dst
dst_is_local
src_is_local
stopping
uuid(3)
rand(1)
date(0,x)
fe_conn
fe_conn(f)
fe_conn(zz)
be_conn
be_conn(f)
be_conn_free
connslots
queue
avg_queue
nbsrv
srv_id
srv_name
srv_conn(s)
srv_conn(f/s)
dst_conn
fe_sess_rate
be_sess_rate
fe_req_rate
fc_src
fc_dst_port
prio_class
prio_offset
last_rule_line
last_rule_file
fc_err
fc_err_str
fc_http_major
fc_rcvd_proxy
fe_client_timeout
be_server_timeout
be_tunnel_timeout
cur_server_timeout
bc_src
bc_err
version
foo
srcc
src,foo
src,uper
src(x)
src(),upper
str(abc),upper()
str(abc),bytes(1)
str(abc),bytes()
str(abc),bytes
wait_end
meth(GET)
meth(foo)
str(a\\b)
str(a\"b)
str(a\'b)
str("a\'b")
str("a\\b")
str("a\ b")
str('a\\b')
str('a\'b)
str("abc)
str(a"b"c'd'e)
str('a'"b")
str(''),length
str(""),length
str( a ),length
int( 5)
int(5 )
str((a))
str(a(b)c)
str("(a)")
str(a[b])
str(abc),length()
str(abc),field(1,b)
str(a,)
int(5),add(x)
int(5),add(proc.x)
int(5),add()
int(5),add
int(5),add(1,2)
int(9223372036854775807),add(1)
int(-9223372036854775808),sub(1)
int(9223372036854775807),mul(2)
int(9223372036854775807),mul(-2)
int(-9223372036854775808),neg
int(-9223372036854775808),div(-1)
int(-9223372036854775808),mul(-1)
int(7),div(0)
int(-7),div(0)
int(7),mod(0)
int(-7),mod(3)
int(7),mod(-3)
int(-7),div(2)
int(5),cpl
int(5),xor(9)
int(-1),and(255)
int(5000000000),or(1)
int(5000000000),and(4294967296)
int(3),odd
int(-3),odd
int(3),even
int(-4),even
int(0),bool
int(4),bool
int(-4),not
str(abc),bool
str(1),bool
str(12abc),add(1)
str(abc),add(1)
str(-5),add(1)
str( 5),add(1)
str(""),add(1)
str(),add(1)
str(+5),add(1)
str(99999999999999999999),add(1)
bool(1),add(1)
bool(1),not
bool(1),length
bool(1),hex
int(1),hex
int(258),htonl
int(258),htonl,hex
int(-1),htonl,hex
int(5000000000),htonl,hex
ipv4(1.2.3.4),add(0)
ipv6(::1),add(0)
ipv6(::ffff:1.2.3.4),add(0)
ipv4(1.2.3.4),hex
ipv6(::1),hex
ipv6(2001:db8::1:0:0:1),length
ipv4(1.2.3.4),upper
ipv4(1.2.3.4),bool
src,length
src,add(1)
src,hex
src,bool
int(16909060),ipmask(24)
int(16909060),ipmask(32)
str(1.2.3.4),ipmask(24)
str(abc),ipmask(24)
str(1.2.3),ipmask(32)
str(::1),ipmask(24,64)
ipv6(2001:db8::1:2:3:4),ipmask(24,64)
ipv6(2001:db8::1:2:3:4),ipmask(24)
ipv6(2001:db8::1:2:3:4),ipmask(24,ffff:ffff::)
ipv6(::ffff:1.2.3.4),ipmask(24,64)
ipv4(1.2.3.4),ipmask(255.255.0.0)
ipv4(1.2.3.4),ipmask(255.0.255.0)
ipv4(1.2.3.4),ipmask(0)
ipv4(1.2.3.4),ipmask(33)
ipv4(1.2.3.4),ipmask()
ipv4(1.2.3.4),ipmask(24,129)
ipv4(1.2.3.4),ipmask(24,64)
bin(01020304),ipmask(24)
bin(41),add(1)
bin(41),bool
bin(41),upper
bin(4100),length
meth(GET),length
meth(GET),hex
meth(GET),add(1)
meth(GET),upper
always_true,iif(yes,no)
always_false,iif(yes,no)
int(5),iif(yes,no)
str(5),iif(yes,no)
always_false,iif(yes,"")
always_true,iif(yes)
str(AbCé),lower
str(AbCé),upper
str(AbC),lower,length
str(abcdef),bytes(2)
str(abcdef),bytes(2,2)
str(abcdef),bytes(2,20)
str(abcdef),bytes(6)
str(abcdef),bytes(7)
str(abcdef),bytes(-2)
str(abcdef),bytes(2,-1)
str(abcdef),bytes(2,0)
str(abcdef),base64
str(abcde),base64
str(abcd),base64
str(""),base64
str(YWJjZA==),b64dec
str(YWJjZA),b64dec
str(YWJj),b64dec
str(YW=j),b64dec
str(YWJ),b64dec
str("Y WJ"),b64dec
str(YWJjZA),ub64dec
str(_-8),ub64dec,hex
str(/+8=),b64dec,hex
str(_-8=),b64dec,hex
str(YWJjZA==),ub64dec
bin(fbff),ub64enc
bin(fbff),base64
bin(00ff10),hex
str(616263),hex2i
str(ff),hex2i
str(7fffffffffffffff),hex2i
str(ffffffffffffffff),hex2i
str(1ffffffffffffffff),hex2i
str(xyz),hex2i
str(12xz),hex2i
str(-1f),hex2i
str(0x1f),hex2i
str(" 1f"),hex2i
str(abc),crc32
str(abc),crc32(1)
str(abc),crc32(0)
str(abc),crc32(2)
str(abc),crc32c
str(abc),crc32c(1)
str(abc),djb2
str(abc),djb2(1)
str(abc),sdbm
str(abc),sdbm(1)
str(abc),wt6
str(abc),wt6(1)
str(""),wt6
str(abc),xxh32
str(abc),xxh32(5)
str(abc),xxh64
str(abc),xxh64(5)
str(abc),xxh3
str(abc),xxh3(5)
str(abc),sha1,hex
str(abc),sha2,hex
str(abc),sha2(224),hex
str(abc),sha2(384),hex
str(abc),sha2(512),hex
str(abc),sha2(5),hex
str(abc),digest(md5),hex
str(abc),digest(sha256),hex
str(abc),digest(SHA256),hex
str(abc),digest(nope),hex
str(abc),hmac(sha256,a2V5),hex
str(f1_f2_f3__f5),field(5,_)
str(f1_f2_f3__f5),field(4,_)
str(f1_f2_f3__f5),field(4,_),length
str(f1_f2_f3__f5),field(6,_)
str(f1_f2_f3__f5),field(2,_,0)
str(f1_f2_f3__f5),field(2,_,2)
str(f1_f2_f3__f5),field(-2,_,3)
str(f1_f2_f3__f5),field(-3,_,0)
str(f1_f2_f3__f5),field(0,_)
str(f1_f2_f3__f5),field(1,_,9)
str(f1_f2_f3__f5),field(-1,_)
str(f1_f2_f3__f5),field(-6,_)
str(f1_f2_f3__f5),field(-5,_,0)
str(f1_f2_f3__f5),field(-5,_,2)
str(f1_f2_f3__f5),field(1,_,-1)
str(a.b:c.d),field(2,.:)
str(abc),field(1,_)
str(abc),field(2,_)
str(abc),field(1,)
str(abc),field(1)
str(f1_f2_f3__f5),word(4,_)
str(f1_f2_f3__f5),word(2,_,0)
str(f1_f2_f3__f5),word(3,_,2)
str(f1_f2_f3__f5),word(-2,_,3)
str(f1_f2_f3__f5),word(-3,_,0)
str(/f1/f2/f3/f4),word(1,/)
str(/f1/f2/f3/f4),word(5,/)
str(/f1/f2/f3/f4),word(0,/)
str(/f1/f2/f3/f4),word(-1,/)
str(/f1/f2/f3/f4),word(-4,/)
str(/f1/f2/f3/f4),word(-5,/)
str(/f1/f2/f3/f4/),word(4,/)
str(/f1/f2/f3/f4/),word(-1,/)
str(//f1//f2//),word(2,/)
str(//f1//f2//),word(1,/,0)
str(//f1//f2//),word(1,/,2)
str(//f1//f2//),word(-1,/,0)
str(//f1//f2//),word(-1,/,2)
str(//f1//f2//),word(1,/,9)
str(""),word(1,/)
str(xxabcxx),ltrim(x)
str(xxabcxx),rtrim(x)
str(xxabcxx),ltrim(xa)
str(xxx),ltrim(x),length
str(xxx),rtrim(x),length
str("a\rb"),cut_crlf
bin(610d62),cut_crlf
bin(610a62),cut_crlf
str(abc),regsub(b,X)
str(abcb),regsub(b,X,g)
str(aBcb),regsub(b,X,i)
str(aBcb),regsub(b,X,ig)
str(abc),regsub((b)(c),\2\1)
str(abc),regsub("(b)(c)","\2\1")
str(abc),regsub('(b)(c)','\2\1')
str(abc),regsub(b,)
str(abc),regsub(b,X,z)
str(abc),regsub(*,X)
str(a%20b+c),url_dec
str(a%20b+c),url_dec(1)
str(a+b?c+d),url_dec
str(a%2),url_dec
str(a%zz),url_dec
str(a%00b),url_dec
str(a%00b),url_dec,length
str("a b/c?d&é~-_.*'()"),url_enc
str("a b"),url_enc(query)
str("a b"),url_enc(x)
int(1700000000),utime(%Y-%m-%dT%H:%M:%S%z)
int(1700000000),utime(%A %a %B %b %j %U %w %y %Z %e %p %I %s %%)
int(1700000000),utime("%d/%b/%Y"),upper
int(1700000000),utime(%H,3600)
int(1700000000),utime(%c|%x|%X|%D|%F|%T|%R|%r|%h|%n|%t|%u|%V|%G|%g|%C|%k|%l|%P|%Q)
int(1700000000),ltime(%Y-%m-%dT%H:%M:%S%z %Z)
int(-1),utime(%F %T)
int(1700000000),http_date
int(1700000000),http_date(10)
int(1700000000123),http_date(0,ms)
bin(01020304050607),be2dec(:,2)
bin(01020304050607),be2dec(-,2,1)
bin(01020304050607),be2dec(,2,1)
bin(7f000001),be2dec(.,1)
bin(01020304050607),be2hex
bin(01020304050607),be2hex(:,2)
bin(01020304050607),be2hex(--,2,1)
bin(0102030405060708),be2hex(,3,1)
str(example.com:80),host_only
str(EXAMPLE.com),host_only
str([::1]:80),host_only
str([::1]),port_only
str(example.com:8080),port_only
str(abc),json
str('a"b\c/d'),json
str('a"b\c/d'),json(utf8)
str(abc),concat(x)
str(abc),concat(x,,y)
str(abc),concat()
str(abc),concat
str(abc),add_item(;,,x)
str(""),add_item(;,,x)
str(f),nbsrv
str(abc),length,length
str(fr;q=0.5),language(fr;en)
int(5),debug
ipv6(::1.2.3.4),ipmask(24,64)
ipv6(2002:102:304::),ipmask(24,64)
ipv6(2002:102:304::),ipmask(24,128)
ipv6(::1),ipmask(24,128)
ipv6(1:2:3:4:5:6:7:8),ipmask(24,65)
ipv6(1:2:3:4:5:6:7:8),ipmask(24,ffff::ffff)
ipv6(::1:0:0:2:0:0:0)
ipv6(1:0:0:2:0:0:0:3)
ipv6(1:0:2:0:3:0:4:0)
ipv6(::102:304)
ipv6(0:0:0:0:0:ffff:102:304)
ipv6(64:ff9b::1.2.3.4)
ipv6(fe80::1%lo)
str(f1_f2_f3__f5),field(2,_,-1)
str(f1_f2_f3__f5),field(2,_,-2)
str(f1_f2_f3__f5),word(2,_,-1)
str(f1_f2_f3__f5),field(-2,_,-1)
str(abc),bytes(-1,2)
str(abc),bytes(x)
str(abc),bytes(1,2,3)
str(a),field(x,y)
str(abc),concat("(",,")")
str(abc),concat(x,foo)
str(abc),concat(x,sess.foo,y)
str(abc),add_item(;,sess.foo,y)
str(abc),add_item(;)
str(abc),add_item(;,)
str(abc),add_item(;,sess.foo)
str(abc),be2dec(:,9)
str(abc),be2dec
str(abc),be2hex(:)
str(abc),be2hex(:,0)
str(abc),be2hex(:,-1)
bin(ffffffffffffffff),be2dec(:,8)
str(abc),http_date
int(0),http_date
str(host:),port_only
str(host:99999),port_only
str(a:b:c),port_only
str(host:),host_only
str(a:b:c),host_only
str([::1),host_only
str(host:8x),port_only
str(host:8x),host_only
str("%41%42+%2B"),url_dec(0)
int(1700000000),utime
int(1700000000),utime()
int(1700000000),utime(""),length
int(1700000000),utime("%Y %Y")
int(1700000000),utime("a,b")
int(1700000000),utime(%H,x)
int(1700000000),utime(%E%O%q%i%f%J%K%L%N)
int(1700000000),utime(%v|%+|%Ey|%Od|%-d|%_d|%0e|%^a|%#Z|%5Y)
int(951782400),utime(%j|%U|%W|%V|%G|%g|%u|%w)
int(1104537600),utime(%j|%U|%W|%V|%G|%g|%u|%w)
int(1230768000),utime(%j|%U|%W|%V|%G|%g|%u|%w)
int(1167609600),utime(%j|%U|%W|%V|%G|%g|%u|%w|%I|%l|%p)
int(4102444800),utime(%s|%F|%C)
int(253402300800),utime(%F)
str(abc),regsub(a*?,x,g)
str(aaa),regsub(a*,x,g)
str(aaab),regsub(a*,x,g)
str(abc),regsub(b*,-,g)
str(abc),regsub(^,-,g)
str(abc),regsub($,-,g)
str(abc),regsub((?i)B,X)
str("a\tb"),regsub(\t,X)
str(abc),regsub(b,\0\0)
str(abc),regsub(b,'\\')
str(abc),regsub(b,\1)
str(abc),regsub(b,\x41)
str(abc),regsub(b,a\tb)
str(abc),regsub('(a)(b)(c)',\3\2\1\0)
str(abc),regsub([[:alpha:]],X,g)
str(abc),regsub(b,x)  
str(abc),hmac(sha256,x)
str(abc),hmac(sha1,a2V5),hex
str(abc),digest(sha3-256),hex
str(abc),digest(sha512-256),hex
str(abc),digest(blake2b512),hex
str(abc),digest(sha-256),hex
str(abc),digest(ripemd160),hex
str(abc),digest(sha224),hex
str(abc),digest(SHA1),hex
str(abc),digest(),hex
str(abc),upper(x)
bin(e941),lower,hex
bin(00),base64
bin(610062),upper,hex
bin(610062),upper,length
bin(610062),crc32
bin(610062),sha1,hex
bin(610062),ltrim(a),hex
bin(610062),bytes(0,3),hex
bin(610062)
bin(610062),field(2,b),hex
bin(""),length
bin(),length
str(),length
rand(x)
date(x)
env()
env
bool()
ipv4()
uuid(5)
src,ipmask(8)
src,ipmask(8,64)
dst,hex
so_id,add(1)
fe_name,upper
stopping,not
xstr(a)
str(a),Upper
STR(a)
str(GET),length
meth(get)
meth()
always_true,ipmask(8)
bool(1),upper
bool(1),utime(%s)
bool(0),crc32
int(-1),crc32
int(-1),base64
int(5),upper
int(123),length
int(65),ipmask(32)
int(-1),ipmask(32)
int(5000000000),ipmask(32)
str(12),htonl,hex
ipv4(1.2.3.4),length
ipv4(1.2.3.4),crc32
ipv4(255.255.255.255),add(0)
ipv4(1.2.3.4),odd
ipv6(::ffff:1.2.3.4),length
ipv6(::ffff:1.2.3.4),upper
ipv6(2001:DB8::1),lower
str(1.2.3.4),ipmask(24,64),add(1)
str(abc),djb2,ipmask(32)
ipv4(0.0.0.5),utime(%s)
str(01.2.3.4),ipmask(32)
str(1.2.3.4.),ipmask(32)
str(" 1.2.3.4"),ipmask(32)
str("1.2.3.4 "),ipmask(32)
str(256.2.3.4),ipmask(32)
str(::ffff:1.2.3.4),ipmask(24)
str(1::2::3),ipmask(32,64)
str(a_b_c_d_e_f),field(-1,_)
str(a_b_c_d_e_f),field(-1,_,1)
str(a_b_c_d_e_f),field(-1,_,2)
str(a_b_c_d_e_f),field(-1,_,3)
str(a_b_c_d_e_f),field(-2,_,1)
str(a_b_c_d_e_f),field(-2,_,2)
str(a_b_c_d_e_f),field(-2,_,3)
str(a_b__d_e_f),field(-2,_,3)
str(a_b_c__e_f),field(-2,_,3)
str(a_b_c_d__f),field(-2,_,1)
str(a_b_c_d__f),field(-2,_,2)
str(a_b_c_d__f),field(-2,_,3)
str(a_b_c_d_e_),field(-1,_,1)
str(a_b_c_d_e_),field(-1,_,2)
str(a_b_c_d_e_),field(-1,_,3)
str(_a_b_c),field(1,_,2)
str(_a_b_c),field(1,_,1),length
str(a__b_c),field(2,_,1),length
str(a__b_c),field(2,_,2)
str(a__b_c),field(1,_,2)
str(a___b_c),field(1,_,3)
str(a___b_c),field(1,_,4)
str(a_b_),field(2,_,2)
str(a_b_),field(3,_,2),length
str(a_b_),field(4,_,2),length
str(a__b__c),word(1,_,2)
str(a__b__c),word(-1,_,2)
str(a__b__c__),word(-1,_,2)
str(__a__b__c__),word(-2,_,2)
str(__a__b__c__),word(-2,_,1)
str(__a__b__c__),word(2,_,0)
str(__a__b__c__),word(-2,_,0)
str(___),word(1,_),length
str(abcdef),bytes(6),length
str(abcdef),bytes(7),length
str(abcdef),bytes(-2),length
str(abcdef),bytes(2,0),length
str(""),b64dec,length
str(""),hex2i
str(""),crc32
str(""),base64,length
str(a%2),url_dec,length
str(1.2.3.4x),ipmask(32)
str(1.2.3.4-),ipmask(32)
str(1.2.3.4:80),ipmask(32)
str(0001.2.3.4),ipmask(32)
str(1.2..4),ipmask(32)
ipv4(1.2.3.4),ipmask(08)
ipv4(1.2.3.4),ipmask(255.255)
ipv4(1.2.3.4),ipmask(255)
ipv4(1.2.3.4),ipmask(-1)
ipv6(::ffff:1.2.3.4),hex
ipv6(::1.2.3.4),ipmask(8,128)
ipv6(1::2),ipmask(8,)
ipv4(1.2.3.4),ipmask(8,)
str(abc),crc32()
str(abc),xxh32()
int(1700000000),utime(%H,)
int(1700000000),utime(%H,-3600)
str(abc),field(1,a,)
str(abc),be2hex(,0)
str(abc),be2hex(,1)
str(abc),be2hex()
str(abcdefghi),be2dec(.,8)
str(abc),be2dec(.,3,0)
str(abc),hex2i
str(aBcD12),hex2i
str(aBc),hex2i
str(8000000000000000),hex2i
str(12345678901234567890),hex2i
bin(e9),upper,hex
bin(c3a9),lower,hex
str(abc),concat("",,)
str(abc),ltrim()
str(abc),rtrim("")
str(f),srv_queue
str(abc),iif(a,b)
bool(true),iif(a,b)
str(true),bool
ipv4(0.0.0.0),iif(a,b)
str(5),mod(3)
int(10),div(3)
int(10),div(-3)
int(3000000000),mul(4000000000)
int(94906267),mul(94906267)
int(9007199254740993),add(1)
int(9007199254740991),add(2)
int(9223372036854775807),neg
int(9223372036854775807),cpl
int(9223372036854775807),xor(1)
int(9223372036854775807),and(9223372036854775806)
int(9223372036854775807),mod(10)
int(9223372036854775807),div(3)
int(9223372036854775807),even
int(9223372036854775807),odd
int(9223372036854775807),bool
int(9223372036854775807),hex
int(9223372036854775807),utime(%F)
int(-5),mod(0)
int(5),add(9223372036854775808)
int(5),add(-9223372036854775809)
int(5),add(+3)
int(5),add(0x3)
int(1),sub(-9223372036854775808)
int(-9223372036854775808),mod(-1)
str(a),sha2(0)
str(a),sha2(256),hex
bin(ff),add_item(-,,x),hex
`.trim().split("\n");

/** Criterion, flags and patterns as they stand in a configuration. FILES are beside it. */
export const ACLS: readonly string[] = String.raw`
str(abc) abc
str(abc) ABC
str(abc) -i ABC
str(abc) abd abc
str(abc)
str(abc) -m found
str(abc) -m found xyz
env(NOPE) -m found
str(abc) -m beg ab
str(abc) -m end bc
str(abc) -m sub b
str(abc) -m sub -i B
str(/images/png/logo/32x32.png) -m dir images
str(/images/png/logo/32x32.png) -m dir /images
str(/images/png/logo/32x32.png) -m dir images/png
str(/images/png/logo/32x32.png) -m dir png
str(/images/png/logo/32x32.png) -m dir 32x32
str(/images/png/logo/32x32.png) -m dir 32x32.png
str(/images/png) -m dir png/
str(http://www1.dc-eu.example.com:80/blah) -m dom http
str(http://www1.dc-eu.example.com:80/blah) -m dom www1
str(http://www1.dc-eu.example.com:80/blah) -m dom .www1
str(http://www1.dc-eu.example.com:80/blah) -m dom eu
str(http://www1.dc-eu.example.com:80/blah) -m dom dc-eu.example
str(http://www1.dc-eu.example.com:80/blah) -m dom :www1:
str(http://www1.dc-eu.example.com:80/blah) -m dom dc-eu.example:80
str(http://www1.dc-eu.example.com:80/blah) -m dom 80
str(a.b?c) -m dom b
str(abc) -m dom abc
str(abc) -m dir abc
str(abc) -m dir /
str(abc) -m dir ""
str(abc) -m sub ""
str(abc) -m beg ""
str(abc) -m end ""
str(abc) ""
str("") ""
str("") -m found
str("") -m len 0
str(abc) -m len 3
str(abc) -m len 4 3
str(abc) -m len gt 2
str(abc) -m len 1:5
str(abc) -m reg ^a
str(abc) -m reg -i ^A
str(abc) -m reg b
str(abc) -m reg ^b
str(abc) -m reg [
str(abc) -m bin 616263
str(abc) -m bin 6162
str(abc) -m bin 61626
str(abc) -m bin zz
str(abc) -m int 3
str(12) -m int 12
str(12ab) -m int 12
str(1.2.3.4) -m ip 1.2.3.4
str(1.2.3.4) -m ip 1.2.3.0/24
str(abc) -m ip 1.2.3.4
str(1) -m bool
str(1) -m bool 1
str(0) -m bool
str(abc) -m bool
str(true) -m bool
int(5) 5
int(5) 6
int(5) 1:5
int(5) 6:10
int(5) 5:
int(5) :4
int(5) :
int(5) ge 5
int(5) gt 5
int(5) le 5
int(5) lt 5
int(5) eq 5
int(5) ne 5
int(5) ge 5 lt 3
int(5) lt 3 gt 4
int(5) gt 6 4
int(5) 1:2:3
int(5) abc
int(5) 5:1
int(-5) -5
int(-5) lt 0
int(-5) -10:-1
int(-5) gt -6
int(-5) :0
int(5) -m str 5
int(5) -m beg 5
int(5) -m len 1
int(5) -m bool
int(0) -m bool
int(5) -m found
int(5) -m ip 0.0.0.5
int(5) -m reg 5
int(5) -m bin 35
int(5)
bool(true)
bool(false)
bool(true) 0
bool(false) 0
bool(true) -m int 1
bool(true) -m str 1
bool(true) -m bool 0
always_true xyz
ipv4(1.2.3.4) 1.2.3.4
ipv4(1.2.3.4) 1.2.3.0/24
ipv4(1.2.3.4) 1.2.3/24
ipv4(1.2.3.0) 1.2.3
ipv4(1.2.0.3) 1.2.3
ipv4(10.0.0.12) 10.12
ipv4(10.0.0.12) 10.12/8
ipv4(1.2.3.4) 1.2.3.4/255.255.255.0
ipv4(1.2.3.4) 1.2.3.0/255.255.0.255
ipv4(1.2.3.4) 0.0.0.0/0
ipv4(1.2.3.4) 1.2.3.4/33
ipv4(1.2.3.4) ::ffff:1.2.3.4
ipv4(1.2.3.4) ::ffff:1.2.3.0/120
ipv4(1.2.3.4) ::/0
ipv4(127.0.0.1) localhost
ipv4(1.2.3.4) 1.2.3.4 5.6.7.8
ipv6(::1) ::1
ipv6(2001:db8::1) 2001:db8::/32
ipv6(2001:db8::1) 2001:db8::/ffff:ffff::
ipv6(::ffff:1.2.3.4) 1.2.3.4
ipv6(::ffff:1.2.3.4) 1.2.3.0/24
ipv6(::1.2.3.4) 1.2.3.4
ipv6(2002:102:304::) 1.2.3.4
ipv6(2002:102:304::5) 1.2.3.4
ipv6(::1) 0.0.0.1
ipv6(2001:db8::1) 0.0.0.0/0
ipv6(2001:db8::1) ::/0
ipv4(1.2.3.4) -m str 1.2.3.4
ipv4(1.2.3.4) -m beg 1.2
ipv4(1.2.3.4) -m int 16909060
ipv4(1.2.3.4) -m len 7
ipv4(1.2.3.4) -m bool
ipv4(1.2.3.4) -m bin 01020304
ipv6(::1) -m int 1
ipv4(1.2.3.4) -m reg ^1
bin(616263)
bin(616263) abc
bin(616263) -m str abc
bin(616263) -m bin 616263
bin(616263) -m beg ab
bin(616263) -m int 5
bin(616263) -m ip 1.2.3.4
bin(616263) -m bool
bin(616263) -m len 3
bin(610062) -m len 3
bin(610062) -m sub b
bin(610062) -m bin 610062
bin(610062) -m end b
src 127.0.0.1
src 127.0.0.0/8
src -m str 127.0.0.1
src -m int 2130706433
src -m bool
src -m len 9
src -m bin 7f000001
src
src_port 1:
str(abc) -x abc
str(abc) -- -x abc
str(-i) -- -i
str(-i) abc -i
str(abc) -m
str(abc) -m foo abc
str(abc) -m str
str(abc) -i -m beg AB
str(abc) -n abc
str(abc) -u 5 abc
str(abc),upper ABC
str(abc),length 3
str(abc),length -m str 3
meth(GET) GET
meth(GET) POST GET
meth(GET) get
meth(GET) -m str GET
meth(FOO) FOO
meth(FOO) -i foo
str(abc) eq abc
str(abc) -m str eq abc
str(1.5) -m int 1.5
int(5) 5.0
int(65541) 1.5
int(1) 1.5
int(5) 0x5
int(5) +5
int(5) 05
str() ""
str(abc) -m dom ""
str(abc) -m reg ""
str(eq) eq
str(abc) eq
int(5) eq
int(-5) -- -5
int(-5) -- -10:-1
int(-5) eq -5
int(-5) eq -10:-1
int(5) ge 1:3
int(5) gt 1:3
int(5) lt 6:7
int(5) lt 3:7
int(5) le 3:5
int(5) gt 3:7
int(5) ge 5:
int(5) ge :5
int(4) ge 5:
int(6) le :5
str(abc) -f
str(ABC) -i -m reg a.c
str(abc) -u 10 abc
str(abc) -u x abc
str(abc) -u abc
str(abc) -n -i ABC
str(abc) -in ABC
str(abc) -m str -m beg a
str(abc) -m beg -m str a
foo abc
src 1.2.3.4 xyz
src -n localhost
src 127.0.0.1 -n
src ::1/129
src 127.0.0.1/255.0.0.0
src 127.0.0.1/255.0.0.0.0
src 127.0.0.1/
src 127/8
src 127.1
src 127.0.1
src 127
src 127.0.0.1.
src /8
src "127.0.0.1 "
src 127.0.0.1,ipmask(8)
src,ipmask(8) 127.0.0.0
str(a\) a\
str('a b') "a b"
str("a,b") a,b
ipv4(1.2.3.4) 2002:102:304::
ipv4(1.2.3.4) ::1.2.3.4
ipv6(::ffff:1.2.3.4) ::ffff:1.2.3.4
ipv6(2001:db8::1) 2001:db8::1/64
ipv6(2001:db8::1) 2001:DB8::1
str(www.example.com) -m dom example
str(www.example.com) -m dom com www
str(www.example.com) -m dom example.co
str(a/b/c) -m dir b/
str(a/b/c) -m dir //b//
str(a//b) -m dir ""
str(abc) -m dir abc/
str(/) -m dir ""
str(abc) -m len -- -1
str(aBc) -m bin 614263
str(aBc) -m bin -i 616263
str(a) -m bin ""
int(9223372036854775807) 9223372036854775807
int(9223372036854775807) 9223372036854775808
int(9223372036854775807) 99999999999999999999999
int(-9223372036854775808) lt 0
int(5) "5 "
int(5) " 5"
int(-0) 0
str(abc) 'abc\ '
so_name -m found
so_name ""
srv_name -m found
be_conn gt 1
fe_conn 1
src_port 1:65535
dst_port gt 0
str(1.2.3.4xyz) -m ip 1.2.3.4
str(1.2.3.4/8) -m ip 1.2.3.4
str(abc) -f words
str(DeF) -f words
str(def) -f words
str(def) -i -f words
str(def) -f words -i
str(with) -f words
str("with space here") -f words
str("#x") -f words
str(" #x") -f words
str("key value") -f words
str(key) -f words
str(key) -M -f map
str(value) -M -f map
str(with) -M -f map
ipv4(1.2.3.4) -f networks
ipv4(1.2.4.4) -f networks
ipv4(10.0.0.1) -f networks
ipv6(2001:db8::7) -f networks
int(15) -m int -f numbers
int(15) -f numbers
int(5) -f numbers
int(21) -f numbers
int(7) -f numbers 7
int(7) -f operators
int(4) ge -f numbers
int(7) gt 3 -f numbers
str(15) -f numbers -m int
str(abc) -f nosuchfile
str(abc) -f words xyz -f networks
str(xyz) -f words xyz -f networks
str(abc) -m reg -f words
str(xDeFx) -m sub -f words
str(DeFx) -m beg -f words
str(xDeF) -m end -f words
str(17.example) -m beg -f many
str(17x) -m beg -f many
str(x17) -m end -f many
str(x99) -m end -f many
str(ABC17) -i -m beg -f many
`.trim().split("\n");

export const FILES: Readonly<Record<string, string>> = {
  words: "# comment\n  abc  \n\nDeF\n #x\nwith space here\nkey value\r\n",
  map: "# comment\nkey value\nwith space here\n",
  networks: "1.2.3.0/24\n#c\n10.0.0.1\n2001:db8::/64\n",
  numbers: "10:20\n5\n",
  operators: "gt 5\n",
  many: Array.from({ length: 40 }, (_, i) => `${i}\nabc${i}.\n`).join(""),
};
