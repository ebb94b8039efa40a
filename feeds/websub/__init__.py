"""WebSub: notify a hub of changed feeds (https://www.w3.org/TR/websub/)."""
