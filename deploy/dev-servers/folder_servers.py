"""Starts private servers of files: OpenSSH (SFTP), ProFTPD (FTP, plain and over TLS), Apache (WebDAV), Samba (SMB).

Each shows this machine's own files to one account, on loopback. Needs nothing but the standard library.
"""

from __future__ import annotations

import contextlib
import getpass
import os
import secrets
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Final

from common import START_S, ServerError, checked, eventually, free_ports, listens, remember, spawn

BINARIES: Final = {
    "sftp": Path("/usr/sbin/sshd"),
    "ftp": Path("/usr/sbin/proftpd"),
    "webdav": Path("/usr/sbin/apache2"),
    "smb": Path("/usr/sbin/smbd"),
}
"""Each server itself."""

PACKAGES: Final = {
    "sftp": ["openssh-server"],
    "ftp": ["proftpd-core", "proftpd-mod-crypto", "openssl"],
    "webdav": ["apache2"],
    "smb": ["samba"],
}
"""The Debian packages that bring each."""

VARIABLES: Final = dict.fromkeys(BINARIES, "SUNLIGHT_DEPARTMENT_FOLDER")
"""The environment variable that tells where each is."""

USER: Final = "sunlight"


def start_sftp(folder: Path) -> dict[str, str]:
    """Start a private SFTP server of this account's files; return url, host_key, key (a file), pid."""
    home = _new_home(folder / "sftp")
    for name in ("host", "client"):
        checked(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(home / name)], "no key was made")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # where OpenSSH shuts its unprivileged half in
    (port,) = free_ports(1)
    (home / "config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {home}/host\nAuthorizedKeysFile {home}/client.pub\n"
        "StrictModes no\nUsePAM no\nPasswordAuthentication no\nPermitRootLogin yes\nSubsystem sftp internal-sftp\n"
        f"PidFile {home}/pid\nMaxStartups 200\n"
    )
    pid = _serving("sftp", home, ["-D", "-e", "-f", str(home / "config")], port)
    url = f"sftp://{getpass.getuser()}@127.0.0.1:{port}/"
    host_key = (home / "host.pub").read_text().strip()
    return remember("sftp", folder, {"url": url, "host_key": host_key, "key": str(home / "client"), "pid": str(pid)})


PROFTPD: Final = """
ServerName sunlight
ServerType standalone
DefaultAddress 127.0.0.1
SocketBindTight on
Port {port}
UseIPv6 off
User {user}
Group {group}
PidFile {home}/pid
ScoreboardFile {home}/scoreboard
DelayEngine off
UseReverseDNS off
WtmpLog off
TransferLog none
SystemLog {home}/server.log
MaxInstances 200
Include /etc/proftpd/modules.conf
LoadModule mod_tls.c
<IfModule mod_lang.c>
  LangEngine off
</IfModule>
<Global>
  TLSEngine on
  TLSLog {home}/tls.log
  TLSRSACertificateFile {home}/certificate.pem
  TLSRSACertificateKeyFile {home}/key.pem
  AllowOverwrite on
  RootLogin on
  AuthOrder mod_auth_file.c
  AuthUserFile {home}/users
  RequireValidShell off
</Global>
<VirtualHost 127.0.0.1>
  Port {old_port}
  FactsAdvertise off
</VirtualHost>
"""
"""Two servers in one: the second does not tell of MLSD, as many a department's does not. Both demand of a data
connection over TLS that it resume the session of the first, as is ProFTPD's default."""


def start_ftp(folder: Path) -> dict[str, str]:
    """Start a private FTP server of this account's files; return url, old_url, password, certificate (a file), pid."""
    home = _new_home(folder / "ftp")
    port, old_port = free_ports(2)
    password = secrets.token_hex(12)
    _certify(home)
    user, group, ids = _account()
    account = [
        "ftpasswd",
        "--passwd",
        "--file",
        str(home / "users"),
        "--name",
        USER,
        "--home",
        str(home),
        "--shell",
        "/bin/sh",
    ]
    checked([*account, *ids, "--stdin"], "no FTP user was made", input=password.encode())
    (home / "config").write_text(
        PROFTPD.format(home=home, port=port, old_port=old_port, user=user, group=group), encoding="utf-8"
    )
    pid = _serving("ftp", home, ["-n", "-q", "-c", str(home / "config")], port)
    state = {"password": password, "certificate": str(home / "certificate.pem"), "pid": str(pid)}
    urls = {"url": f"ftp://{USER}@127.0.0.1:{port}/", "old_url": f"ftp://{USER}@127.0.0.1:{old_port}/"}
    return remember("ftp", folder, {**urls, **state})


APACHE: Final = """
ServerRoot {home}
ServerName 127.0.0.1
Listen 127.0.0.1:{port}
PidFile {home}/pid
Mutex file:{home} default
ErrorLog {home}/server.log
DocumentRoot {files}
{modules}
DavLockDB {home}/lock/db
<Directory {files}>
  Dav On
  AuthType Basic
  AuthName sunlight
  AuthUserFile {home}/users
  Require valid-user
  Options FollowSymLinks
  AllowOverride None
  AddDefaultCharset off
</Directory>
"""

APACHE_MODULES: Final = (
    "mpm_event",
    "authn_core",
    "authn_file",
    "authz_core",
    "authz_user",
    "auth_basic",
    "dav",
    "dav_fs",
)


def start_webdav(folder: Path) -> dict[str, str]:
    """Start a private WebDAV server; return url, files (the folder that it shows), user, password, pid."""
    home = _new_home(folder / "webdav")
    (port,), password, files = free_ports(1), secrets.token_hex(12), home / "files"
    for made in (files, home / "lock"):
        made.mkdir()
    checked(["htpasswd", "-cbB", str(home / "users"), USER, password], "no WebDAV user was made")
    if os.geteuid() == 0:  # Apache's own workers never run as root
        for made in (files, home / "lock"):
            shutil.chown(made, "www-data", "www-data")
    account = "User www-data\nGroup www-data\n" if os.geteuid() == 0 else ""
    modules = "\n".join(f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so" for name in APACHE_MODULES)
    (home / "config").write_text(account + APACHE.format(home=home, port=port, files=files, modules=modules))
    pid = _serving("webdav", home, ["-DFOREGROUND", "-f", str(home / "config")], port)
    state = {"url": f"http://127.0.0.1:{port}/", "files": str(files), "user": USER, "password": password}
    return remember("webdav", folder, {**state, "pid": str(pid)})


SAMBA: Final = """
[global]
server role = standalone server
security = user
passdb backend = tdbsam:{home}/private/passdb.tdb
private dir = {home}/private
lock directory = {home}/lock
state directory = {home}/state
cache directory = {home}/cache
pid directory = {home}/pid
ncalrpc dir = {home}/ncalrpc
log file = {home}/log
interfaces = 127.0.0.1/8
bind interfaces only = yes
smb ports = {port}
disable netbios = yes
load printers = no
printing = bsd
map to guest = never
server min protocol = SMB2_10
rpc start on demand helpers = no
[files]
path = /
read only = no
force user = {user}
"""


def start_smb(folder: Path) -> dict[str, str]:
    """Start a private SMB server of this account's files, under the share `files`; return url, password, pid."""
    if os.geteuid() != 0:
        raise ServerError("Samba changes to the account that logs in, which takes root: run as root, or leave it out")
    home = _new_home(folder / "smb")
    (port,), password, user = free_ports(1), secrets.token_hex(12), getpass.getuser()
    for name in ("private", "lock", "state", "cache", "pid", "ncalrpc"):
        (home / name).mkdir()
    (home / "config").write_text(SAMBA.format(home=home, port=port, user=user))
    account = ["smbpasswd", "-c", str(home / "config"), "-a", "-s", user]
    checked(account, "no SMB user was made", input=f"{password}\n{password}\n".encode())
    pid = _serving("smb", home, ["-F", "--no-process-group", "-s", str(home / "config")], port)
    return remember(
        "smb", folder, {"url": f"smb://{user}@127.0.0.1:{port}/files/", "password": password, "pid": str(pid)}
    )


def stop(state: dict[str, str]) -> None:
    """Kill a server with all its sessions: it holds nothing of its own."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(int(state["pid"]), signal.SIGKILL)


def _new_home(home: Path) -> Path:
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    return home


def _serving(server: str, home: Path, options: list[str], port: int) -> int:
    """Start a server and wait until it takes connections; return its process id."""
    log = home / "server.out"
    pid = spawn([str(BINARIES[server]), *options], str(log), dict(os.environ))
    eventually(lambda: listens(port), START_S, f"{BINARIES[server].name} did not start", pid, log)
    return pid


def _account() -> tuple[str, str, list[str]]:
    """Return this account's names, and its numbers as ftpasswd takes them."""
    names = [
        subprocess.run(["id", option, "-n"], capture_output=True, check=True, text=True) for option in ("-u", "-g")
    ]
    user, group = (found.stdout.strip() for found in names)
    return user, group, ["--uid", str(os.geteuid()), "--gid", str(os.getegid())]


def _certify(home: Path) -> None:
    """Make a certificate for 127.0.0.1 that signs itself."""
    asked = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    named = ["-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", str(home / "key.pem"), "-out", str(home / "certificate.pem")]
    checked([*asked, *named, *files], "no certificate was made")


STARTERS: Final = {"sftp": start_sftp, "ftp": start_ftp, "webdav": start_webdav, "smb": start_smb}
