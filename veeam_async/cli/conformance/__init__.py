"""`veeam-async conformance`: what an appliance answers, compared with its document, in a report without its data."""
