"""Real web servers on loopback, each with a configuration that is to be tried: nginx, Caddy and Apache.

Each of the functions takes a folder for what the server writes (its log among it) and a configuration, which listens on
`port` or, if that is 0, on `LISTEN`: its port becomes one that is free. They give the address of the server, such as
`http://127.0.0.1:34567/`.
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
#: How often another port is tried, where somebody takes the one that was free, and how long a server may take to start.
_TRIES = 5
_SECONDS = 60

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
#: What Debian enables by itself, and what a2enmod is asked for.
_APACHE_WANTED = "mpm_event authz_core filter deflate mime dir alias negotiation setenvif rewrite headers".split()
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
    """A temporary folder whose content everybody may read: where we are root, Apache runs as somebody else."""
    with tempfile.TemporaryDirectory(prefix="feeds-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@contextlib.contextmanager
def start_nginx(folder: Path, text: str, port: int = 0) -> Iterator[str]:
    def prepare(port: int) -> Sequence[str]:
        return [*nginx_command(folder, _with_port(text, port)), "-g", "master_process off;"]

    with _started(prepare, folder, port) as address:
        yield address


def nginx_command(folder: Path, text: str) -> Sequence[str]:
    """What starts nginx with the configuration or, with `-t`, checks it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "site.conf").write_text(text, encoding="utf-8")
    modules = "\n".join(f'load_module "{path}";' for path in sorted(_NGINX_MODULES.glob("ngx_http_brotli_*.so")))
    main = folder / "nginx.conf"
    main.write_text(_NGINX.format(folder=folder, modules=modules), encoding="utf-8")
    return [str(NGINX), "-p", str(folder), "-c", str(main), "-e", str(folder / "error.log")]


@contextlib.contextmanager
def start_caddy(folder: Path, text: str, port: int = 0) -> Iterator[str]:
    def prepare(port: int) -> Sequence[str]:
        # A site without a host listens on a port alone, and says what to bind to in a line of its own.
        return caddy_command(folder, _with_port(text, port).replace("http://:0 ", f"http://:{port} "), "run")

    with _started(prepare, folder, port) as address:
        yield address


def caddy_command(folder: Path, text: str, command: str) -> Sequence[str]:
    """What starts Caddy with the configuration (`run`), or checks it (`validate`)."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "site.caddy").write_text(text, encoding="utf-8")
    main = folder / "Caddyfile"
    main.write_text(_CADDY.format(folder=folder), encoding="utf-8")
    return [str(CADDY), command, "--config", str(main), "--adapter", "caddyfile"]


@contextlib.contextmanager
def start_apache(folder: Path, text: str, port: int = 0) -> Iterator[str]:
    """Where we are root the server runs as nobody, who must be able to read what it serves: see `open_folder`."""

    def prepare(port: int) -> Sequence[str]:
        return [*apache_command(folder, _with_port(text, port)), "-D", "FOREGROUND"]

    with _started(prepare, folder, port, is_nobody=os.geteuid() == 0) as address:
        yield address


def apache_command(folder: Path, text: str) -> Sequence[str]:
    """What starts Apache with the configuration or, with `-t`, checks it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "site.conf").write_text(text, encoding="utf-8")
    files = ((name, _APACHE_MODULES / f"mod_{name}.so") for name in _APACHE_WANTED)
    modules = "\n".join(f'LoadModule {name}_module "{file}"' for name, file in files if file.exists())
    main = folder / "apache2.conf"
    main.write_text(_APACHE.format(folder=folder, modules=modules), encoding="utf-8")
    return [str(APACHE), "-f", str(main)]


def _with_port(text: str, port: int) -> str:
    return text.replace(LISTEN, f"127.0.0.1:{port}")


@contextlib.contextmanager
def _started(
    prepare: Callable[[int], Sequence[str]], folder: Path, wanted: int, *, is_nobody: bool = False
) -> Iterator[str]:
    """The server that `prepare` gives the command of for a port, while the block lasts; for 0, one is found."""
    folder.mkdir(parents=True, exist_ok=True)
    if is_nobody:
        shutil.chown(folder, "nobody")
    for _ in range(_TRIES):
        port = wanted or free_port()
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
            if _answers(server, port):
                yield f"http://127.0.0.1:{port}/"
                return
        finally:
            server.terminate()
            server.wait(_SECONDS)
    raise RuntimeError(f"{command[0]} does not start:\n{_logged(folder)}")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def _answers(server: subprocess.Popen[bytes], port: int) -> bool:
    """Wait until the server takes connections; False where it ended instead."""
    end = time.monotonic() + _SECONDS
    while server.poll() is None and time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(0.05)
    return False


def _logged(folder: Path) -> str:
    logs = (folder / name for name in ("output.log", "error.log"))
    return "\n".join(log.read_text(encoding="utf-8", errors="replace") for log in logs if log.exists())
