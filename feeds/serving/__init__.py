"""The output folder over HTTP: the WSGI application, its server, redirects and configurations of other servers."""
