#!/usr/bin/env bash
# Makes .venv from uv.lock. Takes uv from PATH where it fits, else installs the pinned one into .venv-uv.
# Uses the Python package index, and, as root on Debian, apt-get where Python cannot make environments.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

oldest_uv=0.13
oldest_python=3.11

refuse() {
    printf 'cannot go on: %s\n' "$1" >&2
    printf '  what to do: %s\n' "$2" >&2
    exit 2
}

at_least() { # VERSION OLDEST
    [ "$(printf '%s\n' "$2" "$1" | sort --version-sort | head -n 1)" = "$2" ]
}

uv_fits() { # COMMAND
    local version
    version=$("$1" --version 2>/dev/null) || return 1
    [[ $version =~ ^uv\ ([0-9][0-9.]*) ]] && at_least "${BASH_REMATCH[1]}" "$oldest_uv"
}

find_python() {
    local candidate
    for candidate in python3 python3.13 python3.12 python3.11; do
        if "$candidate" -c "import sys; sys.exit(sys.version_info < (${oldest_python/./, }))" 2>/dev/null; then
            "$candidate" -c 'import sys; print(sys.executable)'
            return
        fi
    done
    refuse "there is no Python $oldest_python or newer on PATH" \
        "install it (Debian 12: apt-get install python3) and run the command again"
}

require_venv_module() { # PYTHON
    "$1" -c 'import ensurepip, venv' 2>/dev/null && return
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        refuse "$1 cannot make environments (its module ensurepip is missing), and there is no uv $oldest_uv on PATH" \
            "install python3-venv (Debian: apt-get install python3-venv) or uv, and run the command again"
    fi
    echo "installing python3-venv" >&2
    apt-get -qq update
    DEBIAN_FRONTEND=noninteractive apt-get -qq --yes --no-install-recommends install python3-venv >/dev/null
}

own_uv() { # PYTHON
    if ! uv_fits .venv-uv/bin/uv; then
        require_venv_module "$1"
        echo "installing uv into .venv-uv" >&2
        rm -rf .venv-uv
        "$1" -m venv .venv-uv
        .venv-uv/bin/python -m pip --quiet --disable-pip-version-check install \
            --require-hashes --only-binary=:all: -r tools/uv-requirements.txt
    fi
    echo .venv-uv/bin/uv
}

python=$(find_python)
if uv_fits uv; then uv=uv; else uv=$(own_uv "$python"); fi
echo "setting up .venv with $("$uv" --version)" >&2
export UV_COMPILE_BYTECODE=1 UV_NO_PROGRESS=1 UV_PYTHON_DOWNLOADS=never
"$uv" sync --quiet --frozen --all-groups --python "$python"
