#!/bin/sh
# Installs the Debian packages that the tests and the bench use as real peers and tools, if any is missing.
# Their services are never started: the tests start their own, on ports of their own.
set -eu

packages="chromium curl haproxy haproxy-doc iproute2 libnginx-mod-stream mariadb-server netcat-openbsd nghttp2-client nginx-light openssl postgresql procps socat wrk"

missing=""
for package in $packages; do
    dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ]; then
    echo "Missing packages: install them as root: apt-get install$missing" >&2
    exit 1
fi

policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086
apt-get install -qq -y --no-install-recommends $missing >/dev/null
# Not at the next boot either.
if command -v systemctl >/dev/null; then
    for service in haproxy mariadb nginx postgresql; do
        case "$missing" in *" $service"*) systemctl disable --quiet "$service" 2>/dev/null || true ;; esac
    done
fi
