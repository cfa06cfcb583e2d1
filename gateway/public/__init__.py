"""The public site: what anybody may look up and send, by a process that holds no rights to the inner side."""
