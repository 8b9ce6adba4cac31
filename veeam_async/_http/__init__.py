"""One exchange with one appliance: tokens, attempts, redirects, bodies. `_aiohttp` alone knows aiohttp's insides."""
