#!/bin/sh
# Installs what Debian leaves out of Python: the means to make virtual environments.
set -e
if [ "$(id -u)" -eq 0 ]; then
    as_root=
elif command -v sudo > /dev/null && sudo -n true 2> /dev/null; then
    as_root='sudo -n'
else
    echo 'python3-venv is missing: install it with "apt-get install python3-venv" and try again' >&2
    exit 2
fi
echo "installing Debian's python3-venv"
$as_root apt-get -qq update
$as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends python3-venv > /dev/null
