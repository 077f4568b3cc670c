/**
 * What this program can do, under the names haproxy gives its build options: answers `feature(X)` and `enabled(X)`,
 * and the list of `-vv`. A name is in FEATURES only when configurations that rely on it work.
 */

export const FEATURES: readonly string[] = ["ACCEPT4", "EPOLL", "GETADDRINFO", "TFO", "THREAD"];

/** The names of the language level, for the list of `-vv`: what is not in FEATURES is shown with a minus. */
const NAMES = [
  ...[
    "51DEGREES",
    "ACCEPT4",
    "BACKTRACE",
    "CLOSEFROM",
    "CPU_AFFINITY",
    "CRYPT_H",
    "DEVICEATLAS",
    "DL",
    "ECH",
    "ENGINE",
  ],
  ...["EPOLL", "EVPORTS", "GETADDRINFO", "KQUEUE", "KTLS", "LIBATOMIC", "LIBCRYPT", "LINUX_CAP", "LINUX_SPLICE"],
  ...["LINUX_TPROXY", "LUA", "MATH", "MEMORY_PROFILING", "NETFILTER", "NS", "OBSOLETE_LINKER", "OPENSSL"],
  ...["OPENSSL_AWSLC", "OPENSSL_WOLFSSL", "OT", "PCRE", "PCRE2", "PCRE2_JIT", "PCRE_JIT", "POLL", "PRCTL", "PROCCTL"],
  ...["PROMEX", "PTHREAD_EMULATION", "QUIC", "QUIC_OPENSSL_COMPAT", "RT", "SHM_OPEN", "SLZ", "SSL", "STATIC_PCRE"],
  ...["STATIC_PCRE2", "TFO", "THREAD", "THREAD_DUMP", "TPROXY", "WURFL", "ZLIB"],
];

/** `enabled(X)`: what is in use unless a configuration or an option turns it off. */
export const ENABLED: readonly string[] = ["EPOLL", "GETADDRINFO", "REUSEPORT"];

/** The line of `-vv`: "+EPOLL -LUA …". */
export function featureList(): string {
  return NAMES.map((name) => (FEATURES.includes(name) ? "+" : "-") + name).join(" ");
}
