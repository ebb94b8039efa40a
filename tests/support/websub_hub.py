"""A WebSub hub (flask-websub) that runs as a process.

The argument is the file that keeps the subscriptions. The first line of standard output is the URL of the hub. It works
without a queue: a request returns when everything is delivered.
"""

from __future__ import annotations

import sys

from celery import Celery
from flask import Flask
from flask_websub.hub import Hub, SQLite3HubStorage
from werkzeug.serving import make_server


def main(subscriptions: str) -> None:
    celery = Celery()
    celery.conf.task_always_eager = True
    app = Flask(__name__)
    app.config["PUBLISH_SUPPORTED"] = True
    app.register_blueprint(Hub(SQLite3HubStorage(subscriptions), celery).build_blueprint(url_prefix="/hub"))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    print(f"http://127.0.0.1:{server.server_port}/hub", flush=True)  # noqa: T201  # the test reads it
    server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1])
