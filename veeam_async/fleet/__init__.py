"""Many appliances at once: fan-out, rows that are the same for all products, watches."""
