#!/usr/bin/env bash
# Real servers that the tests and the benchmark start for themselves: redis-server, nginx and wrk.
# Missing ones are installed by apt as root, without starting their services; otherwise exit 1 names the packages.
set -euo pipefail

PATH="$PATH:/usr/sbin"
missing=()
command -v redis-server >/dev/null || missing+=(redis-server)
command -v nginx >/dev/null || missing+=(nginx-light)
command -v wrk >/dev/null || missing+=(wrk)
[ ${#missing[@]} -eq 0 ] && exit 0

give_up() {
  echo "test/setup.sh: the tests need these Debian packages: ${missing[*]} ($1)." >&2
  echo "Install them as root: apt-get install ${missing[*]}" >&2
  exit 1
}

command -v apt-get >/dev/null || give_up "there is no apt-get here"
[ "$(id -u)" -eq 0 ] || give_up "not root, so they are not installed by themselves"

# invoke-rc.d asks policy-rc.d whether a service may start: 101 is no. One that is already there stays.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
fi

echo "test/setup.sh: installing ${missing[*]}" >&2
export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
install() { apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null; }
{ apt-get update -qq && install; } || give_up "apt-get could not install them"
