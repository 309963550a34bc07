#!/usr/bin/env bash
# Installs from Debian what this machine lacks of the programs that tests start; says what is missing where it cannot.
#
#   bash tests/services.sh
#
# Needs apt-get, and root or sudo without a password. It never fails: tests that need a missing program skip and say so.
set -uo pipefail

# A command, and the Debian package that has it.
NEEDED="bwrap     bubblewrap
chromium  chromium
faketime  faketime
ip        iproute2
npm       npm
zsh       zsh
fish      fish"

# The commands that are not there, each with its package.
missing() {
  local command package
  while read -r command package; do
    command -v "$command" >/dev/null || echo "$command $package"
  done <<<"$NEEDED"
}

commands() { missing | while read -r command _; do echo -n "$command "; done; }
packages() { missing | while read -r _ package; do echo -n "$package "; done; }

# Ends with the reason why something is still missing.
give_up() {
  echo "services: $1; missing: $(commands)(tests that need them skip)" >&2
  exit 0
}

apt() {
  $SUDO env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Acquire::Retries=1 -o Acquire::http::Timeout=30 \
    -o DPkg::Lock::Timeout=300 "$@" </dev/null >/dev/null
}

install() { apt install --yes --no-install-recommends "$@"; }

if [ -z "$(missing)" ]; then
  echo "services: all there"
  exit 0
fi
command -v apt-get >/dev/null || give_up "this machine has no apt-get"
SUDO=""
if [ "$(id -u)" != 0 ]; then
  SUDO="sudo -n"
  $SUDO true 2>/dev/null || give_up "installing needs root, or sudo without a password"
fi

wanted=$(packages)
echo "services: installing $wanted"
if apt update -o APT::Update::Error-Mode=any; then
  # All at once is quicker; but one package that a distribution lacks must not keep out the others.
  install $wanted || for package in $wanted; do install "$package"; done
else
  echo "services: apt-get update failed" >&2
  install $wanted # the lists that are there may do
fi
[ -z "$(missing)" ] || give_up "apt-get did not install everything"
echo "services: all there now"
