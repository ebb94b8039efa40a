"""WebSub: hubs are notified of changed feeds."""
