"""Documents of revisions that nobody has seen: what a vendor may do to a document from one revision to the next."""
