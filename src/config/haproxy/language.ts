/**
 * Every name of the language at level 3.5, so that one without a row is called not supported yet, and one that nobody
 * knows an unknown keyword. A keyword that gets a row needs no change here. Names of old say what replaced them.
 */

function names(text: string): string[] {
  return text.trim().split(/\s+/);
}

/** Sections that have no reader of their own. */
export const SECTION_NAMES = names(`
  acme cache crt-list crt-store fcgi-app healthcheck http-errors log-forward log-profile mailers namespace_list
  peers program resolvers ring spoe-agent spoe-group spoe-message traces userlist
`);

/** Of the global section. */
export const GLOBAL_NAMES = names(`
  acme.scheduler busy-polling ca-base chroot close-spread-time cluster-secret cpu-affinity cpu-map cpu-policy
  cpu-set crt-base daemon default-path description dns-accept-family expose-deprecated-directives
  expose-experimental-directives external-check force-cfg-parser-pause gid grace group
  h1-accept-payload-with-any-method h1-case-adjust h1-case-adjust-file h1-do-not-close-on-insecure-transfer-encoding
  hard-stop-after harden.reject-privileged-ports.quic harden.reject-privileged-ports.tcp http-err-codes
  http-fail-codes httpclient.resolvers.disabled httpclient.resolvers.id httpclient.resolvers.prefer
  httpclient.retries httpclient.ssl.ca-file httpclient.ssl.verify httpclient.timeout.connect insecure-fork-wanted
  insecure-setuid-wanted issuers-chain-path jwt.decrypt_alg_list jwt.decrypt_enc_list key-base limited-quic
  localpeer log log-send-hostname log-tag lua-load lua-load-per-thread lua-prepend-path master-worker
  max-spread-checks max-threads-per-group maxcompcpuusage maxcomprate maxconn maxconnrate maxpipes maxsessrate
  maxsslconn maxsslrate maxzlibmem mworker-max-reloads nbthread no-memory-trimming node noepoll noevports
  nogetaddrinfo nokqueue noktls nopoll noreuseport nosplice numa-cpu-mapping ocsp-update.disable
  ocsp-update.httpproxy ocsp-update.maxdelay ocsp-update.mindelay ocsp-update.mode pidfile pp2-never-send-local
  prealloc-fd presetenv profiling.tasks quiet resetenv server-state-base server-state-file set-dumpable set-var
  set-var-fmt setcap setenv shm-stats-file shm-stats-file-max-objects spread-checks ssl-default-bind-ciphers
  ssl-default-bind-ciphersuites ssl-default-bind-client-sigalgs ssl-default-bind-curves ssl-default-bind-options
  ssl-default-bind-sigalgs ssl-default-server-ciphers ssl-default-server-ciphersuites
  ssl-default-server-client-sigalgs ssl-default-server-curves ssl-default-server-options ssl-default-server-sigalgs
  ssl-dh-param-file ssl-engine ssl-load-extra-del-ext ssl-load-extra-files ssl-mode-async ssl-passphrase-cmd
  ssl-propquery ssl-provider ssl-provider-path ssl-security-level ssl-server-verify ssl-skip-self-issued-ca stats
  stats-file stress-level strict-limits thread-group thread-groups thread-hard-limit
  tune.applet.zero-copy-forwarding tune.buffers.limit tune.buffers.reserve tune.bufsize tune.bufsize.large
  tune.bufsize.small tune.chksize tune.cli.max-payload-size tune.comp.maxlevel tune.defaults.purge
  tune.disable-fast-forward tune.disable-zero-copy-forwarding tune.epoll.mask-events tune.events.max-events-at-once
  tune.fail-alloc tune.fd.edge-triggered tune.fd.tables tune.glitches.kill.cpu-usage tune.h1.be.glitches-threshold
  tune.h1.fe.glitches-threshold tune.h1.zero-copy-fwd-recv tune.h1.zero-copy-fwd-send tune.h2.be.glitches-threshold
  tune.h2.be.initial-window-size tune.h2.be.max-concurrent-streams tune.h2.be.max-frames-at-once tune.h2.be.rxbuf
  tune.h2.fe.glitches-threshold tune.h2.fe.initial-window-size tune.h2.fe.max-concurrent-streams
  tune.h2.fe.max-frames-at-once tune.h2.fe.max-rst-at-once tune.h2.fe.max-total-streams tune.h2.fe.rxbuf
  tune.h2.header-table-size tune.h2.initial-window-size tune.h2.log-errors tune.h2.max-concurrent-streams
  tune.h2.max-frame-size tune.h2.zero-copy-fwd-send tune.http.cookielen tune.http.logurilen tune.http.maxhdr
  tune.idle-pool.shared tune.idletimer tune.listener.default-shards tune.listener.multi-queue
  tune.lua.bool-sample-conversion tune.lua.burst-timeout tune.lua.forced-yield tune.lua.log.loggers
  tune.lua.log.stderr tune.lua.maxmem tune.lua.openlibs tune.lua.service-timeout tune.lua.session-timeout
  tune.lua.task-timeout tune.max-checks-per-thread tune.max-rules-at-once tune.maxaccept tune.maxpollevents
  tune.maxrewrite tune.memory.hot-size tune.notsent-lowat.client tune.notsent-lowat.server tune.pattern.cache-size
  tune.peers.max-updates-at-once tune.pipesize tune.pool-high-fd-ratio tune.pool-low-fd-ratio
  tune.pt.zero-copy-forwarding tune.rcvbuf.backend tune.rcvbuf.client tune.rcvbuf.frontend tune.rcvbuf.server
  tune.recv_enough tune.renice.runtime tune.renice.startup tune.ring.queues tune.runqueue-depth
  tune.sched.low-latency tune.sndbuf.backend tune.sndbuf.client tune.sndbuf.frontend tune.sndbuf.server
  tune.ssl.cachesize tune.ssl.capture-buffer-size tune.ssl.capture-cipherlist-size tune.ssl.certificate-compression
  tune.ssl.default-dh-param tune.ssl.force-private-cache tune.ssl.hard-maxrecord tune.ssl.keylog
  tune.ssl.keyupdate-rate-limit tune.ssl.lifetime tune.ssl.maxrecord tune.ssl.ocsp-update.maxdelay
  tune.ssl.ocsp-update.mindelay tune.ssl.ssl-ctx-cache-size tune.stick-counters tune.streams-elasticity
  tune.takeover-other-tg-connections tune.vars.check-max-size tune.vars.global-max-size tune.vars.proc-max-size
  tune.vars.reqres-max-size tune.vars.sess-max-size tune.vars.txn-max-size uid ulimit-n unix-bind unsetenv user
  warn-blocked-traffic-after zero-warning
`);

/** First words of the lines of defaults, frontend, backend, listen. */
export const PROXY_NAMES = names(`
  acl backlog balance be-unpublished bind bind-process capture clitcpka-cnt clitcpka-idle clitcpka-intvl compression
  cookie declare default-server default_backend description disabled dispatch dynamic-cookie-key email-alert enabled
  error-log-format errorfile errorfiles errorloc errorloc302 errorloc303 external-check filter filter-sequence
  force-be-switch force-persist fullconn guid hash-balance-factor hash-preserve-affinity hash-type
  http-after-response http-check http-error http-request http-response http-reuse http-send-name-header id
  ignore-persist load-server-state-from-file log log-format log-format-sd log-steps log-tag max-keep-alive-queue
  max-session-srv-conns maxconn mode monitor monitor-uri option persist rate-limit redirect retries retry-on server
  server-state-file-name server-template source srvtcpka-cnt srvtcpka-idle srvtcpka-intvl ssl-f-use stats stick
  stick-table tcp-check tcp-request tcp-response timeout transparent unique-id-format unique-id-header use-fcgi-app
  use-server use_backend
`);

/** Behind `http-request`; what has arguments in parentheses, or a number at its end, without them. */
export const HTTP_REQUEST_ACTIONS = names(`
  add-acl add-header add-headers-bin allow auth cache-use capture del-acl del-header del-headers-bin del-map deny
  disable-l7-retry do-log do-resolve early-hint normalize-uri pause redirect reject replace-header replace-path
  replace-pathq replace-uri replace-value return sc-add-gpc sc-inc-gpc sc-inc-gpc0 sc-inc-gpc1 sc-set-gpt sc-set-gpt0
  send-spoe-group set-bandwidth-limit set-bc-mark set-bc-tos set-dst set-dst-port set-fc-mark set-fc-tos set-header
  set-headers-bin set-log-level set-map set-mark set-method set-nice set-path set-pathq set-priority-class
  set-priority-offset set-query set-retries set-src set-src-port set-timeout set-tos set-uri set-var set-var-fmt
  silent-drop strict-mode tarpit track-sc unset-var use-service wait-for-body wait-for-handshake
`);

/** Behind `http-response`, as above. */
export const HTTP_RESPONSE_ACTIONS = names(`
  add-acl add-header add-headers-bin allow cache-store capture del-acl del-header del-headers-bin del-map deny do-log
  pause redirect replace-header replace-value return sc-add-gpc sc-inc-gpc sc-inc-gpc0 sc-inc-gpc1 sc-set-gpt
  sc-set-gpt0 send-spoe-group set-bandwidth-limit set-fc-mark set-fc-tos set-header set-headers-bin set-log-level
  set-map set-mark set-nice set-status set-timeout set-tos set-var set-var-fmt silent-drop strict-mode track-sc
  unset-var wait-for-body
`);

/** `option <name>` */
export const OPTION_NAMES = names(`
  abortonclose accept-invalid-http-request accept-invalid-http-response accept-unsafe-violations-in-http-request
  accept-unsafe-violations-in-http-response allbackups checkcache clitcpka contstats disable-h2-upgrade
  dontlog-normal dontlognull external-check forwarded forwardfor h1-case-adjust-bogus-client
  h1-case-adjust-bogus-server http-buffer-request http-drop-request-trailers http-drop-response-trailers
  http-ignore-probes http-keep-alive http-no-delay http-pretend-keepalive http-restrict-req-hdr-names
  http-server-close http-use-proxy-header httpchk httpclose httplog httpslog idle-close-on-response
  independent-streams ldap-check log-health-checks log-separate-errors logasap mysql-check nolinger originalto
  persist pgsql-check prefer-last-server redis-check redispatch smtpchk socket-stats splice-auto splice-request
  splice-response spop-check srvtcpka ssl-hello-chk tcp-check tcp-smart-accept tcp-smart-connect tcpka tcplog
  transparent use-small-buffers
`);

/** `timeout <name>` */
export const TIMEOUT_NAMES = names(`
  check client client-fin client-hs connect http-keep-alive http-request queue server server-fin tarpit tunnel
`);

/** Behind the address of `bind` and `stats socket`. */
export const BIND_NAMES = names(`
  accept-netscaler-cip accept-proxy allow-0rtt alpn backlog ca-file ca-ignore-err ca-sign-file ca-sign-pass
  ca-verify-file cc ciphers ciphersuites client-sigalgs crl-file crt crt-ignore-err crt-list curves default-crt
  defer-accept ecdhe expose-fd force-sslv3 force-tlsv10 force-tlsv11 force-tlsv12 force-tlsv13 generate-certificates
  gid group guid-prefix id idle-ping interface ktls label level maxconn mode mss name namespace nbconn nice no-alpn
  no-ca-names no-sslv3 no-strict-sni no-tls-tickets no-tlsv10 no-tlsv11 no-tlsv12 no-tlsv13 npn
  prefer-client-ciphers process proto severity-output shards sigalgs ssl ssl-max-ver ssl-min-ver strict-sni
  tcp-md5sig tcp-ss tcp-ut tfo thread tls-ticket-keys tls-tickets transparent uid user v4v6 v6only verify
`);

/** Behind the address of `server`, in `default-server` and `server-template`. */
export const SERVER_NAMES = names(`
  addr agent-addr agent-check agent-inter agent-port agent-send allow-0rtt alpn backup ca-file cc check check-alpn
  check-pool-conn-name check-proto check-reuse-pool check-send-proxy check-sni check-sni-auto check-ssl
  check-via-socks4 ciphers ciphersuites client-sigalgs cookie crl-file crt curves disabled downinter enabled
  error-limit fall fastinter force-sslv3 force-tlsv10 force-tlsv11 force-tlsv12 force-tlsv13 guid hash-key
  healthcheck id idle-ping init-addr init-state inter ktls log-bufsize log-proto max-reuse maxconn maxqueue minconn
  namespace no-agent-check no-backup no-check no-check-reuse-pool no-check-send-proxy no-check-sni-auto no-check-ssl
  no-renegotiate no-send-proxy no-send-proxy-v2 no-send-proxy-v2-ssl no-send-proxy-v2-ssl-cn no-sni-auto no-ssl
  no-ssl-reuse no-sslv3 no-tfo no-tls-tickets no-tlsv10 no-tlsv11 no-tlsv12 no-tlsv13 non-stick npn observe on-error
  on-marked-down on-marked-up pool-conn-name pool-low-conn pool-max-conn pool-purge-delay port proto
  proxy-v2-options redir renegotiate resolve-net resolve-opts resolve-prefer resolvers rise send-proxy send-proxy-v2
  send-proxy-v2-ssl send-proxy-v2-ssl-cn set-proxy-v2-tlv-fmt shard sigalgs slowstart sni sni-auto socks4 source ssl
  ssl-max-ver ssl-min-ver ssl-reuse stick strict-maxconn tcp-md5sig tcp-ut tfo tls-tickets track usesrc verify
  verifyhost weight ws
`);

/** Names of the global section that are gone. */
export const REMOVED_GLOBAL: readonly (readonly [string, string])[] = [
  [
    "nbproc",
    "nbproc is not supported any more since HAProxy 2.5. Threads will automatically be used on multi-processor machines if available.",
  ],
];

const rewritten = (old: string, now: string): readonly [string, string] => [
  old,
  `The '${old}' directive is not supported anymore since HAProxy 2.1. Use '${now}' instead.`,
];

/** Names of the proxy sections that are gone. */
export const REMOVED_PROXY: readonly (readonly [string, string])[] = [
  ["redispatch", "keyword 'redispatch' directive is not supported anymore since HAProxy 2.1. Use 'option redispatch'."],
  ["appsession", "'appsession' is not supported anymore since HAProxy 1.6."],
  ["grace", "the 'grace' keyword is not supported any more since HAProxy version 2.5."],
  ["monitor-net", "'monitor-net' doesn't exist anymore. Please use 'http-request return status 200' instead."],
  rewritten("block", "http-request deny"),
  rewritten("reqadd", "http-request add-header"),
  rewritten("rspadd", "http-response add-header"),
  ...["reqdel", "reqidel"].map((old) => rewritten(old, "http-request del-header")),
  ...["rspdel", "rspidel"].map((old) => rewritten(old, "http-response del-header")),
  ...["reqrep", "reqirep"].map((old) => rewritten(old, "http-request replace-header")),
  ...["rsprep", "rspirep"].map((old) => rewritten(old, "http-response replace-header")),
  ...["reqdeny", "reqideny"].map((old) => rewritten(old, "http-request deny")),
  ...["rspdeny", "rspideny"].map((old) => rewritten(old, "http-response deny")),
  ...["reqallow", "reqiallow", "reqpass", "reqipass"].map((old) => rewritten(old, "http-request allow")),
  ...["reqtarpit", "reqitarpit"].map((old) => rewritten(old, "http-request tarpit")),
];
