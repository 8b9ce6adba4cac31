// Runs pytest on CPython 3.14 as Pyodide has it: node models.mjs REPOSITORY SITE-PACKAGES ARGUMENT...
import path from "node:path";
import { pathToFileURL } from "node:url";

const [repository, packages, ...pytest] = process.argv.slice(2);
const module = path.join(repository, "tests/contract/node_modules/pyodide/pyodide.mjs");
const { loadPyodide } = await import(pathToFileURL(module));

const python = await loadPyodide();
const instead = path.join(repository, "tests/contract/python_3_14/instead");
for (const [place, root] of [["/repository", repository], ["/packages", packages], ["/instead", instead]]) {
  python.FS.mkdirTree(place);
  python.FS.mount(python.FS.filesystems.NODEFS, { root }, place);
}
python.globals.set("arguments", python.toPy(pytest));
process.exitCode = python.runPython(`
import os, sys

sys.path[:0] = ["/repository", "/instead"]
sys.path.append("/packages")
sys.dont_write_bytecode = True
os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
os.chdir("/repository")

import pytest

print("Python", sys.version.split()[0])
int(pytest.main(arguments))
`);
