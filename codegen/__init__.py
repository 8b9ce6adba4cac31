"""The generator: vendor documents to specs/ (`ingest`), specs/ to the package (`emit`), both compared (`check`)."""
