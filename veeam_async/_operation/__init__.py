"""What an operation is, how it becomes a request and an answer. Nothing here knows sockets."""
