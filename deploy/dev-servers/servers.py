#!/usr/bin/env python3
"""Starts and stops private servers, of messages, databases, files: own ports, own data, no system service touched.

Needs nothing but the standard library. `run` starts servers, runs one command with SUNLIGHT_BUS_URL and
SUNLIGHT_STORE_URL set, and stops them; `start` and `stop` do the two halves for scripts.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import secrets
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import folder_servers
from common import (
    START_S,
    STOP_S,
    ServerError,
    alive,
    checked,
    eventually,
    free_ports,
    listens,
    remember,
    spawn,
    state_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

RABBITMQ_BIN: Final = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
"""Debian's server script itself; the wrapper in /usr/sbin would switch to the rabbitmq user and its folders."""

POSTGRES_LIB: Final = Path("/usr/lib/postgresql")
"""Debian keeps one folder of binaries per major version here."""

PACKAGES: Final = {
    "rabbitmq": ["rabbitmq-server"],
    "postgres": ["postgresql"],
    "mariadb": ["mariadb-server"],
    "amqp-clients": ["amqp-tools", "librabbitmq-client-java"],
    **folder_servers.PACKAGES,
}
"""The Debian packages that bring each server, and clients of the broker that nobody here wrote."""

VARIABLES: Final = {
    "rabbitmq": "SUNLIGHT_BUS_URL",
    "postgres": "SUNLIGHT_STORE_URL",
    "mariadb": "SUNLIGHT_DEPARTMENT_URL",
    **folder_servers.VARIABLES,
}
"""The environment variable that tells where each server is; MariaDB plays a department's database."""

AMQP_CLIENT: Final = Path("/usr/bin/amqp-consume")

MARIADB: Final = Path("/usr/sbin/mariadbd")
"""Debian's server itself; its wrapper would use the system's data folder."""

INSTALL: Final = """
set -e
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
    trap 'rm -f $policy' EXIT
    printf '#!/bin/sh\\nexit 101\\n' > $policy
    chmod 755 $policy
fi
export DEBIAN_FRONTEND=noninteractive
apt-get -qq update
apt-get -qq install -y --no-install-recommends "$@" > /dev/null
"""
"""Installs packages; while policy-rc.d exits 101 their services are not started (Debian Policy 9.3.3, invoke-rc.d)."""

# --- installing ------------------------------------------------------------------------------------------------------


def _postgres_bin() -> Path | None:
    """Return the folder of the newest PostgreSQL's binaries."""
    versions = [folder for folder in POSTGRES_LIB.glob("*/bin") if (folder / "initdb").exists()]
    return max(versions, key=lambda folder: float(folder.parent.name), default=None)


def _present(server: str) -> bool:
    if server == "postgres":
        return _postgres_bin() is not None
    places = {"rabbitmq": RABBITMQ_BIN, "mariadb": MARIADB, "amqp-clients": AMQP_CLIENT, **folder_servers.BINARIES}
    return places[server].exists()


def _privilege() -> list[str] | None:
    """Return the prefix that makes a command run as root, or None where that is not allowed."""
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    allowed = sudo and subprocess.run([sudo, "-n", "true"], capture_output=True, check=False).returncode == 0
    return [sudo, "-n"] if sudo and allowed else None


def install(servers: list[str]) -> None:
    """Install the Debian packages of those `servers` that are missing, without starting their services."""
    missing = [package for server in servers if not _present(server) for package in PACKAGES[server]]
    if not missing:
        return
    prefix = _privilege()
    if prefix is None or not shutil.which("apt-get"):
        raise ServerError(
            f"{' and '.join(missing)} missing: install with `apt-get install {' '.join(missing)}`, "
            "or set SUNLIGHT_TEST_AMQP_URL, SUNLIGHT_TEST_POSTGRES_URL, SUNLIGHT_TEST_MARIADB_URL to servers of yours"
        )
    print(f"installing Debian's {' and '.join(missing)} (their services are not started)", file=sys.stderr)
    done = subprocess.run([*prefix, "sh", "-c", INSTALL, "install", *missing], stderr=subprocess.PIPE, check=False)
    if done.returncode:
        problem = " ".join(done.stderr.decode(errors="replace").split())[-300:]
        raise ServerError(f"apt-get failed: {problem}: install {' and '.join(missing)} by hand and try again")


# --- RabbitMQ --------------------------------------------------------------------------------------------------------


def _rabbitmq_settings(home: Path, port: int, api_port: int, password: str) -> None:
    """Write the node's configuration: loopback only, one administrator, no statistics collector."""
    (home / "rabbitmq.conf").write_text(
        f"listeners.tcp.1 = 127.0.0.1:{port}\n"
        f"management.tcp.ip = 127.0.0.1\nmanagement.tcp.port = {api_port}\n"
        "management_agent.disable_metrics_collector = true\n"
        f"default_user = sunlight\ndefault_pass = {password}\ndefault_user_tags.administrator = true\n"
        "log.file.level = info\n"
    )
    (home / "enabled_plugins").write_text("[rabbitmq_management].\n")
    (home / "rabbitmq-env.conf").touch()


def _rabbitmq_environment(home: Path, node: str, ports: list[int]) -> dict[str, str]:
    port, dist_port, epmd_port = ports
    return {
        **os.environ,
        "HOME": str(home),
        "ERL_CRASH_DUMP": str(home / "erl_crash.dump"),
        "ERL_EPMD_PORT": str(epmd_port),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODENAME": node,
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_DIST_PORT": str(dist_port),
        "RABBITMQ_MNESIA_BASE": str(home / "data"),
        "RABBITMQ_LOG_BASE": str(home / "log"),
        "RABBITMQ_PID_FILE": str(home / "pid"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "enabled_plugins"),
        "RABBITMQ_CONFIG_FILE": str(home / "rabbitmq"),
        "RABBITMQ_CONF_ENV_FILE": str(home / "rabbitmq-env.conf"),
        "RABBITMQ_GENERATED_CONFIG_DIR": str(home / "generated"),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
    }


def start_rabbitmq(folder: Path) -> dict[str, str]:
    """Start a private node that keeps its data in `folder`/rabbitmq; return url, api_url, pid, node, home."""
    home = folder / "rabbitmq"
    home.mkdir(parents=True, exist_ok=True)
    ports = port, dist_port, epmd_port, api_port = free_ports(4)
    password, node = secrets.token_hex(12), "sunlight@localhost"
    shutil.rmtree(home / "data", ignore_errors=True)
    _rabbitmq_settings(home, port, api_port, password)
    state = {"node": node, "home": str(home), "epmd_port": str(epmd_port), "dist_port": str(dist_port)}
    state["url"] = f"amqp://sunlight:{password}@127.0.0.1:{port}/%2F"
    state["api_url"] = f"http://sunlight:{password}@127.0.0.1:{api_port}"
    return remember("rabbitmq", folder, {**state, **_launched_rabbitmq(home, node, ports)})


def _launched_rabbitmq(home: Path, node: str, ports: Sequence[int]) -> dict[str, str]:
    """Start the node over whatever data it has; return launcher and pid once it listens."""
    port, dist_port, epmd_port, api_port = ports
    environment = _rabbitmq_environment(home, node, [port, dist_port, epmd_port])
    log = home / "server.log"
    launcher = spawn([str(RABBITMQ_BIN)], str(log), environment)
    try:
        eventually(lambda: listens(port) and listens(api_port), START_S, "RabbitMQ did not start", launcher, log)
    except BaseException:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(launcher, signal.SIGKILL)
        raise
    return {"launcher": str(launcher), "pid": (home / "pid").read_text().strip()}


def kill_rabbitmq(folder: Path) -> None:
    """Kill the node, as a machine loses its power; its port mapper stays, for revive_rabbitmq."""
    state = state_of("rabbitmq", folder)
    if state is None:
        problem = f"no RabbitMQ of {folder} is known to live: wait until it is all back before it is killed again"
        raise ServerError(problem)
    pid = int(state["pid"])
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: not alive(pid), STOP_S, "RabbitMQ was not killed")


def revive_rabbitmq(folder: Path) -> dict[str, str]:
    """Start the node of `folder` again over its data, at the same address."""
    state: dict[str, str] = json.loads((folder / "rabbitmq.json").read_text())
    port, api_port = (urlsplit(state[name]).port or 0 for name in ("url", "api_url"))
    ports = [port, int(state["dist_port"]), int(state["epmd_port"]), api_port]
    return remember("rabbitmq", folder, {**state, **_launched_rabbitmq(Path(state["home"]), state["node"], ports)})


def stop_rabbitmq(state: dict[str, str]) -> None:
    """Stop the node in good order, or kill it after STOP_S; then its port mapper."""
    pid = int(state["pid"])
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    try:
        eventually(lambda: not alive(pid), STOP_S, "RabbitMQ did not stop")
    except ServerError:
        os.killpg(int(state["launcher"]), signal.SIGKILL)
    epmd = shutil.which("epmd")
    if epmd:
        command = [epmd, "-port", state["epmd_port"], "-kill"]
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)


# --- PostgreSQL ------------------------------------------------------------------------------------------------------


def _as_postgres(command: list[str]) -> list[str]:
    """Return `command` run by the postgres user where we are root, which PostgreSQL refuses to run as."""
    return ["runuser", "-u", "postgres", "--", *command] if os.geteuid() == 0 else command


def _initialise(programs: Path, home: Path, password: str) -> None:
    """Create the cluster's files; only its owner and those who know `password` get in."""
    secret = home / "password"
    secret.write_text(password)
    if os.geteuid() == 0:
        home.chmod(0o755)
        shutil.chown(home, "postgres", "postgres")
        shutil.chown(secret, "postgres", "postgres")
    secret.chmod(0o600)
    options = ["-U", "sunlight", "-A", "scram-sha-256", f"--pwfile={secret}", "-E", "UTF8", "--locale=C.UTF-8", "-N"]
    checked(_as_postgres([str(programs / "initdb"), "-D", str(home / "data"), *options]), "initdb failed", cwd=home)


def start_postgres(folder: Path) -> dict[str, str]:
    """Start a private cluster that keeps its data in `folder`/postgres; return url, pid, data, programs."""
    programs, home = _postgres_bin(), folder / "postgres"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    password, (port,) = secrets.token_hex(12), free_ports(1)
    _initialise(programs, home, password)
    data, log = home / "data", home / "server.log"
    options = f"-p {port} -h 127.0.0.1 -c unix_socket_directories='' -c max_connections=200"
    command = [
        str(programs / "pg_ctl"),
        "start",
        "-w",
        "-t",
        str(START_S),
        "-D",
        str(data),
        "-l",
        str(log),
        "-o",
        options,
    ]
    checked(_as_postgres(command), "PostgreSQL did not start", cwd=home, start_new_session=True)
    createdb = [str(programs / "createdb"), "-h", "127.0.0.1", "-p", str(port), "-U", "sunlight", "sunlight"]
    checked(createdb, "createdb failed", env={**os.environ, "PGPASSWORD": password})
    url = f"postgresql+psycopg://sunlight:{password}@127.0.0.1:{port}/sunlight"
    pid = (data / "postmaster.pid").read_text().splitlines()[0]
    return remember("postgres", folder, {"url": url, "pid": pid, "data": str(data), "programs": str(programs)})


def stop_postgres(state: dict[str, str]) -> None:
    """Stop the cluster at once. Its data is never used again, and to sync thousands of test databases takes minutes."""
    command = [f"{state['programs']}/pg_ctl", "stop", "-m", "immediate", "-w", "-t", str(STOP_S), "-D", state["data"]]
    checked(_as_postgres(command), "PostgreSQL did not stop", cwd="/")


# --- MariaDB ---------------------------------------------------------------------------------------------------------


def start_mariadb(folder: Path) -> dict[str, str]:
    """Start a private server that keeps its data in `folder`/mariadb; return url, pid."""
    home = folder / "mariadb"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    password, (port,) = secrets.token_hex(12), free_ports(1)
    user = []
    if os.geteuid() == 0:
        user = ["--user=mysql"]
        home.chmod(0o755)
        shutil.chown(home, "mysql", "mysql")
    first = home / "first.sql"
    first.write_text(
        f"CREATE USER sunlight@'127.0.0.1' IDENTIFIED BY '{password}';\n"
        "GRANT ALL PRIVILEGES ON *.* TO sunlight@'127.0.0.1' WITH GRANT OPTION;\n"
    )
    first.chmod(0o644)
    data, log = home / "data", home / "server.log"
    installer = [shutil.which("mariadb-install-db") or "mariadb-install-db", "--no-defaults", f"--datadir={data}"]
    checked([*installer, "--skip-test-db", "--auth-root-authentication-method=normal", *user], "MariaDB has no data")
    options = [
        "--no-defaults", f"--datadir={data}", f"--port={port}", "--bind-address=127.0.0.1", f"--socket={home}/s",
        f"--init-file={first}", "--skip-log-bin", "--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=32M",
        f"--pid-file={home}/pid", "--skip-name-resolve", *user,
    ]  # fmt: skip
    pid = spawn([str(MARIADB), *options], str(log), dict(os.environ))
    try:
        eventually(lambda: listens(port), START_S, "MariaDB did not start", pid, log)
    except BaseException:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
        raise
    url = f"mariadb+pymysql://sunlight:{password}@127.0.0.1:{port}/mysql"
    return remember("mariadb", folder, {"url": url, "pid": str(pid)})


def stop_mariadb(state: dict[str, str]) -> None:
    """Kill the server: its data is never used again."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(int(state["pid"]), signal.SIGKILL)


# --- all of them -----------------------------------------------------------------------------------------------------

STARTERS: Final = {
    "rabbitmq": start_rabbitmq,
    "postgres": start_postgres,
    "mariadb": start_mariadb,
    **folder_servers.STARTERS,
}
STOPPERS: Final = {
    "rabbitmq": stop_rabbitmq,
    "postgres": stop_postgres,
    "mariadb": stop_mariadb,
    **dict.fromkeys(folder_servers.STARTERS, folder_servers.stop),
}


def start(server: str, folder: Path) -> dict[str, str]:
    """Start `server` in `folder` unless it already runs there; return how to reach it."""
    folder.mkdir(parents=True, exist_ok=True)
    found = state_of(server, folder)
    if found is None:
        install([server])
        found = STARTERS[server](folder)
    return found


def stop(server: str, folder: Path) -> None:
    """Stop `server` of `folder` if it runs."""
    state = state_of(server, folder)
    if state:
        STOPPERS[server](state)
    (folder / f"{server}.json").unlink(missing_ok=True)


def guard(folder: Path, owner: int) -> None:
    """Wait until process `owner` is gone, then stop whatever runs in `folder`, which is deleted."""
    with contextlib.suppress(ProcessLookupError):
        select.select([os.pidfd_open(owner)], [], [])
    for server in STOPPERS:
        stop(server, folder)
    shutil.rmtree(folder, ignore_errors=True)


def new_folder() -> Path:
    """Create a folder for servers that others can find their way into: the postgres user must get through."""
    folder = Path(tempfile.mkdtemp(prefix="sunlight-servers-"))
    folder.chmod(0o755)
    return folder


def set_guard(folder: Path, owner: int) -> None:
    """See to it that the servers of `folder` are stopped, and it is deleted, when process `owner` ends in any way."""
    command = [sys.executable, __file__, "guard", "--folder", str(folder), "--owner", str(owner)]
    spawn(command, os.devnull, dict(os.environ))


def run(servers: list[str], command: list[str]) -> int:
    """Run `command` with `servers` started for it; they end with this process. Return its exit code."""
    folder = new_folder()
    set_guard(folder, os.getpid())
    environment = dict(os.environ)
    for server in servers:
        print(f"starting a private {server}", file=sys.stderr)
        environment[VARIABLES[server]] = start(server, folder)["url"]
    child = subprocess.Popen(command, env=environment)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the command too; its end is ours
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    return child.wait()


def main() -> int:
    """Do what the command line says; what stands after `--` is the command of `run`."""
    words = sys.argv[1:]
    at = words.index("--") if "--" in words else len(words)
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("verb", choices=["install", "start", "stop", "run", "guard"])
    parser.add_argument("servers", nargs="*", metavar="SERVER", help=" or ".join(STARTERS))
    parser.add_argument("--folder", type=Path, default=Path("var/servers"), help="where start and stop keep everything")
    parser.add_argument("--owner", type=int, default=0, help="the process that guard watches")
    options = parser.parse_args(words[:at])
    known = PACKAGES if options.verb == "install" else STARTERS
    if not known.keys() >= set(options.servers):
        parser.error(f"a server is {' or '.join(known)}")
    try:
        return _do(options, words[at + 1 :])
    except ServerError as problem:
        print(f"servers: {problem}", file=sys.stderr)
        return 2


def _do(options: argparse.Namespace, command: list[str]) -> int:
    folder = options.folder.resolve()
    if options.verb == "run":
        return run(options.servers, command)
    if options.verb == "guard":
        guard(folder, options.owner)
    if options.verb == "install":
        install(options.servers)
    for server in options.servers:
        if options.verb == "start":
            print(f"{VARIABLES[server]}={start(server, folder)['url']}")
        elif options.verb == "stop":
            stop(server, folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
