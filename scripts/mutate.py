"""Mutation testing of the session layer's modules: change one thing, and see whether a test notices.

    make mutate
    .venv/bin/python scripts/mutate.py --module retry --module tokens
    .venv/bin/python scripts/mutate.py --module transport --sample 60 --seed 3

cosmic-ray makes the mutants. Its own runner starts a new interpreter for each; here each is a fork of a process that
has imported all but this project, which takes a fraction of that. A run of the unchanged module shows which tests reach
which line and how long they take; a mutant gets those alone that reach its statement, the quickest first, until one
fails. What runs when the module is imported gets all. Everything happens in a copy of the tree.

Of cosmic-ray's operators those are left out that change an operator into an unrelated one (`a + b` to `a << b`: such
mutants fail at once and only raise the score) or into its equal (`is None` to `== None`). Annotations and the options
of a `TypeVar` are not mutated: only type checkers read them. Beyond the score, which counts time-outs as noticed, each
survivor is shown as a diff, and `build/mutation.json` has both.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import difflib
import gc
import importlib
import json
import os
import pickle
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
from typing import Any

import attrs
import coverage
import pytest
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import MutationVisitor
from cosmic_ray.plugins import get_operator, operator_names

ROOT = Path(__file__).resolve().parent.parent
RESULT = ROOT / "build" / "mutation.json"
FAULTS = "tests/faults/test_{}.py"
QUICK = 0.25  # seconds


def faults(*names: str) -> list[str]:
    return [FAULTS.format(name) for name in names]


# What may notice a change in a module: the quickest first.
TESTS: dict[str, list[str]] = {
    "timeouts": ["tests/test_timeouts.py", *faults("retry", "broken_answers")],
    "retry": ["tests/test_retry.py", *faults("retry")],
    "_validators": ["tests/test_timeouts.py", "tests/test_retry.py"],
    "credentials/pasted": ["tests/test_credentials.py", *faults("secrets", "tokens_grants")],
    "tls": ["tests/test_tls_policy.py", *faults("tls")],
    "_http/origin": ["tests/test_origin.py"],
    "_http/proxy": ["tests/test_proxies.py"],
    "_http/headers": ["tests/test_own_headers.py", *faults("gateway")],
    "_http/tls_context": faults("tls_context", "tls"),
    "_http/certificates": faults("tls", "tls_context"),
    "_auth/backoff": faults("token_limits", "tokens"),
    "_auth/stored": ["tests/test_token_store.py"],
    "_process_lock": ["tests/test_process_lock.py", "tests/test_token_store.py"],
    "fleet/file_cursor": ["tests/fleet/test_cursor.py"],
    "fleet/sqlite_cursor": ["tests/fleet/test_cursor.py"],
    "fleet/config": ["tests/fleet/test_config.py"],
    "fleet/config_keys": ["tests/fleet/test_config.py"],
    "fleet/secrets": ["tests/fleet/test_config.py"],
    "_operation/encoding": ["tests/test_encoding.py", "tests/test_client.py", "tests/test_api.py"],
    **{
        f"_model/{module}": [
            *(f"tests/test_model{which}.py" for which in ("", "_bodies", "_classes", "_edges", "_sharing", "_showing")),
            "tests/test_codec.py",
        ]
        for module in (
            "attributes", "base", "classes", "collections", "decoding", "fields", "model", "reading", "showing",
            "strictness", "writing",
        )
    },
    "_model/enums": ["tests/test_enums.py", "tests/test_model.py", "tests/test_model_classes.py"],
    "_model/expressions": ["tests/test_type_expressions.py", "tests/test_codec.py"],
    "_model/timestamps": ["tests/test_timestamps.py"],
    "token_store": ["tests/test_token_store.py"],
    "_operation/reply": ["tests/test_reply.py", *faults("errors", "broken_answers", "secrets", "retry")],
    "_http/answers": ["tests/test_reply.py", *faults("errors", "broken_answers", "secrets", "retry")],
    "_http/decide": faults("decide", "transport_errors"),
    "_http/token": faults("token_limits", "tokens"),
    "_http/exchange": [
        *faults("transport", "transport_errors", "transport_tls", "retry", "errors", "broken_answers", "tokens"),
        *faults("cancel", "cancel_calls", "tls", "secrets", "whole_answers", "who_answers", "canaries"),
        "tests/test_client.py", "tests/test_proxies.py", "tests/test_streaming.py", "tests/test_own_headers.py",
    ],
    "_http/failures": [
        *faults("transport_errors", "transport_tls", "transport", "who_answers", "tls", "whole_answers", "secrets"),
        "tests/test_proxies.py",
    ],
    "_auth/tokens": [*faults("token_limits", "tokens", "tokens_grants", "cancel"), "tests/test_token_store.py"],
    **dict.fromkeys(
        ("_auth/grants", "_auth/login", "_auth/token_requests"),
        faults(
            "login", "login_grants", "grants_of_further_products", "tokens_grants", "tokens", "broken_answers",
            "secrets",
        ),
    ),
    "_auth/refusals": faults("login", "login_grants", "tokens_grants", "negotiation"),
    "listing": ["tests/test_paging.py", "tests/test_paging_edges.py", *faults("cancel_calls")],
    "_operation/walk": [
        "tests/test_paging.py", "tests/test_paging_edges.py", *faults("broken_answers", "cancel_calls"),
    ],
    "waiting": ["tests/test_waiting.py", "tests/test_waiting_edges.py", *faults("broken_answers", "cancel_calls")],
    "_work": ["tests/test_waiting.py", "tests/test_waiting_edges.py", *faults("broken_answers", "cancel_calls")],
    "_text": ["tests/test_texts.py", *faults("broken_answers", "errors", "secrets")],
    "_redact": ["tests/test_texts.py", *faults("secrets")],
    "_http/coding": [*faults("coding", "whole_answers", "broken_answers"), "tests/test_streaming.py"],
    "_http/bodies": faults("bodies", "whole_answers", "coding", "transport", "transport_errors", "broken_answers"),
    "_http/streamed": ["tests/test_streaming.py", *faults("bodies", "whole_answers", "transport", "broken_answers")],
    "_operation/media": faults("bodies", "whole_answers", "who_answers", "gateway"),
    "_operation/json_text": [
        "tests/test_json_text.py", *faults("coding", "broken_answers", "whole_answers"),
        "tests/test_large_json.py", "tests/test_answers_whole.py", "tests/test_paging_edges.py",
    ],
    "_operation/large_json": ["tests/test_large_json.py", *faults("coding")],
    "_http/_aiohttp": [
        *faults("aiohttp_seam", "connections", "transport", "transport_errors", "transport_tls", "tls", "cancel"),
        *faults("secrets", "whole_answers", "who_answers", "broken_answers"), "tests/test_injected_session.py",
        "tests/test_proxies.py", "tests/test_own_headers.py", "tests/test_client.py", "tests/test_streaming.py",
    ],
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
PYTEST = ["-x", "-q", "-p", "no:cacheprovider", "--tb", "no", *(f"-p{name}" for name in PLUGINS)]
# What the tests and the package stand on; not pytest's plugins, which pytest imports by its own means.
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
    seconds: float = 0.0

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
            f"survived {o['timeout']:3} timeouts  score {self.share:6.1%} in {self.seconds:4.0f} s"
        )


def not_evaluated(source: str) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Places of annotations, and of what only type checkers read."""
    places = []
    for node in ast.walk(ast.parse(source)):
        found: list[ast.expr | None] = []
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            found.append(node.returns)
            for decorator in node.decorator_list:
                what = ast.unparse(decorator)
                if what == "overload":
                    places.append(((decorator.lineno, 0), (node.body[-1].end_lineno or 0, 10_000)))
                elif what.startswith("dataclass_transform("):
                    places.append(((decorator.lineno, 0), (decorator.end_lineno or 0, 10_000)))
        elif isinstance(node, (ast.arg, ast.AnnAssign)):
            found.append(node.annotation)
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "TypeVar":
            found += [keyword.value for keyword in node.keywords]
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
    kept = pickle.dumps(tree)  # a mutation changes the tree, and parsing takes five times as long as this
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
                    changed: Any = MutationVisitor(occurrence, operator).walk(pickle.loads(kept))
                except AttributeError:
                    continue  # cosmic-ray cannot replace exceptions whose names have a dot
                code: str = changed.get_code()
                if "_Mul_" in name and multiplications(code) in (-1, products):
                    continue  # the star of a signature
                if code != source:
                    yield Mutant(name, occurrence, start[0], code)


# ------------------------------------------------------------------------------------------------------------ running


def statements(source: str) -> dict[int, range]:
    """For each line within a function, the lines of its statement, without the statements nested in that."""
    found: dict[int, range] = {}
    functions = (n for n in ast.walk(ast.parse(source)) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef)))
    for node in (node for function in functions for statement in function.body for node in ast.walk(statement)):
        first = node.pattern if isinstance(node, ast.match_case) else node
        if not isinstance(first, (ast.stmt, ast.excepthandler, ast.pattern)) or isinstance(node, ast.pattern):
            continue
        body = getattr(node, "body", None)
        end = max(first.lineno, body[0].lineno - 1) if body else first.end_lineno or first.lineno
        lines = range(first.lineno, end + 1)
        found.update(dict.fromkeys(lines, lines))
    return found


class Recorder:
    """A pytest plugin: which tests reach which line of a module, and how long each takes."""

    def __init__(self, source: Path) -> None:
        self.source = str(source)
        self.seconds: dict[str, float] = {}
        # Not sys.monitoring, which cannot distinguish tests.
        os.environ["COVERAGE_CORE"] = "ctrace"
        self.coverage = coverage.Coverage(data_file=None, config_file=False, include=[self.source])
        self.coverage.start()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Any:
        begun = time.monotonic()
        self.coverage.switch_context(item.nodeid)
        try:
            return (yield)
        finally:
            self.coverage.switch_context("")
            self.seconds[item.nodeid] = time.monotonic() - begun

    def save(self, path: Path) -> None:
        self.coverage.stop()
        reached = self.coverage.get_data().contexts_by_lineno(self.source)
        path.write_text(json.dumps({"seconds": self.seconds, "reached": reached}))


@attrs.define
class Reach:
    """What `Recorder` saw.

    Attributes:
        seconds: for each test.
        reached: line to tests; "" where it ran outside of tests.
        statements: line to the lines of its statement, where a function holds it.
    """

    seconds: dict[str, float]
    reached: dict[int, list[str]]
    statements: dict[int, range]

    @classmethod
    def load(cls, path: Path, source: str) -> Reach:
        data = json.loads(path.read_text())
        return cls(data["seconds"], {int(line): tests for line, tests in data["reached"].items()}, statements(source))

    def tests(self, line: int) -> list[str]:
        """The tests that may notice a change of a line, the quickest first."""
        own = self.statements.get(line)
        found = self.seconds if own is None else {test for at in own for test in self.reached.get(at, ()) if test}
        return sorted(found, key=self.seconds.__getitem__)


def rounds(tests: list[str], seconds: dict[str, float]) -> list[list[str]]:
    """The tests of a mutant in the order in which to run them: the quick ones of the file with most of them first."""
    quick = Counter(test.partition("::")[0] for test in tests if seconds[test] < QUICK)
    if len(quick) < 2:
        return [tests] if tests else []
    ((file, _),) = quick.most_common(1)
    first = [test for test in tests if test.startswith(f"{file}::") and seconds[test] < QUICK]
    chosen = set(first)
    return [first, [test for test in tests if test not in chosen]]


class Selected:
    """A pytest plugin: these tests alone, in this order."""

    def __init__(self, tests: list[str]) -> None:
        self.place = {test: place for place, test in enumerate(tests)}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        place = self.place
        items[:] = sorted((one for one in items if one.nodeid in place), key=lambda one: place[one.nodeid])


class Runner:
    """Runs tests in forks, in a copy of the tree."""

    def __init__(self, copy: Path) -> None:
        self.copy = copy
        self.output = copy / "mutate.out"
        self.reach = copy / "reach.json"

    def baseline(self, source: Path, files: list[str]) -> str:
        # With the bytecode of all else written, whatever the environment says, so that the forks need not compile it.
        sys.dont_write_bytecode = False
        try:
            outcome = self._run(files, 900, 900, source, None)
        finally:
            sys.dont_write_bytecode = True
        for compiled in source.parent.glob(f"__pycache__/{source.stem}.*.pyc"):
            compiled.unlink()
        return outcome

    def mutant(self, tests: list[str], seconds: dict[str, float]) -> str:
        """As `_run`, with these tests: those of one file first, as most mutants need no other, and files take time."""
        for some in rounds(tests, seconds):
            outcome = self._some(some, seconds)
            if outcome != "survived":
                return outcome
        return "survived"

    def _some(self, tests: list[str], seconds: dict[str, float]) -> str:
        files = sorted({test.partition("::")[0] for test in tests})
        each = max(seconds[test] for test in tests) * 5 + 5
        return self._run(files, each, sum(seconds[test] for test in tests) * 3 + 20, None, Selected(tests))

    def _run(self, files: list[str], each: float, limit: float, source: Path | None, selected: Selected | None) -> str:
        """`survived` where the tests pass, `killed` where they do not, or `timeout`."""
        sys.stdout.flush()
        child = os.fork()
        if not child:
            status = 3
            try:
                os.setsid()
                with open(self.output, "wb") as file:
                    os.dup2(file.fileno(), 1)
                    os.dup2(file.fileno(), 2)
                os.chdir(self.copy)
                os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
                sys.path.insert(0, str(self.copy))
                recorder = None if source is None else Recorder(source)
                plugins = [one for one in (recorder, selected) if one is not None]
                status = int(pytest.main([*PYTEST, "--timeout", str(each), *files], plugins))
                if recorder is not None:
                    recorder.save(self.reach)
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stdout.flush()
                os._exit(status)
        ends = time.monotonic() + limit
        done = status = 0
        try:
            while not done and time.monotonic() < ends:
                time.sleep(0.03)
                done, status = os.waitpid(child, os.WNOHANG)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child, signal.SIGKILL)  # and what it started
            if not done:
                os.waitpid(child, 0)
        if not done:
            return "timeout"
        if os.waitstatus_to_exitcode(status) == 0:
            return "survived"
        return "timeout" if b"+ Timeout +" in self.output.read_bytes() else "killed"


def mutate(module: str, copy: Path, options: argparse.Namespace) -> Score:
    path = copy / "veeam_async" / f"{module}.py"
    source = path.read_text()
    runner = Runner(copy)
    begun = time.monotonic()
    if runner.baseline(path, TESTS[module]) != "survived":
        raise SystemExit(f"the tests of {module} fail without any change:\n{runner.output.read_text()[-3000:]}")
    usual = time.monotonic() - begun
    reach = Reach.load(runner.reach, source)
    first, last = options.lines
    found = [one for one in mutants_of(source) if first <= one.line <= last]
    score = Score(module, len(found))
    if options.sample is not None and options.sample < len(found):
        found = random.Random(options.seed).sample(found, options.sample)
    print(f"{module}: {len(found)} of {score.mutants} mutants, {len(reach.seconds)} tests in {usual:.1f} s", flush=True)
    try:
        for mutant in sorted(found, key=lambda one: one.line):
            path.write_text(mutant.code)
            tests = reach.tests(mutant.line)
            outcome = runner.mutant(tests, reach.seconds)
            score.outcomes[outcome] += 1
            if outcome == "survived":
                score.survivors.append(shown(module, source, mutant))
            if options.verbose:
                by = re.findall(r"^(?:FAILED|ERROR) (\S+)", runner.output.read_text(errors="replace"), re.MULTILINE)
                what = f"{outcome:9} line {mutant.line} {mutant.operator}, {len(tests)} tests"
                print(f"  {what} {by[0] if by and outcome == 'killed' else ''}", flush=True)
    finally:
        path.write_text(source)
    score.seconds = time.monotonic() - begun
    return score


def shown(module: str, source: str, mutant: Mutant) -> str:
    name = f"veeam_async/{module}.py"
    lines = difflib.unified_diff(
        source.splitlines(), mutant.code.splitlines(), name, f"{name} {mutant.operator}", n=1, lineterm=""
    )
    return "\n".join(lines)


def lines(text: str) -> tuple[int, int]:
    first, _, last = text.partition("-")
    return int(first), int(last or first)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--module", action="append", choices=sorted(TESTS), help="only this one; may be repeated")
    parser.add_argument("--sample", type=int, metavar="N", help="N mutants of each module, drawn by chance")
    parser.add_argument("--lines", type=lines, default=(0, 1_000_000), metavar="A-B", help="only changes of these")
    parser.add_argument("--seed", type=int, default=1, help="of that chance")
    parser.add_argument("--verbose", action="store_true", help="one line for each mutant")
    options = parser.parse_args()
    if not hasattr(os, "fork"):
        raise SystemExit("this needs fork()")
    for name in IMPORTED_BEFORE:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    gc.freeze()  # no collection, here or in a fork, need look at all that again
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by SIGTERM"))  # not without cleaning up
    scores = []
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="veeam-mutate-") as folder:
        copy = Path(folder).resolve() / "tree"
        copy.mkdir()
        for part in ("veeam_async", "tests", "specs"):
            shutil.copytree(
                ROOT / part, copy / part, ignore=shutil.ignore_patterns("*.part", "node_modules", "__pycache__")
            )
        shutil.copy2(ROOT / "pyproject.toml", copy)
        for module in options.module or TESTS:
            score = mutate(module, copy, options)
            scores.append(score)
            print("\n".join([*score.survivors, str(score)]), flush=True)
    print("\n" + "\n".join(map(str, scores)))
    tried = sum(score.tried for score in scores)
    survived = sum(score.outcomes["survived"] for score in scores)
    share = (tried - survived) / max(1, tried)
    print(f"all: {tried} tried, {survived} survived, score {share:.1%}, {time.monotonic() - begun:.0f} s")
    report = {
        "score": share,
        "modules": {score.module: {"score": score.share, **attrs.asdict(score)} for score in scores},
    }
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(report, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
