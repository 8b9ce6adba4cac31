"""Any number of canned appliances, a port for each, HTTP or HTTPS. Prints a JSON line and serves until stdin closes."""

import asyncio
import json
import os
import resource
import ssl
import sys
import tempfile

import trustme

from benchmarks.server import Canned


async def main(count: int, tls: bool) -> None:
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    context = None
    ca_file = ""
    with tempfile.TemporaryDirectory() as folder:
        if tls:
            authority = trustme.CA(key_type=trustme.KeyType.ECDSA)
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            authority.issue_cert("127.0.0.1", key_type=trustme.KeyType.ECDSA).configure_cert(context)
            ca_file = os.path.join(folder, "ca.pem")
            authority.cert_pem.write_to_path(ca_file)
        loop = asyncio.get_running_loop()
        servers = [await loop.create_server(Canned, "127.0.0.1", 0, ssl=context, backlog=16) for _ in range(count)]
        ports = [server.sockets[0].getsockname()[1] for server in servers]
        print(json.dumps({"ports": ports, "ca_file": ca_file}), flush=True)
        await loop.run_in_executor(None, sys.stdin.read)
        for server in servers:
            server.close()


asyncio.run(main(int(sys.argv[1]), sys.argv[2] == "https"))
