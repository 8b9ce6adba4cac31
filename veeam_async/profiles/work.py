"""What long work looks like in a product's API: where its state is read, which words end it, where its log is."""

from typing import NamedTuple


class LongWork(NamedTuple):
    """One kind of long work: where its state is polled and how its words are read.

    Names of fields are wire names; a dot leads into an object (`result.result`). Words are in lower case. In paths
    `{revision}` is the revision's name, `{id}` the work's id, any other placeholder the answer's field of that name.

    Attributes:
        kind: what people call it.
        model: the revision's model of the work.
        path: where it is polled.
        status: field that says whether it still runs.
        running: words of `status` under which it still runs. A word in neither set is taken for running.
        done: words of `status` that end it.
        result: fields that may say how it ended, best first.
        failed: words of `result` that make `SessionFailed`.
        ids: fields that hold the id in an answer that is something else, best first.
        marks: an answer with all fields of one of these sets is the work itself, its id in `id`.
        family: models whose names begin so are the work itself too; empty for none.
        method: by which method; one product asks by POST.
        within: field of the answer that holds the work; empty where the answer is the work itself.
        ended: field with the time of its end, or None. With an unknown word in `status` it says that it has ended.
        canceled: words of `result` that say it was cancelled; these make `SessionFailed` too.
        canceled_flag: a flag that says the same, or None.
        message: fields that may hold the message of a failure, best first.
        percent: field with the progress, 0 to 100, or None.
        log_path: GET for the log, or None.
        log_rows: field of the log's answer that holds the lines.
        log_line: fields of a line that may hold its text; all that are there are joined.
        log_status: field of a line that says how that step went.
        result_path: GET for what the call would have answered at once; None where the work itself is the result. A call
            that is answered with such work waits for it by itself.
        stop_path: asks the appliance to stop it, or None.
        stop_method: by which method.
    """

    kind: str
    model: str
    path: str
    status: str
    running: frozenset[str]
    done: frozenset[str]
    result: tuple[str, ...]
    failed: frozenset[str]
    ids: tuple[str, ...] = ()
    marks: tuple[frozenset[str], ...] = ()
    family: str = ""
    method: str = "GET"
    within: str = ""
    ended: str | None = None
    canceled: frozenset[str] = frozenset({"canceled", "cancelled"})
    canceled_flag: str | None = None
    message: tuple[str, ...] = ()
    percent: str | None = None
    log_path: str | None = None
    log_rows: str = "log"
    log_line: tuple[str, ...] = ("message",)
    log_status: str = "status"
    result_path: str | None = None
    stop_path: str | None = None
    stop_method: str = "POST"
