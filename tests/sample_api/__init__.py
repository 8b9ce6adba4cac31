"""A revision of an appliance that does not exist: a few models, as the generator writes them, for the codec's tests."""
