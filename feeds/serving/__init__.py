"""The output folder over HTTP: a WSGI application, its server, and configurations of other web servers."""
