"""Mutation testing of the session layer's modules: change one thing, and see whether a test notices.

    make mutate
    .venv/bin/python scripts/mutate.py --module retry --module tokens
    .venv/bin/python scripts/mutate.py --module transport --sample 60 --seed 3

cosmic-ray makes the mutants. Its own runner starts a new interpreter for each; here each is a fork of a process that
has imported all but this project, which takes a fraction of that. Everything happens in a copy of the tree.

Of cosmic-ray's operators those are left out that change an operator into an unrelated one (`a + b` to `a << b`: such
mutants fail at once and only raise the score) or into its equal (`is None` to `== None`), and annotations are not
mutated: nothing evaluates them. Beyond the score, which counts time-outs as noticed, each survivor is shown as a diff.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import difflib
import importlib
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import attrs
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

ROOT = Path(__file__).resolve().parent.parent
FAULTS = "tests/faults/test_{}.py"


def faults(*names: str) -> list[str]:
    return [FAULTS.format(name) for name in names]


# What may notice a change in a module: the quickest first.
TESTS: dict[str, list[str]] = {
    "timeouts": ["tests/test_timeouts.py", *faults("retry", "broken_answers")],
    "retry": ["tests/test_retry.py", *faults("retry")],
    "origin": ["tests/test_origin.py"],
    "encoding": ["tests/test_encoding.py", "tests/test_client.py", "tests/test_api.py"],
    "token_store": ["tests/test_token_store.py"],
    "reply": ["tests/test_reply.py", *faults("errors", "broken_answers", "secrets", "retry")],
    "tokens": [*faults("tokens", "tokens_grants", "cancel"), "tests/test_token_store.py"],
    "login": faults("login", "tokens_grants", "tokens", "negotiation", "broken_answers", "secrets"),
    "transport": [
        *faults("transport", "retry", "errors", "broken_answers", "tokens", "cancel", "tls", "secrets"),
        "tests/test_client.py", "tests/test_proxies.py",
    ],
    "paging": ["tests/test_paging.py", *faults("broken_answers", "cancel_calls")],
    "waiting": ["tests/test_waiting.py", *faults("broken_answers", "cancel_calls")],
}  # fmt: skip

OPERATORS = re.compile(
    r"""core/(
        ReplaceBinaryOperator_(Add_Sub|Sub_Add|Mul_Div|Div_Mul|FloorDiv_Mul|Mod_Mul|Pow_Mul|BitOr_BitAnd|BitAnd_BitOr)
        |ReplaceComparisonOperator_(Eq_NotEq|NotEq_Eq|Is_IsNot|IsNot_Is
            |Lt_LtE|Lt_GtE|LtE_Lt|LtE_Gt|Gt_GtE|Gt_LtE|GtE_Gt|GtE_Lt)
        |ReplaceUnaryOperator_(USub_UAdd|Delete_Not)
        |AddNot|ReplaceTrueWithFalse|ReplaceFalseWithTrue|ReplaceAndWithOr|ReplaceOrWithAnd
        |ReplaceBreakWithContinue|ReplaceContinueWithBreak
        |ExceptionReplacer|NumberReplacer|RemoveDecorator|ZeroIterationForLoop
    )""",
    re.VERBOSE,
)
# Only the plugins that these tests need: the others take longer to import than most of the tests do to run.
PLUGINS = ("pytest_asyncio.plugin", "pytest_timeout", "veeam_async.testing.pytest_plugin")
PYTEST = ["-x", "-q", "-p", "no:cacheprovider", "--tb", "no", "--timeout", "0", *(f"-p{name}" for name in PLUGINS)]
# What the tests and the package stand on; not pytest's plugins, which pytest imports in its own way.
IMPORTED_BEFORE = (
    "aiohttp", "aiohttp.web", "attrs", "dateutil.parser", "orjson", "_pytest.assertion.rewrite", "trustme", "pyotp",
    "cryptography.x509", "openapi_core", "jsonschema",
)  # fmt: skip


@attrs.frozen
class Mutant:
    """One change of a module."""

    operator: str
    occurrence: int
    line: int
    code: str


@attrs.define
class Score:
    """What became of a module's mutants."""

    module: str
    mutants: int
    outcomes: Counter[str] = attrs.field(factory=Counter)
    survivors: list[str] = attrs.field(factory=list)

    @property
    def tried(self) -> int:
        return sum(self.outcomes.values())

    @property
    def share(self) -> float:
        return (self.tried - self.outcomes["survived"]) / max(1, self.tried)

    def __str__(self) -> str:
        o = self.outcomes
        return (
            f"{self.module:12} {self.mutants:5} mutants {self.tried:5} tried {o['killed']:5} killed {o['survived']:4} "
            f"survived {o['timeout']:3} timeouts  score {self.share:6.1%}"
        )


def not_evaluated(source: str) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Places of annotations, and of what only type checkers read."""
    places = []
    for node in ast.walk(ast.parse(source)):
        found: list[ast.expr | None] = []
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            found.append(node.returns)
        elif isinstance(node, (ast.arg, ast.AnnAssign)):
            found.append(node.annotation)
        elif isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            places.append(((node.lineno, node.col_offset), (node.body[-1].end_lineno or 0, 10_000)))
        places += [((e.lineno, e.col_offset), (e.end_lineno or 0, e.end_col_offset or 0)) for e in found if e]
    return places


def multiplications(source: str) -> int:
    """How many there are; -1 where it is no Python."""
    try:
        return sum(isinstance(node, ast.Mult) for node in ast.walk(ast.parse(source)))
    except SyntaxError:
        return -1


def mutants_of(source: str) -> Iterator[Mutant]:
    tree = get_ast(source)
    left_out = not_evaluated(source)
    products = multiplications(source)
    for name in operator_names():
        if not OPERATORS.fullmatch(name):
            continue
        operator = get_operator(name)()
        places = (start for node in ast_nodes(tree) for start, _ in operator.mutation_positions(node))
        for occurrence, start in enumerate(places):
            if not any(first <= start < last for first, last in left_out):
                try:
                    code = mutate_code(source, operator, occurrence)
                except AttributeError:
                    continue  # cosmic-ray cannot replace exceptions whose names have a dot
                if "_Mul_" in name and code is not None and multiplications(code) in (-1, products):
                    continue  # the star of a signature
                if code is not None and code != source:
                    yield Mutant(name, occurrence, start[0], code)


# ------------------------------------------------------------------------------------------------------------ running


def test(copy: Path, files: list[str], limit: float, output: Path) -> str:
    """Run tests in a fork: `survived` where they pass, `killed` where they do not, or `timeout`."""
    sys.stdout.flush()
    child = os.fork()
    if not child:
        os.setsid()
        with open(output, "wb") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
        os.chdir(copy)
        os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
        sys.path.insert(0, str(copy))
        status = 3
        try:
            import pytest

            status = int(pytest.main([*PYTEST, *files]))
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            os._exit(status)
    ends = time.monotonic() + limit
    pause = 0.02
    while time.monotonic() < ends:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return "survived" if os.waitstatus_to_exitcode(status) == 0 else "killed"
        time.sleep(pause)
        pause = min(0.2, pause * 1.2)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return "timeout"


def mutate(module: str, copy: Path, sample: int | None, seed: int, verbose: bool) -> Score:
    path = copy / "veeam_async" / f"{module}.py"
    source = path.read_text()
    files = TESTS[module]
    output = copy / "mutate.out"
    begun = time.monotonic()
    # With the bytecode of all else written, so that the forks need not compile it.
    if test(copy, files, 900, output) != "survived":
        raise SystemExit(f"the tests of {module} fail without any change:\n{output.read_text()[-3000:]}")
    usual = time.monotonic() - begun
    limit = usual * 3 + 20
    found = list(mutants_of(source))
    score = Score(module, len(found))
    if sample is not None and sample < len(found):
        found = random.Random(seed).sample(found, sample)
    print(f"{module}: {len(found)} of {score.mutants} mutants, the tests take {usual:.1f} s", flush=True)
    sys.dont_write_bytecode = True
    try:
        for mutant in sorted(found, key=lambda one: one.line):
            for compiled in path.parent.glob(f"__pycache__/{module}.*.pyc"):
                compiled.unlink()
            path.write_text(mutant.code)
            outcome = test(copy, files, limit, output)
            score.outcomes[outcome] += 1
            if outcome == "survived":
                score.survivors.append(shown(module, source, mutant))
            if verbose:
                print(f"  {outcome:9} line {mutant.line} {mutant.operator}", flush=True)
    finally:
        path.write_text(source)
        sys.dont_write_bytecode = False
    return score


def shown(module: str, source: str, mutant: Mutant) -> str:
    name = f"veeam_async/{module}.py"
    lines = difflib.unified_diff(
        source.splitlines(), mutant.code.splitlines(), name, f"{name} {mutant.operator}", n=1, lineterm=""
    )
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--module", action="append", choices=sorted(TESTS), help="only this one; may be repeated")
    parser.add_argument("--sample", type=int, metavar="N", help="N mutants of each module, drawn by chance")
    parser.add_argument("--seed", type=int, default=1, help="of that chance")
    parser.add_argument("--verbose", action="store_true", help="one line for each mutant")
    options = parser.parse_args()
    if not hasattr(os, "fork"):
        raise SystemExit("this needs fork()")
    for name in IMPORTED_BEFORE:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    scores = []
    with tempfile.TemporaryDirectory(prefix="veeam-mutate-") as folder:
        copy = Path(folder).resolve() / "tree"
        copy.mkdir()
        for part in ("veeam_async", "tests", "specs"):
            shutil.copytree(ROOT / part, copy / part, ignore=shutil.ignore_patterns("*.part"))
        shutil.copy2(ROOT / "pyproject.toml", copy)
        for module in options.module or TESTS:
            score = mutate(module, copy, options.sample, options.seed, options.verbose)
            scores.append(score)
            print("\n".join([*score.survivors, str(score)]), flush=True)
    print("\n" + "\n".join(map(str, scores)))
    tried = sum(score.tried for score in scores)
    survived = sum(score.outcomes["survived"] for score in scores)
    print(f"all: {tried} tried, {survived} survived, score {(tried - survived) / max(1, tried):.1%}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
