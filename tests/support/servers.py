"""Real web servers on loopback with a configuration under test: nginx, Caddy and Apache.

Each `start_` function takes a folder for the files that the server writes, such as its log, and a configuration that
listens on `port`. If that is 0, the configuration listens on `LISTEN`, which becomes a free port. It yields the URL of
the server, such as `http://127.0.0.1:34567/`.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

LISTEN = "127.0.0.1:0"
_PATH = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"))
NGINX = shutil.which("nginx", path=_PATH)
CADDY = shutil.which("caddy", path=_PATH)
APACHE = shutil.which("apache2", path=_PATH)
#: Attempts with another port, because another process may take a free port first.
_MAX_ATTEMPTS = 5
#: Seconds within which a server must start and stop.
_TIMEOUT = 60

_NGINX_MODULES = Path("/usr/lib/nginx/modules")
NGINX_HAS_BROTLI = (_NGINX_MODULES / "ngx_http_brotli_static_module.so").exists()
_NGINX = """\
{modules}
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    scgi_temp_path {folder}/scgi;
    uwsgi_temp_path {folder}/uwsgi;
    include {folder}/site.conf;
}}
"""
_CADDY = """\
{{
    admin off
    storage file_system "{folder}/storage"
}}
import "{folder}/site.caddy"
"""
_APACHE_MODULES = Path("/usr/lib/apache2/modules")
#: The modules that Debian enables by default, and those to enable with a2enmod.
_APACHE_ENABLED = "mpm_event authz_core filter deflate mime dir alias negotiation setenvif rewrite headers".split()
_APACHE = """\
{modules}
ServerRoot "{folder}"
ServerName localhost
PidFile "{folder}/apache.pid"
DefaultRuntimeDir "{folder}"
ErrorLog "{folder}/error.log"
StartServers 1
TypesConfig /etc/mime.types
AddType application/x-gzip .gz
AddLanguage de .de
AddLanguage br .br
AddCharset KOI8-ru .ua
AddHandler cgi-script .pl
AddOutputFilterByType DEFLATE text/html text/plain text/xml text/css application/javascript
<Directory />
    AllowOverride None
    Require all denied
</Directory>
Include "{folder}/site.conf"
"""


@contextlib.contextmanager
def open_folder() -> Iterator[Path]:
    """Yield a temporary folder that all users can read: if the tests run as root, Apache runs as another user."""
    with tempfile.TemporaryDirectory(prefix="feeds-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@contextlib.contextmanager
def start_nginx(folder: Path, text: str, port: int = 0) -> Iterator[str]:
    def prepare(port: int) -> Sequence[str]:
        return [*nginx_command(folder, _with_port(text, port)), "-g", "master_process off;"]

    with _running(prepare, folder, port) as address:
        yield address


def nginx_command(folder: Path, text: str) -> Sequence[str]:
    """Return the command that runs nginx with the configuration or, with `-t`, checks it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "site.conf").write_text(text, encoding="utf-8")
    modules = "\n".join(f'load_module "{path}";' for path in sorted(_NGINX_MODULES.glob("ngx_http_brotli_*.so")))
    main = folder / "nginx.conf"
    main.write_text(_NGINX.format(folder=folder, modules=modules), encoding="utf-8")
    return [str(NGINX), "-p", str(folder), "-c", str(main), "-e", str(folder / "error.log")]


@contextlib.contextmanager
def start_caddy(folder: Path, text: str, port: int = 0) -> Iterator[str]:
    def prepare(port: int) -> Sequence[str]:
        # A site without a host has only a port in its address; a `bind` directive gives the interface.
        return caddy_command(folder, _with_port(text, port).replace("http://:0 ", f"http://:{port} "), "run")

    with _running(prepare, folder, port) as address:
        yield address


def caddy_command(folder: Path, text: str, command: str) -> Sequence[str]:
    """Return the command that runs Caddy with the configuration (`run`) or checks it (`validate`)."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "site.caddy").write_text(text, encoding="utf-8")
    main = folder / "Caddyfile"
    main.write_text(_CADDY.format(folder=folder), encoding="utf-8")
    return [str(CADDY), command, "--config", str(main), "--adapter", "caddyfile"]


@contextlib.contextmanager
def start_apache(folder: Path, text: str, port: int = 0) -> Iterator[str]:
    """If the tests run as root, the server runs as `nobody`, who must be able to read its files: see `open_folder`."""

    def prepare(port: int) -> Sequence[str]:
        return [*apache_command(folder, _with_port(text, port)), "-D", "FOREGROUND"]

    with _running(prepare, folder, port, is_nobody=os.geteuid() == 0) as address:
        yield address


def apache_command(folder: Path, text: str) -> Sequence[str]:
    """Return the command that runs Apache with the configuration or, with `-t`, checks it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "site.conf").write_text(text, encoding="utf-8")
    files = ((name, _APACHE_MODULES / f"mod_{name}.so") for name in _APACHE_ENABLED)
    modules = "\n".join(f'LoadModule {name}_module "{file}"' for name, file in files if file.exists())
    main = folder / "apache2.conf"
    main.write_text(_APACHE.format(folder=folder, modules=modules), encoding="utf-8")
    return [str(APACHE), "-f", str(main)]


def _with_port(text: str, port: int) -> str:
    return text.replace(LISTEN, f"127.0.0.1:{port}")


@contextlib.contextmanager
def _running(
    prepare: Callable[[int], Sequence[str]], folder: Path, fixed_port: int, *, is_nobody: bool = False
) -> Iterator[str]:
    """Run the command that `prepare` returns for a port; with port 0, for a free one."""
    folder.mkdir(parents=True, exist_ok=True)
    if is_nobody:
        shutil.chown(folder, "nobody")
    for _ in range(_MAX_ATTEMPTS):
        port = fixed_port or free_port()
        command = prepare(port)
        with (folder / "output.log").open("wb") as log:
            server = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=os.environ | {"HOME": str(folder)},
                user="nobody" if is_nobody else None,
            )
        try:
            if _accepts_connections(server, port):
                yield f"http://127.0.0.1:{port}/"
                return
        finally:
            server.terminate()
            server.wait(_TIMEOUT)
    raise RuntimeError(f"{command[0]} does not start:\n{_logs(folder)}")


def free_port() -> int:
    """Return a port on loopback that no process listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def _accepts_connections(server: subprocess.Popen[bytes], port: int) -> bool:
    """Wait until the server accepts connections. Return False if it ended or did not start in time."""
    deadline = time.monotonic() + _TIMEOUT
    while server.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(0.05)
    return False


def _logs(folder: Path) -> str:
    logs = (folder / name for name in ("output.log", "error.log"))
    return "\n".join(log.read_text(encoding="utf-8", errors="replace") for log in logs if log.exists())
