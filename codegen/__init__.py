"""The generator: vendor documents to specs/ (`ingest`), specs/ to the package (`emit`), and whether both agree (`check`)."""
